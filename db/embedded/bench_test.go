package embedded

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

// corpus makes texts of about 400 characters out of 50,000 made-up words, the
// n-th of which is n times as rare as the first. The same seed gives the same
// texts.
type corpus struct {
	random *rand.Rand
	sums   []float64 // of the frequencies of the words so far
	clock  time.Time
}

// firstTime is that of a corpus; a minute passes, more or less, from one
// memory to the next.
var firstTime = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

func newCorpus(seed uint64) *corpus {
	c := &corpus{random: rand.New(rand.NewPCG(seed, 1)), clock: firstTime}
	sum := 0.0
	for i := range 50_000 {
		sum += 1 / float64(i+1)
		c.sums = append(c.sums, sum)
	}
	return c
}

// madeUp is the n-th word.
func madeUp(n int) string {
	const consonants, vowels = "bdfgklmnprtvz", "aou"
	var b strings.Builder
	for n += 1000; n > 0; n /= 39 {
		b.WriteByte(consonants[n%39/3])
		b.WriteByte(vowels[n%3])
	}
	return b.String()
}

func (c *corpus) memory() memory.Memory {
	var b strings.Builder
	for b.Len() < 400 {
		n, _ := slices.BinarySearch(c.sums, c.random.Float64()*c.sums[len(c.sums)-1])
		b.WriteString(madeUp(n) + " ")
	}
	text := strings.TrimSpace(b.String())
	c.clock = c.clock.Add(time.Duration(c.random.Int64N(int64(2 * time.Minute)))).Truncate(time.Microsecond)
	return memory.Memory{
		ID: memory.NewID(), Workspace: memory.DefaultWorkspace, Text: text, CreatedAt: c.clock, ValidFrom: c.clock,
		Source: fmt.Sprintf("source %d", c.random.IntN(100)),
		Chunks: []memory.Chunk{{Start: 0, End: len(text)}},
	}
}

// fill puts n memories by several callers at once.
func fill(tb testing.TB, s *Store, n int) {
	tb.Helper()
	fillWith(tb, s, n, asItIs)
}

func asItIs(m memory.Memory, _ *rand.Rand) memory.Memory { return m }

// embedded384 gives a memory vectors as long as those of a small model.
func embedded384(m memory.Memory, random *rand.Rand) memory.Memory { return embed(m, random, 384) }

// fillWith puts n memories, each of them as change makes it.
func fillWith(tb testing.TB, s *Store, n int, change func(memory.Memory, *rand.Rand) memory.Memory) {
	tb.Helper()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			c := newCorpus(uint64(i))
			for range n / 8 {
				if err := s.Put(tb.Context(), change(c.memory(), c.random)); err != nil {
					tb.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func openBench(b *testing.B) *Store {
	b.Helper()
	s, err := Open(b.Context(), configFor(filepath.Join(b.TempDir(), "zapomni.db")), slog.New(slog.DiscardHandler))
	require.NoError(b, err)
	return s
}

// forSizes runs the benchmarks on stores that are filled once.
func forSizes(b *testing.B, run func(b *testing.B, s *Store)) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		s := openBench(b)
		fill(b, s, n)
		b.Run(fmt.Sprintf("memories=%d", n), func(b *testing.B) { run(b, s) })
		require.NoError(b, s.Close())
	}
}

func BenchmarkPut(b *testing.B) {
	for _, sync := range []string{SyncNormal, SyncFull} {
		for _, callers := range []int{1, 8} {
			for _, held := range []int{1_000, 10_000, 100_000} {
				if sync == SyncFull && held > 1_000 {
					continue
				}
				b.Run(fmt.Sprintf("sync=%s/callers=%d/memories=%d", sync, callers, held), func(b *testing.B) {
					c := configFor(filepath.Join(b.TempDir(), "zapomni.db"))
					c.Sync = sync
					s, err := Open(b.Context(), c, slog.New(slog.DiscardHandler))
					require.NoError(b, err)
					fill(b, s, held)
					putFrom(b, s, callers, asItIs)
					require.NoError(b, s.Close())
				})
			}
		}
	}
}

func BenchmarkPutWithVectors(b *testing.B) {
	for _, callers := range []int{1, 8} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			s := openBench(b)
			fillWith(b, s, 1_000, embedded384)
			putFrom(b, s, callers, embedded384)
			require.NoError(b, s.Close())
		})
	}
}

