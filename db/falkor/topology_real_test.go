package falkor

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/db/falkor/cypher"
	"zapomni/db/falkor/falkortest"
	"zapomni/memory"
)

func clusterConfig(nodes []string) Config {
	c := Defaults()
	c.Addresses = nodes
	c.Retry.Budget = 20 * time.Second
	return c
}

func TestClusterHoldsEachGraphOnItsOwnShard(t *testing.T) {
	cluster := falkortest.StartCluster(t, 3, 0)
	c, _ := ready(t, clusterConfig(cluster.Addrs()[:1]))
	for i := range 12 {
		graph := fmt.Sprintf("g%d", i)
		_, err := c.Query(t.Context(), Statement{Graph: graph, Text: mergeNode, Params: []cypher.Param{cypher.P("id", graph)}, Effect: Repeatable})
		require.NoError(t, err)
		kind, err := cluster.Owner(graph).Do("TYPE", graph)
		require.NoError(t, err)
		require.Equal(t, "graphdata", kind)
		_, err = c.Do(t.Context(), Once, "GRAPH.DELETE", graph)
		require.NoError(t, err)
	}
	require.Zero(t, c.Stats().TotalRetries)
}

func TestMovedGraphIsFollowed(t *testing.T) {
	cluster := falkortest.StartCluster(t, 2, 0)
	c, _ := ready(t, clusterConfig(cluster.Addrs()))
	owner := cluster.Owner(c.config.Graph)
	other := cluster.Servers[0]
	if other == owner {
		other = cluster.Servers[1]
	}
	ask(t, c, Repeatable, mergeNode, cypher.P("id", "before"))
	slot := fmt.Sprint(must(t, owner, "CLUSTER", "KEYSLOT", c.config.Graph))
	from, to := fmt.Sprint(must(t, owner, "CLUSTER", "MYID")), fmt.Sprint(must(t, other, "CLUSTER", "MYID"))
	must(t, owner, "GRAPH.DELETE", c.config.Graph)
	must(t, other, "CLUSTER", "SETSLOT", slot, "IMPORTING", from)
	must(t, owner, "CLUSTER", "SETSLOT", slot, "MIGRATING", to)
	ask(t, c, Repeatable, mergeNode, cypher.P("id", "asked")) // ASK: it is to be made over there
	for _, s := range []*falkortest.Server{other, owner} {
		must(t, s, "CLUSTER", "SETSLOT", slot, "NODE", to)
	}
	require.Equal(t, "graphdata", must(t, other, "TYPE", c.config.Graph))
	require.Equal(t, int64(1), ask(t, c, Reads, "MATCH (n:N) RETURN count(n) AS n").Row(0).Get("n").Int()) // MOVED
	require.Zero(t, c.Stats().TotalRetries)
}

func must(t *testing.T, s *falkortest.Server, words ...string) any {
	t.Helper()
	reply, err := s.Do(words...)
	require.NoError(t, err)
	return reply
}

func TestClusterFailoverUnderLoad(t *testing.T) {
	cluster := falkortest.StartCluster(t, 3, 1)
	c, _ := ready(t, clusterConfig(cluster.Addrs()))
	master := cluster.Owner(c.config.Graph)
	underLoad(t, c, func() {
		master.Kill()
		cluster.AwaitFailover(c.config.Graph, master)
	})
}

func TestSentinelFailoverUnderLoad(t *testing.T) {
	for _, replicas := range []bool{false, true} {
		t.Run(fmt.Sprintf("read replicas %v", replicas), func(t *testing.T) {
			sentinel := falkortest.StartSentinel(t, 1)
			cfg := clusterConfig(sentinel.Addrs())
			cfg.MasterName, cfg.ReadReplicas = falkortest.MasterName, replicas
			c, _ := ready(t, cfg)
			master := sentinel.Master()
			underLoad(t, c, func() {
				master.Kill()
				sentinel.AwaitFailover(master)
			})
		})
	}
}

// underLoad writes and reads while fault happens, until some time after it.
// Each acknowledged write has to be there afterwards, once.
func underLoad(t *testing.T, c *Client, fault func()) {
	t.Helper()
	ask(t, c, Repeatable, mergeNode, cypher.P("id", "first"))
	var acknowledged, failed atomic.Int64
	stop := make(chan struct{})
	var load sync.WaitGroup
	for w := range 4 {
		load.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				id := fmt.Sprintf("%d-%d", w, i)
				_, err := c.Query(t.Context(), Statement{
					Graph: c.config.Graph, Text: mergeNode, Effect: Repeatable, Params: []cypher.Param{cypher.P("id", id)},
				})
				if err != nil {
					failed.Add(1)
					t.Log(err)
					continue
				}
				acknowledged.Add(1)
			}
		})
	}
	require.Eventually(t, func() bool { return acknowledged.Load() > 300 }, 10*time.Second, time.Millisecond)
	fault()
	after := acknowledged.Load()
	start := time.Now()
	require.Eventually(t, func() bool { return acknowledged.Load() > after+20 }, 10*time.Second, time.Millisecond)
	t.Logf("writes went on %v after the failover", time.Since(start))
	close(stop)
	load.Wait()
	require.Zero(t, failed.Load())
	c.config.ReadReplicas = false
	row := ask(t, c, Repeatable, "MATCH (n:N) RETURN count(n) AS n, count(DISTINCT n.id) AS ids").Row(0)
	require.Equal(t, row.Get("ids").Int(), row.Get("n").Int(), "something was written twice")
	t.Logf("%d acknowledged, %d there, %d retries", acknowledged.Load()+1, row.Get("n").Int(), c.Stats().TotalRetries)
	// What the master had not passed on when it died is lost: replication is asynchronous.
	require.GreaterOrEqual(t, row.Get("n").Int(), acknowledged.Load()*99/100)
}

