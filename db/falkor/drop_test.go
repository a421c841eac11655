package falkor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/db/falkor/cypher"
	"zapomni/db/falkor/falkortest"
	"zapomni/memory"
)

// Who was held up for long while it made a workspace, and was taken for dead,
// does not take away what another has put into it since.
func TestWorkspaceThatAnotherHasMadeMeanwhileIsLeftAlone(t *testing.T) {
	t.Parallel()
	c := configFor(t, falkortest.Shared(t))
	slow, other := openAt(t, c), openAt(t, c)
	info := memory.WorkspaceInfo{ID: "w", CreatedAt: time.Now().UTC()}
	m := noteOf("w", "put meanwhile")
	slow.querier = before{slow.querier, selectClaim, func() {
		raw(t, other, c.Graph, "MATCH (w:Workspace {id: 'w'}) SET w.claimed_at = $at", cypher.P("at", time.Now().Add(-2*half)))
		// It takes the name over, but cannot make the graph before slow lets go.
		raw(t, other, c.Graph, addWorkspace, cypher.P("key", storeKey), cypher.P("id", "w"), cypher.P("claim", "theirs"),
			cypher.P("now", time.Now()), cypher.P("stale", time.Now().Add(-half)))
		raw(t, other, c.Graph+":w", "CREATE (:Memory {id: $id})", cypher.P("id", string(m.ID)))
	}, new(sync.Once)}
	require.Error(t, slow.AddWorkspace(t.Context(), info))
	require.Equal(t, int64(1), raw(t, other, c.Graph+":w", "MATCH (m:Memory) RETURN count(m) AS n").Row(0).Get("n").Int())
}

// A put that finds no graph makes one, and takes it away again if there is no
// such workspace: unless it has come meanwhile.
func TestWorkspaceThatComesBackKeepsItsGraph(t *testing.T) {
	t.Parallel()
	c := configFor(t, falkortest.Shared(t))
	s, other := openAt(t, c), openAt(t, c)
	info := memory.WorkspaceInfo{ID: "w", CreatedAt: time.Now().UTC()}
	require.NoError(t, s.AddWorkspace(t.Context(), info))
	require.NoError(t, s.Put(t.Context(), noteOf("w", "of the first workspace")))
	require.NoError(t, other.DeleteWorkspace(t.Context(), "w"))
	m := noteOf("w", "of the second workspace")
	back := &back{querier: s.querier, come: func() {
		if err := other.AddWorkspace(t.Context(), info); err != nil {
			t.Error(err)
		}
		if err := other.Put(t.Context(), m); err != nil {
			t.Error(err)
		}
	}}
	s.querier = back
	raw(t, other, c.Graph, "CREATE (:Workspace {id: 'w', ready: true, name: '', description: '', created_at: 0})") // a moment ago
	back.gone = func() { raw(t, other, c.Graph, "MATCH (w:Workspace {id: 'w'}) DELETE w") }
	err := s.Put(t.Context(), noteOf("w", "put by who knew the first"))
	require.ErrorIs(t, err, memory.ErrNoWorkspace)
	got, err := other.Get(t.Context(), "w", m.ID)
	require.NoError(t, err)
	require.Equal(t, m, got)
}

// back lets a workspace be gone when a put looks for it the second time, and
// come back right after.
type back struct {
	querier

	looks      int
	gone, come func()
}

func (q *back) Query(ctx context.Context, s Statement) (Result, error) {
	if s.Text != selectWorkspace {
		return q.querier.Query(ctx, s)
	}
	q.looks++
	if q.looks == 2 {
		q.gone()
	}
	found, err := q.querier.Query(ctx, s)
	if q.looks == 2 {
		q.come()
	}
	return found, err
}

func TestDefaultWorkspaceAlwaysExists(t *testing.T) {
	t.Parallel()
	for name, look := range map[string]func(*testing.T, *Store){
		"described": func(t *testing.T, s *Store) {
			t.Helper()
			info, err := s.Workspace(t.Context(), "default")
			require.NoError(t, err)
			require.Equal(t, memory.DefaultWorkspaceName, info.Name)
		},
		"listed": func(t *testing.T, s *Store) {
			t.Helper()
			infos, err := s.Workspaces(t.Context())
			require.NoError(t, err)
			require.Len(t, infos, 1)
		},
		"written to": func(t *testing.T, s *Store) {
			t.Helper()
			require.NoError(t, s.Put(t.Context(), noteOf("default", "the first again")))
			require.Equal(t, int64(1), raw(t, s, s.graph, "MATCH (w:Workspace {id: 'default'}) RETURN count(w) AS n").Row(0).Get("n").Int())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openNew(t)
			require.NoError(t, s.dropGraph(t.Context(), s.graph)) // as by a Clear that was cut short
			look(t, s)
		})
	}
}

// What is written to a graph that is not ready would be taken for something
// else's.
func TestWorkspaceCanBeAddedWhereTheDefaultOneIsGone(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	require.NoError(t, s.dropGraph(t.Context(), s.graph))
	require.NoError(t, s.AddWorkspace(t.Context(), memory.WorkspaceInfo{ID: "w", CreatedAt: time.Now().UTC()}))
	require.NoError(t, s.Put(t.Context(), noteOf("default", "the first again")))
	infos, err := s.Workspaces(t.Context())
	require.NoError(t, err)
	require.Len(t, infos, 2)
}

// Others add workspaces while all is forgotten.
func TestDefaultWorkspaceSurvivesClearsBesideOthers(t *testing.T) {
	t.Parallel()
	c := configFor(t, falkortest.Shared(t))
	clearer, adder := openAt(t, c), openAt(t, c)
	var over atomic.Bool
	var group sync.WaitGroup
	group.Go(func() {
		for i := 0; !over.Load(); i++ {
			err := adder.AddWorkspace(t.Context(), memory.WorkspaceInfo{ID: memory.Workspace(fmt.Sprint("w", i)), CreatedAt: time.Now().UTC()})
			if err != nil && !errors.Is(err, memory.ErrConflict) {
				t.Error(err)
			}
		}
	})
	for range 15 {
		if err := clearer.Clear(t.Context()); err != nil {
			t.Error(err)
		}
	}
	over.Store(true)
	group.Wait()
	require.NoError(t, clearer.Put(t.Context(), noteOf("default", "still there")))
}

func TestDroppedGraphLeavesNothing(t *testing.T) {
	t.Parallel()
	server := falkortest.Shared(t)
	s := openAt(t, configFor(t, server))
	require.NoError(t, s.AddWorkspace(t.Context(), memory.WorkspaceInfo{ID: "w", CreatedAt: time.Now().UTC()}))
	graph := s.graphOf("w")
	require.NoError(t, s.dropIf(t.Context(), graph, func() (bool, error) { return false, nil }))
	require.Contains(t, graphsOn(t, server, graph), graph)
	require.NoError(t, s.dropIf(t.Context(), graph, func() (bool, error) { return true, nil }))
	// One that was deleted a moment ago may still be listed.
	require.Eventually(t, func() bool { return len(graphsOn(t, server, graph)) == 0 }, 5*time.Second, 5*time.Millisecond)
	require.NoError(t, s.dropIf(t.Context(), graph, func() (bool, error) { return true, nil }), "it is gone already")
}

// graphsOn are the graphs whose names have a part.
func graphsOn(t *testing.T, server *falkortest.Server, part string) []string {
	t.Helper()
	var all []string
	names, _ := must(t, server, "GRAPH.LIST").([]any)
	for _, n := range names {
		if name, _ := n.(string); strings.Contains(name, part) {
			all = append(all, name)
		}
	}
	return all
}
