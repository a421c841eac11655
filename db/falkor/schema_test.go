package falkor

import (
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/db/falkor/cypher"
	"zapomni/db/falkor/falkortest"
	"zapomni/memory"
)

// raw runs a statement of a test's own.
func raw(t *testing.T, s *Store, graph, text string, params ...cypher.Param) Result {
	t.Helper()
	found, err := s.querier.Query(t.Context(), Statement{Graph: graph, Text: text, Params: params, Effect: Repeatable})
	require.NoError(t, err)
	return found
}

// noteOf makes a memory of one chunk.
func noteOf(w memory.Workspace, text string) memory.Memory {
	now := time.Now().UTC().Truncate(time.Microsecond)
	return memory.Memory{
		ID: memory.NewID(), Workspace: w, Text: text, CreatedAt: now, ValidFrom: now,
		Chunks: []memory.Chunk{{Start: 0, End: len(text)}},
	}
}

func TestSchemaIsMadeOnce(t *testing.T) {
	t.Parallel()
	c := configFor(t, falkortest.Shared(t))
	first := openAt(t, c)
	require.NoError(t, first.Put(t.Context(), noteOf("default", "kept over the second start")))
	second := openAt(t, c)
	counts, err := second.Counts(t.Context(), "default")
	require.NoError(t, err)
	require.Equal(t, 1, counts.Memories)
	found := raw(t, second, c.Graph, "CALL db.indexes() YIELD label, properties, types RETURN label AS label, properties AS properties, types AS types")
	have := make(map[string][]string)
	for i := range found.Len() {
		row := found.Row(i)
		for _, p := range row.Get("properties").List() {
			have[row.Get("label").Text()] = append(have[row.Get("label").Text()], p.Text())
		}
	}
	require.ElementsMatch(t, []string{"id", "valid_from", "place", "heads"}, have["Memory"])
	require.ElementsMatch(t, []string{"ref", "tokens"}, have["Chunk"])
	require.ElementsMatch(t, []string{"key"}, have["Store"])
	require.ElementsMatch(t, []string{"first"}, have["Waiting"])
	require.ElementsMatch(t, []string{"id"}, have["Workspace"])
	require.Equal(t, int64(1), raw(t, second, c.Graph, "MATCH (s:Store) RETURN count(s) AS n").Row(0).Get("n").Int())
}

func TestSchemaIsMadeByEightAtOnce(t *testing.T) {
	t.Parallel()
	c := configFor(t, falkortest.Shared(t))
	var group sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		group.Go(func() {
			s, err := Open(t.Context(), c, slog.New(slog.DiscardHandler))
			if err == nil {
				err = s.Put(t.Context(), noteOf("default", "one of eight"))
				defer func() { _ = s.Close() }()
			}
			errs[i] = err
		})
	}
	group.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	s := openAt(t, c)
	refs, err := s.Matching(t.Context(), "default", memory.TermQuery{Terms: []string{"eight"}}, 99)
	require.NoError(t, err)
	require.Len(t, refs, 8)
	require.Equal(t, int64(1), raw(t, s, c.Graph, "MATCH (s:Store) RETURN count(s) AS n").Row(0).Get("n").Int())
}

func TestGraphOfSomethingElseIsLeftAlone(t *testing.T) {
	t.Parallel()
	server := falkortest.Shared(t)
	c := configFor(t, server)
	_, err := server.Do("GRAPH.QUERY", c.Graph, "CREATE (:Person {name: 'Ada'})")
	require.NoError(t, err)
	_, err = Open(t.Context(), c, slog.New(slog.DiscardHandler))
	require.ErrorIs(t, err, memory.ErrConflict)
	require.ErrorContains(t, err, "holds something else")
	require.ErrorContains(t, err, "zapomni migrate")
}

func TestGraphOfANewerVersionIsLeftAlone(t *testing.T) {
	t.Parallel()
	c := configFor(t, falkortest.Shared(t))
	raw(t, openAt(t, c), c.Graph, "MATCH (s:Store) SET s.schema = $schema", cypher.P("schema", schema+1))
	_, err := Open(t.Context(), c, slog.New(slog.DiscardHandler))
	require.ErrorIs(t, err, memory.ErrUnavailable)
	require.ErrorContains(t, err, "newer version")
}

