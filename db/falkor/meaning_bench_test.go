package falkor

import (
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/db/falkor/falkortest"
	"zapomni/memory"
)

// The stage of the benchmarks: so many vectors, of a common length, four to a
// memory.
const (
	stageVectors   = 10_000
	stageDimension = 384
)

// stage is a store with vectors.
type stage struct {
	*Store

	b      *testing.B
	random *rand.Rand
	chunks []memory.Unembedded
}

func newStage(b *testing.B) *stage {
	b.Helper()
	server := falkortest.Start(b)
	c := Defaults()
	c.URL, c.Graph = Secret(server.URL()), "bench"
	s, err := Open(b.Context(), c, slog.New(slog.DiscardHandler))
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, s.Close()) })
	st := &stage{Store: s, b: b, random: rand.New(rand.NewPCG(1, 2))}
	st.chunks = st.grow(stageVectors)
	st.fill()
	return st
}

// grow puts so many chunks, and lists those that wait.
func (s *stage) grow(chunks int) []memory.Unembedded {
	s.b.Helper()
	for range chunks / 4 {
		require.NoError(s.b, s.Put(s.b.Context(), piecesOf(4)))
	}
	var all []memory.Unembedded
	for cursor := memory.Cursor(""); ; {
		page, next, err := s.Unembedded(s.b.Context(), "default", cursor, 1000)
		require.NoError(s.b, err)
		all = append(all, page...)
		if cursor = next; next == "" {
			return all
		}
	}
}

func (s *stage) attach(chunks []memory.Unembedded) {
	s.b.Helper()
	require.NoError(s.b, s.Attach(s.b.Context(), "default", "m", vectorsFor(s.random, chunks, stageDimension)))
}

// fill gives all that wait a vector.
func (s *stage) fill() {
	s.b.Helper()
	for batch := range slices.Chunk(s.grow(0), 32) {
		s.attach(batch)
	}
}

func (s *stage) question() memory.VectorQuery {
	return memory.VectorQuery{Model: "m", Vector: randomVector(s.random, stageDimension)}
}

// BenchmarkMeaning asks and adds vectors, one caller at a time, and reports the
// median of the calls.
func BenchmarkMeaning(b *testing.B) {
	s := newStage(b)
	refs := make([]memory.Ref, 160)
	for i := range refs {
		refs[i] = s.chunks[s.random.IntN(len(s.chunks))].Ref
	}
	b.Run("nearest 150", func(b *testing.B) {
		median(b, func() {
			near, err := s.Nearest(b.Context(), "default", s.question(), 150)
			require.NoError(b, err)
			require.Len(b, near, 150)
		})
	})
	b.Run("similar 160", func(b *testing.B) {
		median(b, func() {
			near, err := s.Similar(b.Context(), "default", s.question(), refs)
			require.NoError(b, err)
			require.NotEmpty(b, near)
		})
	})
	b.Run("unembedded, nothing waits", func(b *testing.B) {
		median(b, func() {
			page, _, err := s.Unembedded(b.Context(), "default", "", 32)
			require.NoError(b, err)
			require.Empty(b, page)
		})
	})
	b.Run("attach 32", func(b *testing.B) {
		more := s.grow(32 * b.N)
		median(b, func() {
			s.attach(more[:32])
			more = more[32:]
		})
	})
}

// BenchmarkDetach forgets all vectors, and asks then for those that wait.
func BenchmarkDetach(b *testing.B) {
	s := newStage(b)
	b.Run("detach 10000", func(b *testing.B) {
		for b.Loop() {
			require.NoError(b, s.Detach(b.Context(), "default"))
			b.StopTimer()
			s.fill()
			b.StartTimer()
		}
	})
	b.Run("unembedded, all wait", func(b *testing.B) {
		require.NoError(b, s.Detach(b.Context(), "default"))
		median(b, func() {
			page, _, err := s.Unembedded(b.Context(), "default", "", 32)
			require.NoError(b, err)
			require.Len(b, page, 32)
		})
	})
}

// median reports the median time of a call.
func median(b *testing.B, call func()) {
	b.Helper()
	times := make([]time.Duration, 0, b.N)
	for range b.N {
		start := time.Now()
		call()
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(0, "ns/op")
}