// putFrom measures b.N puts by so many callers, of memories that change makes.
func putFrom(b *testing.B, s *Store, callers int, change func(memory.Memory, *rand.Rand) memory.Memory) {
	ready := make([]memory.Memory, b.N)
	c := newCorpus(99)
	for i := range ready {
		ready[i] = change(c.memory(), c.random)
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for range callers {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(b.N); i = next.Add(1) - 1 {
				if err := s.Put(b.Context(), ready[i]); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "puts/s")
}

// questions are sets of words by their place in the order of frequency.
func questions() [][]int {
	return [][]int{
		{5000, 9000, 20000},
		{800, 2000, 5000},
		{100, 3000, 5000},
		{100, 120, 150},
		{300, 400, 500, 600, 700, 800, 900, 1000},
		{100, 101, 102, 103, 104, 105, 106, 107},
		{0, 1, 2, 3, 4, 5, 6, 7},
	}
}

func termsOf(question []int) []string {
	var terms []string
	for _, n := range question {
		terms = append(terms, (&Store{}).analyzer.Terms(madeUp(n))...)
	}
	return terms
}

func BenchmarkMatching(b *testing.B) {
	forSizes(b, func(b *testing.B, s *Store) {
		c, err := s.Counts(b.Context(), memory.DefaultWorkspace)
		require.NoError(b, err)
		filters := map[string]memory.Filter{
			"none": {}, "1%": {Source: "source 7"}, "half": {From: c.Oldest.Add(c.Newest.Sub(c.Oldest) / 2)},
		}
		for _, question := range questions() {
			terms := termsOf(question)
			f, err := s.Frequencies(b.Context(), memory.DefaultWorkspace, terms)
			require.NoError(b, err)
			total := 0
			for _, n := range f.With {
				total += n
			}
			for name, filter := range filters {
				q := memory.TermQuery{Terms: terms, Filter: filter}
				b.Run(fmt.Sprintf("terms=%d/with=%d/filter=%s", len(terms), total, name), func(b *testing.B) {
					for b.Loop() {
						_, err := s.Matching(b.Context(), memory.DefaultWorkspace, q, 200)
						require.NoError(b, err)
					}
				})
			}
		}
	})
}

func BenchmarkFrequencies(b *testing.B) {
	forSizes(b, func(b *testing.B, s *Store) {
		for _, question := range questions() {
			terms := termsOf(question)
			b.Run(fmt.Sprintf("terms=%d/first=%d", len(terms), question[0]), func(b *testing.B) {
				for b.Loop() {
					s.cache = termCache{}
					_, err := s.Frequencies(b.Context(), memory.DefaultWorkspace, terms)
					require.NoError(b, err)
				}
			})
		}
	})
}

func BenchmarkReading(b *testing.B) {
	forSizes(b, func(b *testing.B, s *Store) {
		refs, err := s.Matching(b.Context(), memory.DefaultWorkspace, memory.TermQuery{Terms: termsOf([]int{50})}, 200)
		require.NoError(b, err)
		passages, err := s.Passages(b.Context(), memory.DefaultWorkspace, refs)
		require.NoError(b, err)
		ids := make([]memory.ID, 0, len(passages))
		for _, p := range passages {
			ids = append(ids, p.Memory)
		}
		b.Run(fmt.Sprintf("passages=%d", len(refs)), func(b *testing.B) {
			for b.Loop() {
				_, err := s.Passages(b.Context(), memory.DefaultWorkspace, refs)
				require.NoError(b, err)
			}
		})
		b.Run("around=30", func(b *testing.B) {
			for b.Loop() {
				_, err := s.Around(b.Context(), memory.DefaultWorkspace, ids[:30], 2)
				require.NoError(b, err)
			}
		})
		b.Run("get", func(b *testing.B) {
			for b.Loop() {
				_, err := s.Get(b.Context(), memory.DefaultWorkspace, ids[0])
				require.NoError(b, err)
			}
		})
		b.Run("counts", func(b *testing.B) {
			for b.Loop() {
				_, err := s.Counts(b.Context(), memory.DefaultWorkspace)
				require.NoError(b, err)
			}
		})
		b.Run("open", func(b *testing.B) {
			for b.Loop() {
				again, err := Open(b.Context(), configFor(s.path), slog.New(slog.DiscardHandler))
				require.NoError(b, err)
				require.NoError(b, again.Close())
			}
		})
	})
}

// sizes are the numbers of vectors to measure with. A million takes minutes to
// make, and is measured if ZAPOMNI_BENCH_MILLION is set.
func sizes() []int {
	if os.Getenv("ZAPOMNI_BENCH_MILLION") != "" {
		return []int{1_000_000}
	}
	return []int{10_000, 100_000}
}

// filledWithVectors is a store with n chunks, ten to a memory, each with a vector
// of 384 numbers.
func filledWithVectors(b *testing.B, n int) (*Store, *topics) {
	b.Helper()
	s, topics := openBench(b), newTopics(uint64(n), 200, 384)
	s.testing.Store(true) // no self-test beside what is measured
	c := newCorpus(1)
	for ; n > 0; n -= 10 {
		m := c.memory()
		m.Model, m.Chunks = "model", nil
		for i := range 10 {
			m.Chunks = append(m.Chunks, memory.Chunk{Start: 39 * i, End: 39*i + 39, Vector: topics.vector()})
		}
		require.NoError(b, s.Put(b.Context(), m))
	}
	return s, topics
}

func BenchmarkNearest(b *testing.B) {
	for _, n := range sizes() {
		s, topics := filledWithVectors(b, n)
		c, err := s.Counts(b.Context(), memory.DefaultWorkspace)
		require.NoError(b, err)
		for name, f := range map[string]memory.Filter{
			"none": {}, "1%": {Source: "source 7"}, "half": {From: c.Oldest.Add(c.Newest.Sub(c.Oldest) / 2)},
			"last 1%": {From: c.Newest.Add(-c.Newest.Sub(c.Oldest) / 100)},
		} {
			b.Run(fmt.Sprintf("vectors=%d/filter=%s", n, name), func(b *testing.B) {
				for b.Loop() {
					q := memory.VectorQuery{Model: "model", Vector: topics.vector(), Filter: f}
					_, err := s.Nearest(b.Context(), memory.DefaultWorkspace, q, 200)
					require.NoError(b, err)
				}
			})
		}
		q := memory.VectorQuery{Model: "model", Vector: topics.vector()}
		b.Run(fmt.Sprintf("vectors=%d/first", n), func(b *testing.B) {
			for b.Loop() {
				s.codes.forget(memory.DefaultWorkspace)
				_, err := s.Nearest(b.Context(), memory.DefaultWorkspace, q, 200)
				require.NoError(b, err)
			}
		})
		b.Run(fmt.Sprintf("vectors=%d/after a put", n), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				m := embedded384(newCorpus(3).memory(), topics.random)
				m.Model = "model"
				require.NoError(b, s.Put(b.Context(), m))
				b.StartTimer()
				_, err := s.Nearest(b.Context(), memory.DefaultWorkspace, q, 200)
				require.NoError(b, err)
			}
		})
		found, err := s.Nearest(b.Context(), memory.DefaultWorkspace, q, 200)
		require.NoError(b, err)
		var refs []memory.Ref
		for _, near := range found {
			refs = append(refs, near.Ref)
		}
		b.Run(fmt.Sprintf("vectors=%d/similar", n), func(b *testing.B) {
			for b.Loop() {
				_, err := s.Similar(b.Context(), memory.DefaultWorkspace, q, refs)
				require.NoError(b, err)
			}
		})
		b.Run(fmt.Sprintf("vectors=%d/self-test", n), func(b *testing.B) {
			for b.Loop() {
				require.NoError(b, s.selfTest(b.Context(), memory.DefaultWorkspace))
			}
		})
		require.NoError(b, s.Close())
	}
}