func TestWordsAreMadeAnewWhenTheWayToMakeThemChanged(t *testing.T) {
	t.Parallel()
	c := configFor(t, falkortest.Shared(t))
	old := openAt(t, c)
	for range reindexed + 20 { // more than one query brings forward
		require.NoError(t, old.Put(t.Context(), noteOf("default", "Ada Lovelace wrote a program")))
	}
	raw(t, old, c.Graph, "MATCH (s:Store) SET s.words = 0 WITH s MATCH (m:Memory)-[:HAS_CHUNK]->(c) SET c.tokens = 'nothing', m.heads = []")
	s := openAt(t, c)
	refs, err := s.Matching(t.Context(), "default", memory.TermQuery{Terms: []string{"program"}}, 999)
	require.NoError(t, err)
	require.Len(t, refs, reindexed+20)
	require.Equal(t, int64(reindexed+20), raw(t, s, c.Graph, "MATCH (m:Memory) WHERE size(m.heads) = 1 RETURN count(m) AS n").Row(0).Get("n").Int())
}

func TestWorkspaceLeftHalfMadeIsTakenOver(t *testing.T) {
	t.Parallel()
	c := configFor(t, falkortest.Shared(t))
	s := openAt(t, c)
	claim := func(at time.Time) {
		raw(t, s, c.Graph, "MERGE (w:Workspace {id: 'left'}) SET w.claim = 'dead', w.claimed_at = $at, w.ready = false", cypher.P("at", at))
	}
	info := memory.WorkspaceInfo{ID: "left", Name: "Left", CreatedAt: time.Now().UTC()}
	claim(time.Now())
	require.ErrorIs(t, s.AddWorkspace(t.Context(), info), memory.ErrConflict, "it may still be made")
	require.ErrorIs(t, s.Put(t.Context(), noteOf("left", "too early")), memory.ErrNoWorkspace)
	claim(time.Now().Add(-2 * half))
	require.NoError(t, s.AddWorkspace(t.Context(), info))
	require.NoError(t, s.Put(t.Context(), noteOf("left", "in time")))
}

func TestWorkspaceWhoseGraphIsGoneIsUsable(t *testing.T) {
	t.Parallel()
	server := falkortest.Shared(t)
	c := configFor(t, server)
	s := openAt(t, c)
	require.NoError(t, s.AddWorkspace(t.Context(), memory.WorkspaceInfo{ID: "w", CreatedAt: time.Now().UTC()}))
	_, err := server.Do("GRAPH.DELETE", c.Graph+":w")
	require.NoError(t, err)
	require.NoError(t, s.Put(t.Context(), noteOf("w", "first after the loss")))
	refs, err := s.Matching(t.Context(), "w", memory.TermQuery{Terms: []string{"loss"}}, 9)
	require.NoError(t, err)
	require.Len(t, refs, 1)
}

// randomVector makes a vector of length n in any direction.
func randomVector(random *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(random.NormFloat64())
	}
	return v
}

func TestNearestThroughTheIndexIsRightForManyCallersAtOnce(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	random := rand.New(rand.NewPCG(3, 4))
	const memories, each, dimension = 30, 50, 16
	for range memories {
		m := noteOf("default", "0123456789012345678901234567890123456789012345678901234567890")
		m.Chunks = nil
		for i := range each {
			m.Chunks = append(m.Chunks, memory.Chunk{Start: i, End: i + 1, Vector: randomVector(random, dimension)})
		}
		require.NoError(t, s.Put(t.Context(), m))
	}
	require.Greater(t, memories*each, fewVectors, "the index is asked")
	questions := make([][]float32, 20)
	alone := make([][]memory.Near, len(questions))
	for i := range questions {
		questions[i] = randomVector(random, dimension)
		var err error
		alone[i], err = s.Nearest(t.Context(), "default", memory.VectorQuery{Vector: questions[i]}, 10)
		require.NoError(t, err)
		require.Len(t, alone[i], 10)
		require.False(t, repeats(alone[i]))
	}
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			for j := range 40 {
				at := (i + j) % len(questions)
				near, err := s.Nearest(t.Context(), "default", memory.VectorQuery{Vector: questions[at]}, 10)
				if err != nil || len(near) != 10 || near[0] != alone[at][0] || repeats(near) {
					t.Errorf("%v %v, alone %v", err, near, alone[at])
				}
			}
		})
	}
	group.Wait()
}
