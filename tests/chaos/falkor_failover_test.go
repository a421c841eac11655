package chaos

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/db/falkor"
	"zapomni/db/falkor/falkortest"
	"zapomni/memory"
)

// several are the settings for servers that stand in for each other. A write
// counts when a replica has it, too: then none is lost with a master.
func several(addresses []string, graph string) falkor.Config {
	c := falkor.Defaults()
	c.Addresses, c.Graph = addresses, graph
	c.Retry.Budget, c.WaitReplicas = 20*time.Second, 1
	c.Pool.SocketTimeout, c.Pool.SocketConnectTimeout = 2*time.Second, time.Second
	return c
}

// requireCalm checks that once the work goes on again nothing fails any more.
func (l *load) requireCalm() {
	l.t.Helper()
	l.requireRecovery()
	failed := l.failed.Load()
	l.awaitDone(int64(20 * len(l.hands)))
	require.Equal(l.t, failed, l.failed.Load(), "work that failed after the recovery")
}

// What an election takes is not ours: a second until the sentinels believe that
// the master is down, and a few until they have agreed.
func TestSentinelFailoverLosesNothing(t *testing.T) {
	seed := theSeed(t)
	sentinel := falkortest.StartSentinel(t, 2)
	c := several(sentinel.Addrs(), "failover")
	c.MasterName = falkortest.MasterName
	store := open(t, c, sentinel.Servers...)
	l := startLoad(t, store.Store, seed, hands)
	l.awaitDone(100)
	master := sentinel.Master()
	master.Kill()
	began := time.Now()
	next := sentinel.AwaitFailover(master)
	t.Logf("the election took %v", time.Since(began).Round(time.Millisecond))
	l.requireCalm()
	l.finish()
	counts, err := store.Counts(t.Context(), memory.DefaultWorkspace)
	require.NoError(t, err)
	requireNothingLoose(t, next, c.Graph, counts)
	store.close()
}

// spread returns workspaces, one on each shard, as the store names their
// graphs.
func spread(t *testing.T, cluster *falkortest.Cluster, graph string, shards int) []memory.Workspace {
	t.Helper()
	var all []memory.Workspace
	taken := make(map[*falkortest.Server]bool)
	for i := 0; len(all) < shards; i++ {
		require.Less(t, i, 1000)
		name := fmt.Sprint("shard", i)
		if owner := cluster.Owner(graph + ":" + name); !taken[owner] {
			taken[owner] = true
			all = append(all, memory.Workspace(name))
		}
	}
	return all
}

func TestClusterFailoverLosesNothing(t *testing.T) {
	const shards = 3
	seed := theSeed(t)
	cluster := falkortest.StartCluster(t, shards, 1)
	c := several(cluster.Addrs()[:shards], "failover")
	store := open(t, c, cluster.Servers...)
	spaces := spread(t, cluster, c.Graph, shards)
	for _, w := range spaces {
		require.NoError(t, store.AddWorkspace(t.Context(), memory.WorkspaceInfo{ID: w, CreatedAt: time.Now()}))
	}
	l := startLoad(t, store.Store, seed, 2*(shards+1), append(spaces, memory.DefaultWorkspace)...)
	l.awaitDone(200)
	// The shard that has the list of workspaces as well.
	master := cluster.Owner(c.Graph)
	master.Kill()
	began := time.Now()
	cluster.AwaitFailover(c.Graph, master)
	t.Logf("the election took %v", time.Since(began).Round(time.Millisecond))
	master.Restart() // as a replica, without which no write of this shard counts
	l.requireCalm()
	l.finish()
	for _, w := range spaces {
		counts, err := store.Counts(t.Context(), w)
		require.NoError(t, err)
		graph := c.Graph + ":" + string(w)
		requireNothingLoose(t, cluster.Owner(graph), graph, counts)
	}
	requireForgets(t, store.Store, cluster, c.Graph, spaces)
	store.close()
}

// requireForgets deletes a workspace, and then everything, on all shards.
func requireForgets(t *testing.T, store *falkor.Store, cluster *falkortest.Cluster, graph string, spaces []memory.Workspace) {
	t.Helper()
	require.Equal(t, len(spaces)+1, workspaces(t, store))

	require.NoError(t, store.DeleteWorkspace(t.Context(), spaces[0]))
	require.Equal(t, len(spaces), workspaces(t, store))
	require.False(t, exists(t, cluster, graph+":"+string(spaces[0])))
	require.True(t, exists(t, cluster, graph+":"+string(spaces[1])))

	require.NoError(t, store.Clear(t.Context()))
	require.Equal(t, 1, workspaces(t, store))
	for _, w := range spaces {
		require.False(t, exists(t, cluster, graph+":"+string(w)))
	}
	require.Empty(t, everything(t, store, memory.DefaultWorkspace))
	requireAddsUp(t, store, spaces)
}

// requireAddsUp makes the workspaces anew, with something large in each, and
// looks whether the size of the store has all of it.
func requireAddsUp(t *testing.T, store *falkor.Store, spaces []memory.Workspace) {
	t.Helper()
	const large = 2 << 20
	for _, w := range spaces {
		require.NoError(t, store.AddWorkspace(t.Context(), memory.WorkspaceInfo{ID: w, CreatedAt: time.Now()}))
		require.NoError(t, store.Put(t.Context(), memory.Memory{
			ID: memory.NewID(), Workspace: w, Text: strings.Repeat("x", large), CreatedAt: time.Now(), ValidFrom: time.Now(),
		}))
	}
	size, err := store.Size(t.Context())
	require.NoError(t, err)
	require.GreaterOrEqual(t, size, int64(len(spaces)*large))
}

func workspaces(t *testing.T, store *falkor.Store) int {
	t.Helper()
	all, err := store.Workspaces(t.Context())
	require.NoError(t, err)
	return len(all)
}

func exists(t *testing.T, cluster *falkortest.Cluster, graph string) bool {
	t.Helper()
	n, err := cluster.Owner(graph).Do("EXISTS", graph)
	require.NoError(t, err)
	return n == int64(1)
}