// BenchmarkEmbedding measures what a queue does: it asks for what waits, and
// attaches 32 vectors at a time. Each round ends with Detach, which is measured
// apart.
func BenchmarkEmbedding(b *testing.B) {
	for _, n := range sizes() {
		s, topics := filledWithVectors(b, n)
		b.Run(fmt.Sprintf("vectors=%d/unembedded", n), func(b *testing.B) {
			require.NoError(b, s.Put(b.Context(), newCorpus(2).memory()))
			for b.Loop() {
				waiting, _, err := s.Unembedded(b.Context(), memory.DefaultWorkspace, "", 32)
				require.NoError(b, err)
				require.NotEmpty(b, waiting)
			}
		})
		start := time.Now()
		require.NoError(b, s.Detach(b.Context(), memory.DefaultWorkspace))
		detached := time.Since(start)
		b.Run(fmt.Sprintf("vectors=%d/attach=32", n), func(b *testing.B) {
			done := 0
			for after := memory.Cursor(""); b.Loop(); done++ {
				waiting, next, err := s.Unembedded(b.Context(), memory.DefaultWorkspace, after, 32)
				require.NoError(b, err)
				var vectors []memory.Attachment
				for _, u := range waiting {
					vectors = append(vectors, memory.Attachment{Ref: u.Ref, Vector: topics.vector()})
				}
				require.NoError(b, s.Attach(b.Context(), memory.DefaultWorkspace, "model", vectors))
				if after = next; after == "" {
					require.NoError(b, s.Detach(b.Context(), memory.DefaultWorkspace))
				}
			}
			b.ReportMetric(32*float64(done)/b.Elapsed().Seconds(), "vectors/s")
			b.ReportMetric(detached.Seconds(), "detach-s")
		})
		require.NoError(b, s.Close())
	}
}
