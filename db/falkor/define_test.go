package falkor

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/db/falkor/falkortest"
	"zapomni/memory"
)

// FalkorDB 4.16 dies within a second or two of indexes that are made by
// themselves while their graph is deleted.
func TestServerSurvivesIndexesOfAGraphThatIsDeleted(t *testing.T) {
	s := openAt(t, configFor(t, falkortest.Start(t)))
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	graph := s.graphOf("other")
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			for ctx.Err() == nil {
				_ = s.prepare(ctx, graph) // of no interest: the server is
				sp, _ := s.readyForVectors(ctx, graph, memory.NewID(), kind{"m", 3})
				_, _ = s.leaveSpace(ctx, graph, leaveAnySpace, sp.number)
				_, _ = s.settledSpace(ctx, graph)
			}
		})
		all.Go(func() {
			for ctx.Err() == nil {
				_ = s.dropGraph(ctx, graph)
				time.Sleep(time.Duration(rand.IntN(3000)) * time.Microsecond)
			}
		})
	}
	all.Wait()
	require.NoError(t, s.Ping(t.Context()))
}

// FalkorDB 4.16 dies at once of a graph that is deleted by itself while queries
// with long plans are at it.
func TestServerSurvivesWorkspacesThatAreDeletedInUse(t *testing.T) {
	s := openAt(t, configFor(t, falkortest.Start(t)))
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for ctx.Err() == nil {
				_ = s.AddWorkspace(ctx, memory.WorkspaceInfo{ID: "other"}) // of no interest: the server is
				_ = s.Put(ctx, noteOf("other", "too late"))
				if i == 0 {
					_ = s.DeleteWorkspace(ctx, "other")
				}
			}
		})
	}
	all.Wait()
	require.NoError(t, s.Ping(t.Context()))
}

func TestGraphIsSetAsideOnTheSameShard(t *testing.T) {
	for _, row := range []struct{ graph, want string }{
		{"zapomni", "{zapomni}:x"},
		{"zapomni:work", "{zapomni:work}:x"},
		{"{team}:zapomni", "{team}:zapomni:x"},
	} {
		require.Equal(t, row.want, besides(row.graph, "x"), row.graph)
	}
}

// A graph that says it is ready has all of its indexes, whoever deletes it
// between two steps of its making.
func TestGraphIsReadyWithAllItsIndexes(t *testing.T) {
	s := openNew(t)
	graph := s.graphOf("other")
	s.querier = deleting{s, graph}
	left := 0
	for range 50 {
		require.NoError(t, s.prepare(t.Context(), graph))
		// Its last step may have met its deletion as well.
		found, err := s.client.Query(t.Context(), Statement{Graph: graph, Effect: Repeatable, Text: `
MATCH (:Store)
CALL db.indexes() YIELD label, properties UNWIND properties AS property
RETURN label + '.' + property AS name ORDER BY name`})
		require.NoError(t, err)
		var names []string
		for i := range found.Len() {
			names = append(names, found.Row(i).Get("name").Text())
		}
		if len(names) == 0 {
			continue
		}
		left++
		require.Equal(t, "Chunk.ref Chunk.tokens Memory.heads Memory.id Memory.place Memory.valid_from Store.key Waiting.first Workspace.id",
			strings.Join(names, " "))
		require.NoError(t, s.dropGraph(t.Context(), graph))
	}
	require.NotZero(t, left)
}

// deleting deletes a graph ahead of every other query.
type deleting struct {
	s     *Store
	graph string
}

func (q deleting) Query(ctx context.Context, statement Statement) (Result, error) {
	if rand.IntN(2) == 0 {
		if err := q.s.dropGraph(ctx, q.graph); err != nil {
			return Result{}, err
		}
	}
	return q.s.client.Query(ctx, statement)
}

func TestTransactionTellsWhatEachCommandWasRefusedWith(t *testing.T) {
	c, _ := ready(t, at(t, falkortest.Shared(t)))
	graph := c.config.Graph
	g := guard{makingKey(graph), "ours"}
	_, err := c.Do(t.Context(), Repeatable, "SET", g.key, g.value, "PX", 60_000)
	require.NoError(t, err)
	refused, err := c.together(t.Context(), graph, g, [][]any{
		command(graph, "CREATE (:N)"), command(graph, "RETRUN 1"), command(graph, "CREATE (:N)"), {"DEL", g.key},
	})
	require.NoError(t, err)
	require.Len(t, refused, 4)
	require.NoError(t, errors.Join(refused[0], refused[2], refused[3]))
	require.ErrorContains(t, refused[1], "Invalid input")
	require.Equal(t, int64(2), ask(t, c, Reads, "MATCH (n:N) RETURN count(n) AS n").Row(0).Get("n").Int())
}
