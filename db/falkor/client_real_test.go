package falkor

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/db/falkor/cypher"
	"zapomni/db/falkor/falkortest"
	"zapomni/memory"
)

// at is the configuration of a client of s, on a graph of its own.
func at(t *testing.T, s *falkortest.Server) Config {
	t.Helper()
	c := Defaults()
	c.URL = Secret(s.URL())
	c.Graph = s.Graph(t)
	return c
}

// ask sends a statement on the client's own graph.
func ask(t *testing.T, c *Client, e Effect, text string, params ...cypher.Param) Result {
	t.Helper()
	r, err := c.Query(t.Context(), Statement{Graph: c.config.Graph, Text: text, Params: params, Effect: e})
	require.NoError(t, err)
	return r
}

const mergeNode = "MERGE (n:N {id: $id}) RETURN n.id AS id"

func TestLifeCycle(t *testing.T) {
	c, e := client(t, at(t, falkortest.Shared(t)))
	require.NoError(t, c.Init(t.Context()))
	require.Equal(t, "x", ask(t, c, Repeatable, mergeNode, cypher.P("id", "x")).Row(0).Get("id").Text())
	require.Equal(t, int64(1), ask(t, c, Reads, "MATCH (n:N) RETURN count(n) AS n").Row(0).Get("n").Int())
	graphs, err := c.Do(t.Context(), Reads, "GRAPH.LIST")
	require.NoError(t, err)
	require.Contains(t, graphs, c.config.Graph)
	require.True(t, c.Stats().Initialized)
	require.NoError(t, c.Close(t.Context()))
	names := strings.Join(e.names(), " ")
	require.Equal(t, "client_configured connection_pool_initialized closing_connection_pool connection_pool_closed", names)
}

func TestReadsCannotWrite(t *testing.T) {
	c, _ := ready(t, at(t, falkortest.Shared(t)))
	_, err := c.Query(t.Context(), Statement{Graph: c.config.Graph, Text: "CREATE (:N)", Effect: Reads})
	require.ErrorContains(t, err, "is to be executed only on read-only queries")
}

func TestBadStatementsAreToldWithoutTheirParameters(t *testing.T) {
	c, e := ready(t, at(t, falkortest.Shared(t)))
	_, err := c.Query(t.Context(), Statement{
		Graph: c.config.Graph, Text: "RETRUN $p", Params: []cypher.Param{cypher.P("p", "sesame")},
	})
	require.ErrorContains(t, err, "Query failed: errMsg: Invalid input")
	require.NotErrorIs(t, err, memory.ErrUnavailable)
	require.NotContains(t, err.Error()+e.text(), "sesame")
	require.Zero(t, c.Stats().TotalRetries)
}

func TestWaysToConnect(t *testing.T) {
	s := falkortest.Start(t, falkortest.Password("ses@me"))
	host, port := "127.0.0.1", portOf(t, s)
	_, err := s.Do("ACL", "SETUSER", "reader", "on", ">pw", "~*", "+@all")
	require.NoError(t, err)
	for _, row := range []struct {
		name   string
		change func(*Config)
		want   string // empty for success
	}{
		{"URL", func(c *Config) { c.URL = Secret(s.URL()) }, ""},
		{"host and port", func(c *Config) { c.Host, c.Port, c.Password = host, port, "ses@me" }, ""},
		{"user", func(c *Config) { c.Host, c.Port, c.User, c.Password = host, port, "reader", "pw" }, ""},
		{"FalkorDB's own scheme", func(c *Config) { c.URL = Secret(strings.Replace(s.URL(), "redis://", "falkor://", 1)) }, ""},
		{"unix socket", func(c *Config) { c.URL, c.Password = Secret("unix://"+s.Socket()), "ses@me" }, ""},
		{"another database", func(c *Config) { c.URL, c.DB = Secret(s.URL()), 3 }, ""},
		{"no password", func(c *Config) { c.Host, c.Port = host, port }, "NOAUTH"},
		{"wrong password", func(c *Config) { c.Host, c.Port, c.Password = host, port, "guess" }, "WRONGPASS"},
		{"wrong host", func(c *Config) { c.Host, c.Port = "nowhere.invalid", port }, "nowhere.invalid"},
		{"wrong port", func(c *Config) { c.Host, c.Port = host, closedPort(t) }, "connection refused"},
		{"socket missing", func(c *Config) { c.URL = Secret("unix:///nowhere/s") }, "no such file or directory"},
		{"TLS where there is none", func(c *Config) { c.Host, c.Port, c.TLS.Enabled = host, port, true }, "TLS handshake with 127.0.0.1:"},
	} {
		t.Run(row.name, func(t *testing.T) {
			cfg := Defaults()
			cfg.Retry.MaxRetries, cfg.Pool.SocketConnectTimeout = 0, time.Second
			row.change(&cfg)
			c, e := client(t, cfg)
			err := c.Init(t.Context())
			require.NotContains(t, fmt.Sprint(err)+e.text(), "ses@me")
			require.NotContains(t, fmt.Sprint(err)+e.text(), "guess")
			if row.want != "" {
				require.ErrorContains(t, err, row.want)
				require.ErrorIs(t, err, memory.ErrUnavailable)
				return
			}
			require.NoError(t, err)
			ask(t, c, Repeatable, mergeNode, cypher.P("id", row.name))
		})
	}
}

