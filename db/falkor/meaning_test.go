package falkor

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/db/falkor/falkortest"
	"zapomni/memory"
)

// piecesOf makes a memory of so many chunks.
func piecesOf(chunks int) memory.Memory {
	m := noteOf("default", strings.Repeat("some words ", chunks))
	m.Chunks = nil
	for i := range chunks {
		m.Chunks = append(m.Chunks, memory.Chunk{Start: 11 * i, End: 11*i + 10})
	}
	return m
}

// waiting lists the chunks that wait, in pages of n.
func waiting(t *testing.T, s *Store, w memory.Workspace, n int) []memory.Unembedded {
	t.Helper()
	var all []memory.Unembedded
	for cursor := memory.Cursor(""); ; {
		page, next, err := s.Unembedded(t.Context(), w, cursor, n)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page), n)
		all = append(all, page...)
		if next == "" {
			return all
		}
		require.NotEmpty(t, page)
		require.NotEqual(t, cursor, next)
		cursor = next
	}
}

// vectorsFor makes a vector of length n for each of some chunks.
func vectorsFor(random *rand.Rand, chunks []memory.Unembedded, n int) []memory.Attachment {
	all := make([]memory.Attachment, len(chunks))
	for i, c := range chunks {
		all[i] = memory.Attachment{Ref: c.Ref, Vector: randomVector(random, n)}
	}
	return all
}

// attachAll gives all that wait a vector, in batches of 32.
func attachAll(t *testing.T, s *Store, w memory.Workspace, model string, random *rand.Rand, n int) {
	t.Helper()
	for batch := range slices.Chunk(waiting(t, s, w, 100), 32) {
		require.NoError(t, s.Attach(t.Context(), w, model, vectorsFor(random, batch, n)))
	}
}

// requireSound checks that the counters of a graph say what is there, and that
// exactly those memories wait of which a chunk has no vector.
func requireSound(t *testing.T, s *Store, graph string) {
	t.Helper()
	row := raw(t, s, graph, `
MATCH (s:Store)
OPTIONAL MATCH (m:Memory) WHERE m.place IS NOT NULL
WITH s, count(m) AS memories
OPTIONAL MATCH (:Memory)-[:HAS_CHUNK]->(c:Chunk)
WITH s, memories, count(c) AS chunks
OPTIONAL MATCH (c:Chunk)-[:HAS_VECTOR]->(v)
WITH s, memories, chunks, count(v) AS vectors, count(DISTINCT c) AS embedded
RETURN s.sweep AS sweep, s.memories - memories AS memories, s.chunks - chunks AS chunks, s.vectors - vectors AS vectors, vectors - embedded AS twice`).Row(0)
	require.True(t, row.Get("sweep").IsNull(), "nothing is left to sweep")
	for _, counter := range []string{"memories", "chunks", "vectors", "twice"} {
		require.Zero(t, row.Get(counter).Int(), counter)
	}
	wrong := raw(t, s, graph, `
MATCH (m:Memory)-[:HAS_CHUNK]->(c:Chunk)
OPTIONAL MATCH (c)-[:HAS_VECTOR]->(v)
WITH m, count(c) AS chunks, count(v) AS vectors
WITH m, (vectors < chunks) AS lacks
OPTIONAL MATCH (w:Waiting {first: m.first})
WITH m, lacks, count(w) AS marks
WHERE lacks AND marks <> 1 OR NOT lacks AND marks > 0
RETURN count(m) AS memories`)
	require.Zero(t, wrong.Row(0).Get("memories").Int(), "waits and lacks are the same")
	wrong = raw(t, s, graph, `
MATCH (w:Waiting)
OPTIONAL MATCH (m:Memory)-[:HAS_CHUNK]->(:Chunk {ref: toString(w.first)})
WITH w, count(m) AS memories WHERE memories <> 1
RETURN count(w) AS marks`)
	require.Zero(t, wrong.Row(0).Get("marks").Int(), "what waits is there")
}