func TestReplicasAnswerReads(t *testing.T) {
	sentinel := falkortest.StartSentinel(t, 1)
	cfg := clusterConfig(sentinel.Addrs())
	cfg.MasterName, cfg.ReadReplicas = falkortest.MasterName, true
	c, _ := ready(t, cfg)
	ask(t, c, Repeatable, mergeNode, cypher.P("id", "x"))
	replica := sentinel.Servers[1]
	require.Eventually(t, func() bool {
		_, err := replica.Do("GRAPH.RO_QUERY", c.config.Graph, "MATCH (n:N) RETURN n.id")
		return err == nil
	}, 5*time.Second, 5*time.Millisecond)
	must(t, replica, "CONFIG", "RESETSTAT")
	for range 50 {
		ask(t, c, Reads, "MATCH (n:N) RETURN n.id")
	}
	require.Contains(t, readable(t, replica, "INFO", "commandstats"), "cmdstat_graph.RO_QUERY")
}

// A replica may not know yet what a write depends on.
func TestWritesDependOnNoReplica(t *testing.T) {
	sentinel := falkortest.StartSentinel(t, 1)
	cfg := clusterConfig(sentinel.Addrs())
	cfg.MasterName, cfg.ReadReplicas = falkortest.MasterName, true
	s := openAt(t, cfg)
	replica := sentinel.Servers[1]
	must(t, replica, "CONFIG", "RESETSTAT")
	require.NoError(t, s.AddWorkspace(t.Context(), memory.WorkspaceInfo{ID: "w", CreatedAt: time.Now().UTC()}))
	m := noteOf("w", "of one chunk")
	m.Model, m.Chunks[0].Vector = "m", []float32{1, 2}
	require.NoError(t, s.Put(t.Context(), m))
	require.NoError(t, s.Detach(t.Context(), "w"))
	require.NoError(t, s.Delete(t.Context(), "w", m.ID))
	require.NoError(t, s.DeleteWorkspace(t.Context(), "w"))
	openAt(t, cfg)
	require.NotContains(t, readable(t, replica, "INFO", "commandstats"), "cmdstat_graph.RO_QUERY")
}

func TestWriteWaitsForReplicas(t *testing.T) {
	master := falkortest.Start(t)
	replica := falkortest.Start(t, falkortest.ReplicaOf(master))
	cfg := at(t, master)
	cfg.WaitReplicas, cfg.WaitReplicaTimeout = 1, 1500*time.Millisecond // some answers come with the replica's beat, once a second
	cfg.Retry.MaxRetries = 1
	c, _ := ready(t, cfg)
	for i := range 20 {
		id := fmt.Sprint(i)
		ask(t, c, Repeatable, mergeNode, cypher.P("id", id))
		there, err := replica.Do("GRAPH.RO_QUERY", c.config.Graph, "MATCH (n:N {id: '"+id+"'}) RETURN count(n)")
		require.NoError(t, err)
		require.Contains(t, fmt.Sprint(there), "[[1]]", "the replica has not got write %d", i)
	}

	replica.Pause()
	_, err := c.Query(t.Context(), Statement{Graph: cfg.Graph, Text: mergeNode, Params: []cypher.Param{cypher.P("id", "y")}, Effect: Repeatable})
	require.EqualError(t, err, "Query failed after 2 attempts: only 0 of 1 replicas have the write")
	require.ErrorIs(t, err, memory.ErrUnavailable)
	_, err = c.Query(t.Context(), Statement{Graph: cfg.Graph, Text: "CREATE (:N)", Effect: Once})
	var unknown *OutcomeUnknownError
	require.ErrorAs(t, err, &unknown)
	_, err = c.Query(t.Context(), Statement{Graph: cfg.Graph, Text: "RETRUN 1", Effect: Repeatable})
	require.ErrorContains(t, err, "Invalid input")
	replica.Resume()
	ask(t, c, Repeatable, mergeNode, cypher.P("id", "z"))
}