func portOf(t *testing.T, s *falkortest.Server) int {
	t.Helper()
	var port int
	_, err := fmt.Sscanf(s.Addr(), "127.0.0.1:%d", &port)
	require.NoError(t, err)
	return port
}

func TestTLS(t *testing.T) {
	s := falkortest.Start(t, falkortest.MutualTLS())
	own := s.Certificates()
	strange := falkortest.Start(t, falkortest.TLS()).Certificates()
	full := TLSConfig{CAFile: own.Authority, CertFile: own.Client, KeyFile: own.ClientKey}
	for _, row := range []struct {
		name   string
		change func(*TLSConfig)
		want   string
	}{
		{"all is well", func(*TLSConfig) {}, ""},
		{"name of its own", func(c *TLSConfig) { c.ServerName = "localhost" }, ""},
		{"another name", func(c *TLSConfig) { c.ServerName = "elsewhere" }, "not elsewhere"},
		{"another authority", func(c *TLSConfig) { c.CAFile = strange.Authority }, "certificate"},
		{"no authority", func(c *TLSConfig) { c.CAFile = "" }, "certificate signed by unknown authority"},
	} {
		t.Run(row.name, func(t *testing.T) {
			cfg := at(t, s)
			cfg.TLS = full
			row.change(&cfg.TLS)
			c, e := client(t, cfg)
			err := c.Init(t.Context())
			if row.want != "" {
				require.ErrorContains(t, err, row.want)
				require.Empty(t, e.named("query_retry"), "time does not heal this")
				return
			}
			require.NoError(t, err)
			ask(t, c, Repeatable, mergeNode, cypher.P("id", row.name))
		})
	}
}

// The server hangs up on it, and what it says of that may not arrive.
func TestServerMayWantACertificate(t *testing.T) {
	s := falkortest.Start(t, falkortest.MutualTLS())
	cfg := at(t, s)
	cfg.TLS.CAFile, cfg.Retry.MaxRetries = s.Certificates().Authority, 0
	c, _ := client(t, cfg)
	require.ErrorIs(t, c.Init(t.Context()), memory.ErrUnavailable)
}

func TestDeadConnectionsBehindTLSAreFoundTogether(t *testing.T) {
	s := falkortest.Start(t, falkortest.TLS())
	cfg := at(t, s)
	cfg.TLS.CAFile = s.Certificates().Authority
	cfg.Pool.MinSize = 10
	c, _ := ready(t, cfg)
	require.Equal(t, 10, c.Stats().IdleConnections)
	_, err := s.Do("CLIENT", "KILL", "TYPE", "normal")
	require.NoError(t, err)
	ask(t, c, Reads, "RETURN 1")
	for range 20 {
		ask(t, c, Reads, "RETURN 1")
	}
	require.LessOrEqual(t, c.Stats().TotalRetries, int64(3), "each dead connection cost a retry")
	eventually(t, "there are as many connections again", func() bool { return c.Stats().IdleConnections >= 10 })
}

func TestKilledConnectionsCostNothing(t *testing.T) {
	s := falkortest.Start(t)
	c, _ := ready(t, at(t, s))
	_, err := s.Do("CLIENT", "KILL", "TYPE", "normal")
	require.NoError(t, err)
	for range 10 {
		ask(t, c, Reads, "RETURN 1")
	}
	require.Zero(t, c.Stats().TotalRetries)
}

func TestServerWithoutModule(t *testing.T) {
	c, _ := client(t, at(t, falkortest.Start(t, falkortest.Plain())))
	require.ErrorContains(t, c.Init(t.Context()),
		"Failed to initialize FalkorDB client: the server is a Redis or Valkey without the FalkorDB module: start one with: docker run")
}

func TestLimitOfTheServerIsLearned(t *testing.T) {
	s := falkortest.Start(t, falkortest.Module("TIMEOUT_MAX", "5000"))
	c, _ := ready(t, at(t, s))
	require.Equal(t, int64(5000), c.limit.Load())
	_, err := s.Do("GRAPH.CONFIG", "SET", "TIMEOUT_MAX", "3000")
	require.NoError(t, err)
	ask(t, c, Reads, "RETURN 1")
	require.Equal(t, int64(3000), c.limit.Load())
}