func TestAttachedVectorsLeaveNoGhosts(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	random := rand.New(rand.NewPCG(5, 6))
	for range 30 {
		require.NoError(t, s.Put(t.Context(), piecesOf(50)))
	}
	all := waiting(t, s, "default", 400)
	require.Len(t, all, 1500)
	attachAll(t, s, "default", "m", random, 16)
	require.Empty(t, waiting(t, s, "default", 10))
	requireSound(t, s, s.graph)
	gauge := raw(t, s, s.graph, "CALL db.indexes() YIELD label, info WHERE label STARTS WITH 'Vector' RETURN info.numDocuments AS live, info.maxDocId AS used")
	require.Equal(t, 1, gauge.Len())
	require.Equal(t, int64(1500), gauge.Row(0).Get("live").Int())
	require.Equal(t, int64(1500), gauge.Row(0).Get("used").Int(), "a vector more than there are would be a ghost")

	refs := make([]memory.Ref, len(all))
	for i, c := range all {
		refs[i] = c.Ref
	}
	hits := 0
	for range 20 {
		q := memory.VectorQuery{Model: "m", Vector: randomVector(random, 16)}
		near, err := s.Nearest(t.Context(), "default", q, 10)
		require.NoError(t, err)
		require.Len(t, near, 10)
		exact, err := s.Similar(t.Context(), "default", q, refs)
		require.NoError(t, err)
		require.Len(t, exact, len(refs))
		slices.SortFunc(exact, func(a, b memory.Near) int { return int(1e9 * (b.Similarity - a.Similarity)) })
		for _, n := range near {
			if slices.ContainsFunc(exact[:10], func(e memory.Near) bool { return e.Ref == n.Ref }) {
				hits++
			}
		}
	}
	require.GreaterOrEqual(t, hits, 190, "of 200 true neighbors")
}

func TestMeaningIsSoundWhenEachWriteIsSentTwice(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	s.querier = twice{s.querier}
	random := rand.New(rand.NewPCG(4, 4))
	for i := range 3 {
		m := piecesOf(70)
		require.NoError(t, s.Put(t.Context(), m))
		attachAll(t, s, "default", "m", random, 3)
		requireSound(t, s, s.graph)
		if i == 1 {
			require.NoError(t, s.Detach(t.Context(), "default"))
			require.Len(t, waiting(t, s, "default", 50), 140)
			requireSound(t, s, s.graph)
		}
		require.NoError(t, s.Put(t.Context(), m))
	}
	e, err := s.Embedding(t.Context(), "default")
	require.NoError(t, err)
	require.Equal(t, memory.Embedding{Model: "m", Dimensions: 3, Chunks: 210, Embedded: 140}, e)
}

// Three processes with models of their own all attach, detach, put and delete.
func TestMeaningIsSoundWhateverIsDoneAtOnce(t *testing.T) {
	t.Parallel()
	c := configFor(t, falkortest.Shared(t))
	ctx := t.Context()
	end := time.Now().Add(3 * time.Second)
	var group sync.WaitGroup
	for i := range 3 {
		s := openAt(t, c)
		random := rand.New(rand.NewPCG(uint64(i), 3))
		run := func(do func() error) {
			group.Go(func() {
				for time.Now().Before(end) {
					err := do()
					if err != nil && !errors.Is(err, memory.ErrConflict) && !errors.Is(err, memory.ErrUnavailable) {
						t.Error(err)
					}
				}
			})
		}
		run(func() error {
			m := piecesOf(1 + random.IntN(40))
			err := s.Put(ctx, m)
			if err == nil && random.IntN(2) == 0 {
				err = s.Delete(ctx, "default", m.ID)
			}
			return err
		})
		own := rand.New(rand.NewPCG(uint64(i), 4))
		run(func() error {
			page, _, err := s.Unembedded(ctx, "default", "", 32)
			if err != nil || len(page) == 0 {
				return err
			}
			return s.Attach(ctx, "default", fmt.Sprint("model ", i), vectorsFor(own, page, 3+i))
		})
		turn := 0
		run(func() error {
			if turn++; turn%20 == 0 {
				return s.Detach(ctx, "default")
			}
			_, err := s.Nearest(ctx, "default", memory.VectorQuery{Model: fmt.Sprint("model ", i), Vector: make([]float32, 3+i, 9)[:3+i]}, 9)
			return unless(err, memory.ErrInvalid)
		})
	}
	group.Wait()
	s := openAt(t, c)
	waiting(t, s, "default", 500) // finishes what was cut off
	requireSound(t, s, s.graph)
}
