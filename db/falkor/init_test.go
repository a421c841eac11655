package falkor

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

func TestInitIsDoneOnce(t *testing.T) {
	f := newFake(t)
	c, e := client(t, f.config())
	prepared := 0
	c.onInit = func(ctx context.Context, c *Client) error {
		prepared++
		require.False(t, c.Stats().Initialized)
		_, err := c.Query(ctx, one1(Reads))
		return err
	}
	var inits sync.WaitGroup
	for range 4 {
		inits.Go(func() { _ = c.Init(t.Context()) })
	}
	inits.Wait()
	require.NoError(t, c.Init(t.Context()))
	require.Equal(t, 1, prepared)
	require.True(t, c.Stats().Initialized)
	require.Len(t, e.named("already_initialized"), 4)
	require.Equal(t, []map[string]any{{
		"level": "INFO", "host": "127.0.0.1", "port": e.named("client_configured")[0]["port"], "graph": "zapomni_memory",
		"pool_max": 20.0, "pool_max_size": 20.0, "pool_timeout": 10.0, "socket_timeout": 30.0, "timeout": 10.0,
	}}, e.named("connection_pool_initialized"))
}

func TestInitKeepsMinSizeConnectionsReady(t *testing.T) {
	f := newFake(t)
	c, _ := ready(t, f.config())
	require.Equal(t, 5, c.Stats().IdleConnections)
	require.Equal(t, int64(5), f.opened.Load())
	require.Equal(t, 5, f.asked("HELLO"), "each has its handshake behind it")
}

func TestInitSaysWhatIsWrongWithTheServer(t *testing.T) {
	for _, row := range []struct {
		name   string
		server func(*fake)
		want   string
	}{
		{"no module", func(f *fake) { f.say("MODULE", "*0\r\n") }, "the server is a Redis or Valkey without the FalkorDB module: start one with: docker run"},
		{"another module", func(f *fake) { f.say("MODULE", modules("search", 1)) }, "without the FalkorDB module"},
		{"RedisGraph", func(f *fake) { f.say("MODULE", modules("graph", 21213)) }, "the server's FalkorDB is 2.12.13, and this program needs 4.16.0 or newer"},
		{"an old module, in the old protocol", func(f *fake) {
			f.say("MODULE", "*1\r\n*4\r\n+name\r\n+graph\r\n+ver\r\n:41402\r\n")
		}, "the server's FalkorDB is 4.14.2"},
		{"no module, and no right to ask", func(f *fake) {
			f.say("MODULE", "-NOPERM no permissions to run the 'module|list' command\r\n")
			f.say("GRAPH.QUERY", "-ERR unknown command 'GRAPH.QUERY', with args beginning with: 'zapomni_memory'\r\n")
		}, "without the FalkorDB module"},
		{"wrong password", func(f *fake) {
			f.say("HELLO", "-WRONGPASS invalid username-password pair or user is disabled.\r\n")
			f.say("AUTH", "-WRONGPASS invalid username-password pair or user is disabled.\r\n")
		}, "WRONGPASS invalid username-password pair"},
		{"loading", func(f *fake) { f.say("MODULE", "-LOADING Valkey is loading the dataset in memory\r\n") }, "LOADING"},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := newFake(t)
			row.server(f)
			c, e := client(t, f.config())
			err := c.Init(t.Context())
			require.ErrorContains(t, err, "Failed to initialize FalkorDB client: ")
			require.ErrorContains(t, err, row.want)
			require.ErrorIs(t, err, memory.ErrUnavailable)
			require.Len(t, e.named("init_failed"), 1)
			require.NotContains(t, e.text()+err.Error(), "sesame")
			require.Equal(t, Stats{MaxConnections: 20, TotalQueries: c.Stats().TotalQueries}, c.Stats())
		})
	}
}

func TestInitMayBeTriedAgain(t *testing.T) {
	f := newFake(t)
	f.say("MODULE", "*0\r\n")
	c, _ := client(t, f.config())
	require.Error(t, c.Init(t.Context()))
	_, err := c.Query(t.Context(), one1(Reads))
	require.EqualError(t, err, "Client not initialized. Call init_async() first.")
	f.say("MODULE", modules("graph", 41603))
	require.NoError(t, c.Init(t.Context()))
}

func TestInitFailsWithWhatItWasToPrepare(t *testing.T) {
	c, _ := client(t, newFake(t).config())
	cause := errors.New("the graph is somebody else's")
	c.onInit = func(context.Context, *Client) error { return cause }
	err := c.Init(t.Context())
	require.ErrorIs(t, err, cause)
	require.EqualError(t, err, "Failed to initialize FalkorDB client: the graph is somebody else's")
}

func TestInitWaitsForAServerWhereItIsTold(t *testing.T) {
	f := newFake(t)
	f.say("MODULE", "-LOADING Valkey is loading the dataset in memory\r\n")
	cfg := f.config()
	cfg.Wait = true
	cfg.Retry.InitialDelay, cfg.Retry.Jitter = time.Millisecond, false
	c, e := client(t, cfg)
	time.AfterFunc(50*time.Millisecond, func() { f.say("MODULE", modules("graph", 41603)) })
	require.NoError(t, c.Init(t.Context()))
	require.NotEmpty(t, e.named("waiting_for_server"))
}

func TestInitDoesNotWaitForWhatTimeDoesNotHeal(t *testing.T) {
	f := newFake(t)
	f.say("MODULE", "*0\r\n")
	cfg := f.config()
	cfg.Wait = true
	c, _ := client(t, cfg)
	require.Error(t, c.Init(t.Context()))
	require.Equal(t, 1, f.asked("MODULE"))
}

func TestWaitingInitEndsWithItsTime(t *testing.T) {
	cfg := Defaults()
	cfg.Host, cfg.Port, cfg.Wait = "127.0.0.1", closedPort(t), true
	cfg.ConnectionTimeout, cfg.Retry.MaxRetries = time.Second, 0
	c, _ := client(t, cfg)
	start := time.Now()
	err := c.Init(t.Context())
	require.ErrorContains(t, err, "connection refused")
	require.Less(t, time.Since(start), 3*time.Second)
}

func TestInitSaysThatNothingWasAnswered(t *testing.T) {
	f := newFake(t)
	f.say("MODULE", hang)
	c, _ := client(t, f.config())
	c.config.ConnectionTimeout = 50 * time.Millisecond
	err := c.Init(t.Context())
	require.EqualError(t, err, "Failed to initialize FalkorDB client: no answer within 50ms: context deadline exceeded")

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	c.config.ConnectionTimeout = time.Hour
	require.ErrorContains(t, c.Init(ctx), "ended by its caller")
}

func TestInitSaysThatConnectingTookTooLong(t *testing.T) {
	cfg := newFake(t).config()
	cfg.Pool.SocketConnectTimeout = time.Nanosecond
	c, _ := client(t, cfg)
	require.ErrorContains(t, c.Init(t.Context()), "dial tcp 127.0.0.1:")
}

// closedPort is one that nobody listens on.
func closedPort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it returns at once
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
