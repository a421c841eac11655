package falkor

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/db/falkor/cypher"
	"zapomni/db/falkor/falkortest"
	"zapomni/memory"
)

// graphOfSchema1 fills a graph as the first schema had it: vectors on chunks,
// of a model that nobody knows.
func graphOfSchema1(t *testing.T, s *Store, graph string, memories int) {
	t.Helper()
	require.NoError(t, s.dropGraph(t.Context(), graph))
	old := []definition{{statement: "CREATE VECTOR INDEX FOR (c:Chunk) ON (c.embedding) OPTIONS {dimension: 2, similarityFunction: 'cosine'}"}}
	for _, d := range indexes {
		if d.label == "Waiting" {
			continue
		}
		d.statement = strings.ReplaceAll(d.statement, "n.ref", "n.num")
		old = append(old, d)
	}
	require.NoError(t, s.asOne(t.Context(), graph, func(m *making) error {
		return m.finish(t.Context(), append(commands(graph, old), constraint(graph))...)
	}))
	require.NoError(t, s.settle(t.Context(), graph))
	raw(t, s, graph, `
CREATE (:Store {key: $key, schema: 1, words: 1, next: 5000000, memories: $memories, chunks: 2 * $memories, vectors: $memories, dimension: 2})
WITH 1 AS one UNWIND range(1, $memories) AS i
CREATE (m:Memory {id: 'id' + toString(i), put: 'x', place: 1000 + 3 * i, first: 1000 + 3 * i, text: 'ab', bounds: [0, 1, 1, 2], heads: [],
	source: '', tags: [], metadata: NULL, created_at: i, valid_from: i})
CREATE (m)-[:HAS_CHUNK {index: 0}]->(:Chunk {num: 1000 + 3 * i, index: 0, text: 'a', tokens: 'a', embedding: vecf32([1.0, i])})
CREATE (m)-[:HAS_CHUNK {index: 1}]->(:Chunk {num: 1001 + 3 * i, index: 1, text: 'b', tokens: 'b'})`,
		cypher.P("key", storeKey), cypher.P("memories", memories))
}

func TestGraphsOfTheFirstSchemaAreBroughtForward(t *testing.T) {
	t.Parallel()
	c := configFor(t, falkortest.Shared(t))
	old := openAt(t, c)
	const memories = 2*upgraded + 7
	require.NoError(t, old.AddWorkspace(t.Context(), memory.WorkspaceInfo{ID: "w", CreatedAt: time.Now().UTC()}))
	graphOfSchema1(t, old, c.Graph+":w", memories)

	s := openAt(t, c)
	counts, err := s.Counts(t.Context(), "w")
	require.NoError(t, err)
	require.Equal(t, memories, counts.Memories)
	e, err := s.Embedding(t.Context(), "w")
	require.NoError(t, err)
	require.Equal(t, memory.Embedding{Chunks: 2 * memories}, e)
	near, err := s.Nearest(t.Context(), "w", memory.VectorQuery{Vector: []float32{1, 0}}, 9)
	require.NoError(t, err)
	require.Empty(t, near)
	require.NoError(t, s.Delete(t.Context(), "w", "id7"))
	m, err := s.Get(t.Context(), "w", "id8")
	require.NoError(t, err)
	require.Equal(t, []memory.Chunk{{Start: 0, End: 1}, {Start: 1, End: 2}}, m.Chunks)

	passages, err := s.Passages(t.Context(), "w", []memory.Ref{"1006", "1007", "9"})
	require.NoError(t, err)
	require.Len(t, passages, 2)
	all := waiting(t, s, "w", 100)
	require.Len(t, all, 2*(memories-1))
	require.Equal(t, memory.Unembedded{Ref: "1003", Text: "a"}, all[0])
	requireSound(t, s, c.Graph+":w")
	found := raw(t, s, c.Graph+":w", "CALL db.indexes() YIELD label, properties WHERE label = 'Chunk' AND 'embedding' IN properties RETURN label")
	require.Zero(t, found.Len(), "the old index is gone")
	require.NoError(t, s.Attach(t.Context(), "w", "m", []memory.Attachment{{Ref: "1003", Vector: []float32{1, 2, 3}}}))
	requireSound(t, s, c.Graph+":w")
}

func TestPutBringsAGraphForwardBesideOthers(t *testing.T) {
	t.Parallel()
	c := configFor(t, falkortest.Shared(t))
	first := openAt(t, c)
	require.NoError(t, first.AddWorkspace(t.Context(), memory.WorkspaceInfo{ID: "w", CreatedAt: time.Now().UTC()}))
	graphOfSchema1(t, first, c.Graph+":w", upgraded+1)
	errs := make([]error, 4)
	var group sync.WaitGroup
	for i := range errs {
		s := openAt(t, c)
		group.Go(func() {
			for range 5 {
				errs[i] = errors.Join(errs[i], s.Put(t.Context(), noteOf("w", "put meanwhile")))
			}
		})
	}
	group.Wait()
	require.NoError(t, errors.Join(errs...))
	requireSound(t, first, c.Graph+":w")
	require.Len(t, waiting(t, first, "w", 100), 2*(upgraded+1)+20)
}

// An upgrade that dies is finished by the next process that comes to the graph,
// wherever it was.
func TestUpgradeThatWasCutOffIsFinishedByAnother(t *testing.T) {
	t.Parallel()
	c := configFor(t, falkortest.Shared(t))
	s := openAt(t, c)
	require.NoError(t, s.AddWorkspace(t.Context(), memory.WorkspaceInfo{ID: "w", CreatedAt: time.Now().UTC()}))
	const memories = upgraded + 5
	for steps := 0; ; steps++ {
		graphOfSchema1(t, s, c.Graph+":w", memories)
		dying := openAt(t, c)
		dying.querier = &cut{dying.querier, steps}
		_, _, err := dying.Unembedded(t.Context(), "w", "", 10)
		next := openAt(t, c)
		require.Len(t, waiting(t, next, "w", 100), 2*memories, "after %d writes", steps)
		requireSound(t, next, c.Graph+":w")
		found := raw(t, next, c.Graph+":w", "MATCH (c:Chunk) WHERE c.ref IS NULL OR c.embedding IS NOT NULL RETURN count(c) AS n")
		require.Zero(t, found.Row(0).Get("n").Int())
		if err == nil {
			require.Greater(t, steps, 4, "each step was cut off once")
			return
		}
		require.ErrorIs(t, err, errCut)
	}
}
