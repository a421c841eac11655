package falkor

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/db/falkor/cypher"
	"zapomni/db/falkor/falkortest"
	"zapomni/memory"
)

func TestEachSpaceHasAnIndexAndLeavesNone(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	random := rand.New(rand.NewPCG(9, 9))
	require.NoError(t, s.Put(t.Context(), piecesOf(40)))
	for i := range 4 {
		attachAll(t, s, "default", fmt.Sprint("model ", i), random, 4+i)
		found := raw(t, s, s.graph, "CALL db.indexes() YIELD label WHERE label STARTS WITH 'Vector' RETURN count(label) AS n")
		require.Equal(t, int64(1), found.Row(0).Get("n").Int())
		e, err := s.Embedding(t.Context(), "default")
		require.NoError(t, err)
		require.Equal(t, memory.Embedding{Model: fmt.Sprint("model ", i), Dimensions: 4 + i, Chunks: 40, Embedded: 40}, e)
		require.NoError(t, s.Detach(t.Context(), "default"))
		requireSound(t, s, s.graph)
	}
	left := raw(t, s, s.graph, "MATCH (n) WHERE NOT (n:Store OR n:Memory OR n:Chunk OR n:Workspace OR n:Waiting) RETURN count(n) AS n")
	require.Zero(t, left.Row(0).Get("n").Int())
}

var errCut = errors.New("cut off")

// cut lets so many writes through and then none, as when the process dies.
type cut struct {
	querier

	left int
}

func (q *cut) Query(ctx context.Context, s Statement) (Result, error) {
	if s.Effect == Repeatable {
		if q.left--; q.left < 0 {
			return Result{}, errCut
		}
	}
	return q.querier.Query(ctx, s)
}

// A Detach that dies leaves nothing of the old vectors to see, and whoever
// needs it done finishes it.
func TestDetachThatWasCutOffIsFinishedByOthers(t *testing.T) {
	t.Parallel()
	chunks := 2*swept + 100
	finish := map[string]func(*testing.T, *Store){
		"another Detach": func(t *testing.T, s *Store) {
			t.Helper()
			require.NoError(t, s.Detach(t.Context(), "default"))
		},
		"Unembedded": func(t *testing.T, s *Store) {
			t.Helper()
			require.Len(t, waiting(t, s, "default", 1000), chunks)
		},
		"Attach of another model": func(t *testing.T, s *Store) {
			t.Helper()
			require.NoError(t, s.Attach(t.Context(), "default", "new", []memory.Attachment{{Ref: "1", Vector: []float32{1, 2, 3}}}))
		},
	}
	for name, finish := range finish {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := configFor(t, falkortest.Shared(t))
			dying := openAt(t, c)
			m := piecesOf(chunks)
			random := rand.New(rand.NewPCG(1, 1))
			m.Model = "old"
			for i := range m.Chunks {
				m.Chunks[i].Vector = randomVector(random, 3)
			}
			require.NoError(t, dying.Put(t.Context(), m))
			dying.querier = &cut{dying.querier, 2} // leaves the space, and sweeps once
			require.ErrorIs(t, dying.Detach(t.Context(), "default"), errCut)

			s := openAt(t, c)
			e, err := s.Embedding(t.Context(), "default")
			require.NoError(t, err)
			require.Equal(t, memory.Embedding{Chunks: chunks}, e)
			got, err := s.Get(t.Context(), "default", m.ID)
			require.NoError(t, err)
			require.Empty(t, got.Model)
			require.Nil(t, got.Chunks[chunks-1].Vector)
			near, err := s.Nearest(t.Context(), "default", memory.VectorQuery{Model: "old", Vector: []float32{1, 1, 1}}, 9)
			require.NoError(t, err)
			require.Empty(t, near)

			finish(t, s)
			requireSound(t, s, s.graph)
			require.Len(t, waiting(t, s, "default", 1000), chunks)
		})
	}
}

// FalkorDB has been seen to lose relationships.
func TestVectorsThatBelongToNothingAreSweptWithTheOthers(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	m := piecesOf(swept)
	m.Model = "old"
	random := rand.New(rand.NewPCG(1, 1))
	for i := range m.Chunks {
		m.Chunks[i].Vector = randomVector(random, 3)
	}
	lost := raw(t, s, s.graph, "MATCH (s:Store) RETURN s.space AS space").Row(0).Get("space").Int()
	raw(t, s, s.graph, fmt.Sprintf("UNWIND range(1, $n) AS i CREATE (:Vector%d {num: i})", lost), cypher.P("n", 2*swept))
	require.NoError(t, s.Put(t.Context(), m))
	require.NoError(t, s.Detach(t.Context(), "default"))
	requireSound(t, s, s.graph)
	require.Len(t, waiting(t, s, "default", 1000), swept)
	require.Zero(t, raw(t, s, s.graph, fmt.Sprintf("MATCH (v:Vector%d) RETURN count(v) AS n", lost)).Row(0).Get("n").Int())
}

// A memory may be replaced or deleted between two steps of a sweep.
func TestMemoriesChangeWhileTheirVectorsAreSwept(t *testing.T) {
	t.Parallel()
	c := configFor(t, falkortest.Shared(t))
	s := openAt(t, c)
	random := rand.New(rand.NewPCG(2, 1))
	var all []memory.Memory
	for range 3 {
		m := piecesOf(swept / 2)
		m.Model = "old"
		for i := range m.Chunks {
			m.Chunks[i].Vector = randomVector(random, 3)
		}
		require.NoError(t, s.Put(t.Context(), m))
		all = append(all, m)
	}
	dying := openAt(t, c)
	dying.querier = &cut{dying.querier, 1}
	require.ErrorIs(t, dying.Detach(t.Context(), "default"), errCut)
	require.NoError(t, s.Delete(t.Context(), "default", all[0].ID))
	require.NoError(t, s.Put(t.Context(), piecesOf(5)))
	all[1].Chunks = all[1].Chunks[:10]
	for i := range all[1].Chunks {
		all[1].Chunks[i].Vector = nil
	}
	require.NoError(t, s.Put(t.Context(), all[1]))
	all[2].Model = "new"
	require.NoError(t, s.Put(t.Context(), all[2]), "which finishes the sweep")
	requireSound(t, s, s.graph)
	e, err := s.Embedding(t.Context(), "default")
	require.NoError(t, err)
	require.Equal(t, memory.Embedding{Model: "new", Dimensions: 3, Chunks: swept/2 + 15, Embedded: swept / 2}, e)
}
