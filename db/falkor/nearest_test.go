package falkor

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

// counting counts the statements that have a text in them.
type counting struct {
	querier

	text string
	n    *atomic.Int64
}

func (q counting) Query(ctx context.Context, s Statement) (Result, error) {
	if strings.Contains(s.Text, q.text) {
		q.n.Add(1)
	}
	return q.querier.Query(ctx, s)
}

// nearPlace makes a vector around one place.
func nearPlace(random *rand.Rand, n int) []float32 {
	v := randomVector(random, n)
	for i := range v {
		v[i] *= 0.01
	}
	v[0]++
	return v
}

// A memory that is replaced again and again leaves its ghosts all in one place.
func TestNearestIsRightAmongGhostsAndSoonGivesUpOnThem(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	random := rand.New(rand.NewPCG(8, 8))
	for range 30 {
		m := piecesOf(50)
		for i := range m.Chunks {
			m.Chunks[i].Vector = randomVector(random, 8)
		}
		require.NoError(t, s.Put(t.Context(), m))
	}
	m := piecesOf(50)
	for range 60 {
		for i := range m.Chunks {
			m.Chunks[i].Vector = nearPlace(random, 8)
		}
		require.NoError(t, s.Put(t.Context(), m))
	}
	var asked atomic.Int64
	s.querier = counting{s.querier, "db.idx.vector.queryNodes", &asked}
	for range 10 {
		q := memory.VectorQuery{Vector: nearPlace(random, 8)}
		near, err := s.Nearest(t.Context(), "default", q, 100)
		require.NoError(t, err)
		sp, err := s.spaceOf(t.Context(), s.graph)
		require.NoError(t, err)
		exact, err := (&search{store: s, graph: s.graph, query: q, k: 100, space: sp}).exactly(t.Context())
		require.NoError(t, err)
		require.Equal(t, exact, near)
	}
	require.LessOrEqual(t, asked.Load(), int64(20), "beyond that it is cheaper to compare all")
	asked.Store(0)
	for range 10 {
		_, err := s.Nearest(t.Context(), "default", memory.VectorQuery{Vector: randomVector(random, 8)}, 10)
		require.NoError(t, err)
	}
	require.GreaterOrEqual(t, asked.Load(), int64(10), "elsewhere the index is of use")
}

func TestSearchesWithoutVectorsAreNotRemembered(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	for i := range 20 {
		_, err := s.Nearest(t.Context(), memory.Workspace(fmt.Sprint("none", i)), memory.VectorQuery{Model: "m", Vector: []float32{1}}, 9)
		require.NoError(t, err)
	}
	s.vectors.Range(func(graph, _ any) bool {
		t.Errorf("%v is remembered", graph)
		return true
	})
}

// Two who search the same index at once disturb each other.
func TestThereIsOneTurnWhateverIsDropped(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	known := s.vectorsOf(s.graph)
	known.ready.Store(&space{number: 1})
	known.seen.Store(&sight{})
	require.NoError(t, known.enter(t.Context()))
	s.dropped(s.graph)
	require.Nil(t, known.ready.Load())
	require.Nil(t, known.seen.Load())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.vectorsOf(s.graph).enter(ctx), context.Canceled, "the turn is taken")
}