func TestQueryOverItsTimeIsEndedByTheServer(t *testing.T) {
	cfg := at(t, falkortest.Start(t))
	cfg.Pool.SocketTimeout = 1500 * time.Millisecond
	c, _ := ready(t, cfg)
	start := time.Now()
	_, err := c.Query(t.Context(), Statement{
		Graph: c.config.Graph, Text: "UNWIND range(1, 20000) AS a UNWIND range(1, 20000) AS b RETURN sum(a*b)", Effect: Reads,
	})
	require.ErrorContains(t, err, "Query failed: Query timed out")
	require.ErrorIs(t, err, memory.ErrUnavailable)
	require.Less(t, time.Since(start), 1500*time.Millisecond)
}

func TestCallerLeavesALongQuery(t *testing.T) {
	c, _ := ready(t, at(t, falkortest.Start(t)))
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	start := time.Now()
	_, err := c.Query(ctx, Statement{
		Graph: c.config.Graph, Text: "UNWIND range(1, 3000) AS a UNWIND range(1, 3000) AS b RETURN sum(a*b)", Effect: Reads,
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Less(t, time.Since(start), 500*time.Millisecond)
	require.Zero(t, c.Stats().ActiveConnections)
}

func TestMoreCallersThanConnectionsAllSucceed(t *testing.T) {
	for _, callers := range []int{50, 200} {
		t.Run(fmt.Sprint(callers), func(t *testing.T) {
			c, _ := ready(t, at(t, falkortest.Shared(t)))
			var all sync.WaitGroup
			for i := range callers {
				all.Go(func() {
					for range 5 {
						_, err := c.Query(t.Context(), Statement{
							Graph: c.config.Graph, Text: mergeNode, Effect: Repeatable, Params: []cypher.Param{cypher.P("id", fmt.Sprint(i))},
						})
						if err != nil {
							t.Error(err)
						}
						if open := c.pool.Load().servers.stats().TotalConns; open > 20 {
							t.Errorf("%d connections", open)
						}
					}
				})
			}
			all.Wait()
			s := c.Stats()
			require.Zero(t, s.ActiveConnections)
			require.Zero(t, s.WaitingCallers)
			require.Equal(t, int64(callers), ask(t, c, Reads, "MATCH (n:N) RETURN count(n) AS n").Row(0).Get("n").Int())
		})
	}
}

func TestLostAnswersOfRepeatableWritesTakeEffectOnce(t *testing.T) {
	s := falkortest.Start(t)
	proxy := falkortest.NewProxy(t, s.Addr())
	cfg := at(t, s)
	cfg.URL = Secret("redis://" + proxy.Addr())
	cfg.Retry.MaxRetries, cfg.Retry.InitialDelay = 10, time.Millisecond
	c, _ := ready(t, cfg)
	proxy.Set(falkortest.Schedule{
		Seed: 1, Odds: map[falkortest.Fault]float64{falkortest.LoseAnswer: 0.1, falkortest.Reset: 0.1, falkortest.CutAnswer: 0.1},
		Only: []string{"GRAPH.QUERY"},
	})
	const writes = 200
	again := 0
	for i := range writes {
		if ask(t, c, Repeatable, mergeNode, cypher.P("id", fmt.Sprint(i))).Again {
			again++
		}
	}
	require.NotZero(t, proxy.Faults())
	require.NotZero(t, again)
	require.Equal(t, int64(writes), ask(t, c, Reads, "MATCH (n:N) RETURN count(n) AS n").Row(0).Get("n").Int())
}

func TestServerThatIsBackIsUsed(t *testing.T) {
	s := falkortest.Start(t, falkortest.AppendOnly())
	cfg := at(t, s)
	cfg.Retry.Budget = 20 * time.Second
	c, _ := ready(t, cfg)
	ask(t, c, Repeatable, mergeNode, cypher.P("id", "kept"))
	require.Eventually(t, func() bool { // the log reaches the disk once a second
		return strings.Contains(readable(t, s, "INFO", "persistence"), "aof_pending_bio_fsync:0")
	}, 5*time.Second, 10*time.Millisecond)
	s.Kill()
	time.AfterFunc(300*time.Millisecond, s.Restart)
	start := time.Now()
	ask(t, c, Repeatable, mergeNode, cypher.P("id", "kept"))
	require.Less(t, time.Since(start), 5*time.Second)
	require.NotZero(t, c.Stats().TotalRetries)
}

func readable(t *testing.T, s *falkortest.Server, words ...string) string {
	t.Helper()
	reply, err := s.Do(words...)
	require.NoError(t, err)
	text, _ := reply.(string)
	return text
}

func TestRefusedCertificateFileNamesTheFile(t *testing.T) {
	c := Defaults()
	c.TLS.CAFile = filepath.Join(t.TempDir(), "missing.pem")
	_, err := NewClient(c, discard())
	require.ErrorContains(t, err, "missing.pem")
}
