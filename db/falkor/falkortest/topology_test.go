package falkortest

import (
	"bufio"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// replicate writes to the graph g, and returns when all replicas have it: what
// was acknowledged and is with the master alone is lost with it.
func replicate(t *testing.T, master *Server, replicas int) {
	t.Helper()
	conn, err := connect(t, master.Addr())
	require.NoError(t, err)
	defer conn.Close()
	c := caller{Conn: conn, r: bufio.NewReader(conn)}
	if master.password != "" {
		_, err := c.call("AUTH", master.password)
		require.NoError(t, err)
	}
	_, err = c.call("GRAPH.QUERY", "g", "CREATE (:A)")
	require.NoError(t, err)
	// It waits for what came over its own connection.
	have, err := c.call("WAIT", strconv.Itoa(replicas), "5000")
	require.NoError(t, err)
	require.EqualValues(t, replicas, have)
}

func TestSentinelFailsOver(t *testing.T) {
	s := StartSentinel(t, 2, Password("x"))
	require.Len(t, s.Addrs(), 3)
	old := s.Master()
	require.Same(t, s.Servers[0], old)
	replicate(t, old, 2)

	began := time.Now()
	old.Kill()
	master := s.AwaitFailover(old)
	t.Logf("another server was master after %s", time.Since(began).Round(time.Millisecond))
	require.Equal(t, []any{[]any{int64(1)}}, query(t, master, "g", "MATCH (a:A) RETURN count(a)"))
	require.Same(t, master, s.Master())
}

func TestSentinelDecidesWithoutOneOfThem(t *testing.T) {
	s := StartSentinel(t, 1)
	s.Sentinels[0].Kill()
	old := s.Master()
	old.Kill()
	require.NotSame(t, old, s.AwaitFailover(old))
}

func TestClusterSpreadsGraphs(t *testing.T) {
	c := StartCluster(t, 3, 0)
	require.Len(t, c.Addrs(), 3)
	owners := map[*Server]bool{}
	for _, graph := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		owner := c.Owner(graph)
		query(t, owner, graph, "CREATE (:A)")
		owners[owner] = true
	}
	require.Len(t, owners, 3)
}

func TestClusterFailsOver(t *testing.T) {
	c := StartCluster(t, 3, 1)
	old := c.Owner("g")
	replicate(t, old, 1)

	began := time.Now()
	old.Kill()
	owner := c.AwaitFailover("g", old)
	t.Logf("another node had the key after %s", time.Since(began).Round(time.Millisecond))
	require.Equal(t, []any{[]any{int64(1)}}, query(t, owner, "g", "MATCH (a:A) RETURN count(a)"))

	old.Restart()
	await(t, "the old master follows the new one", old.isInStep)
}
