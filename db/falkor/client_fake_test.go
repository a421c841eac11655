package falkor

import (
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/db/falkor/cypher"
	"zapomni/memory"
)

func one1(e Effect) Statement { return Statement{Graph: "g", Text: "RETURN 1", Effect: e} }

// eventually waits for what another goroutine is about to do.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	require.Eventually(t, is, 10*time.Second, time.Millisecond, what)
}

func TestRefusedConnectionIsRetried(t *testing.T) {
	cfg := Defaults()
	cfg.Host, cfg.Port = "127.0.0.1", closedPort(t)
	cfg.Retry.InitialDelay, cfg.Retry.Jitter = time.Millisecond, false
	c, e := client(t, cfg)
	err := c.Init(t.Context())
	require.ErrorContains(t, err, "Failed to initialize FalkorDB client: Query failed after 4 attempts: dial tcp 127.0.0.1:")
	require.Len(t, e.named("query_retry"), 3)
	require.Equal(t, int64(3), c.Stats().TotalRetries)
}

func TestLostAnswerOfAWriteThatCountsOnceIsUnknown(t *testing.T) {
	f := newFake(t)
	cfg := f.config()
	cfg.Retry.MaxRetries = 3
	c, _ := ready(t, cfg)
	before := f.asked("GRAPH.QUERY")
	f.say("GRAPH.QUERY", hangUp)
	_, err := c.Query(t.Context(), one1(Once))
	var unknown *OutcomeUnknownError
	require.ErrorAs(t, err, &unknown)
	require.ErrorIs(t, err, io.EOF)
	require.Equal(t, before+1, f.asked("GRAPH.QUERY"), "it was sent again")
}

func TestLostHandshakeLetsAWriteThatCountsOnceBeSentAgain(t *testing.T) {
	f := newFake(t)
	cfg := f.config()
	cfg.Pool.MinSize, cfg.Retry.MaxRetries = 1, 3
	cfg.Retry.InitialDelay = time.Millisecond
	c, e := ready(t, cfg)
	hello := f.answers["HELLO"]
	f.say("HELLO", hangUp)
	f.say("GRAPH.RO_QUERY", hang)
	ctx, cancel := context.WithCancel(t.Context())
	var busy sync.WaitGroup
	defer busy.Wait()
	defer cancel()
	busy.Go(func() { _, _ = c.Query(ctx, one1(Reads)) }) // has the one connection there is
	eventually(t, "the connection is in use", func() bool { return f.asked("GRAPH.RO_QUERY") > 0 })

	go func() {
		for c.retries.Load() == 0 {
			runtime.Gosched()
		}
		f.say("HELLO", hello)
	}()
	_, err := c.Query(t.Context(), one1(Once))
	require.NoError(t, err)
	require.Equal(t, "EOF", e.named("query_retry")[0]["error"])
}

func TestHandshakeThatHangsIsTold(t *testing.T) {
	f := newFake(t)
	cfg := f.config()
	cfg.Pool.SocketTimeout = 50 * time.Millisecond
	c, _ := ready(t, cfg)
	p := c.pool.Load()
	f.say("HELLO", hang)
	f.say("GRAPH.QUERY", hang)

	s := c.sender(p)
	_, err := s.Query(t.Context(), one1(Once)) // on a connection that is open
	require.Equal(t, "timed out", faultOf(err).class)
	require.True(t, faultOf(err).maybe)
	for range 4 {
		_, err = s.Query(t.Context(), one1(Once))
		require.Equal(t, "timed out", faultOf(err).class)
	}
	_, err = s.Query(t.Context(), one1(Once)) // none is left
	require.Equal(t, "handshake", faultOf(err).class)
	require.False(t, faultOf(err).maybe)
}

func TestCallerIsNotKeptByASilentServer(t *testing.T) {
	for _, row := range []struct {
		name  string
		leave func(ctx context.Context) (context.Context, context.CancelFunc)
		want  error
	}{
		{"cancelled", func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(20*time.Millisecond, cancel)
			return ctx, cancel
		}, context.Canceled},
		{"out of time", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 20*time.Millisecond)
		}, context.DeadlineExceeded},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := newFake(t)
			c, e := ready(t, f.config())
			f.say("GRAPH.RO_QUERY", hang)
			f.say("GRAPH.QUERY", hang)
			for _, effect := range []Effect{Reads, Repeatable, Once} {
				ctx, cancel := row.leave(t.Context())
				start := time.Now()
				_, err := c.Query(ctx, one1(effect))
				require.ErrorIs(t, err, row.want)
				require.NotErrorIs(t, err, memory.ErrUnavailable)
				require.Less(t, time.Since(start), 5*time.Second)
				var unknown *OutcomeUnknownError
				require.Equal(t, effect == Once, errors.As(err, &unknown))
				cancel()
			}
			require.Zero(t, c.Stats().ActiveConnections)
			require.Empty(t, e.named("query_retry"))
			f.say("GRAPH.RO_QUERY", answerOne)
			_, err := c.Query(t.Context(), one1(Reads))
			require.NoError(t, err, "the pool goes on")
		})
	}
}

func TestEndedContextSendsNothing(t *testing.T) {
	f := newFake(t)
	c, _ := ready(t, f.config())
	before := f.asked("GRAPH.QUERY")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Query(ctx, one1(Once))
	require.ErrorIs(t, err, context.Canceled)
	var unknown *OutcomeUnknownError
	require.NotErrorAs(t, err, &unknown)
	require.Equal(t, before, f.asked("GRAPH.QUERY"))
}

func TestBadParameterIsNeverSent(t *testing.T) {
	f := newFake(t)
	c, e := ready(t, f.config())
	before := f.asked("GRAPH.QUERY")
	s := one1(Repeatable)
	s.Params = []cypher.Param{cypher.P("p", "ses\x00ame")}
	_, err := c.Query(t.Context(), s)
	require.ErrorIs(t, err, memory.ErrInvalid)
	require.Equal(t, before, f.asked("GRAPH.QUERY"))
	require.NotContains(t, e.text(), "ses")
}

// crowd sends n reads and returns when they are all under way.
func crowd(t *testing.T, c *Client, f *fake, n int) (ended <-chan error) {
	t.Helper()
	done := make(chan error, n)
	for range n {
		go func() {
			_, err := c.Query(t.Context(), one1(Reads))
			done <- err
		}()
	}
	eventually(t, "all queries are under way", func() bool {
		s := c.Stats()
		return s.ActiveConnections == min(n, s.MaxConnections) && s.WaitingCallers == max(0, n-s.MaxConnections) &&
			f.asked("GRAPH.RO_QUERY") >= min(n, s.MaxConnections)
	})
	return done
}

func TestFullPoolMakesCallersWait(t *testing.T) {
	f := newFake(t)
	cfg := f.config()
	cfg.Pool.MinSize, cfg.Pool.MaxSize, cfg.Pool.Timeout = 1, 2, 50*time.Millisecond
	c, e := ready(t, cfg)
	f.say("GRAPH.RO_QUERY", hang)
	crowd(t, c, f, 2)
	require.InDelta(t, 100, c.Stats().UtilizationPercent, 0)
	_, err := c.Query(t.Context(), one1(Once))
	require.EqualError(t, err, "Query failed: no connection became free in time")
	require.ErrorIs(t, err, memory.ErrUnavailable)
	require.Len(t, e.named("high_pool_utilization"), 1)
	require.LessOrEqual(t, f.opened.Load(), int64(2))
}

func TestCloseWaitsForWhatRuns(t *testing.T) {
	f := newFake(t)
	c, e := ready(t, f.config())
	f.say("GRAPH.RO_QUERY", hang)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := c.Query(ctx, one1(Reads))
		done <- err
	}()
	eventually(t, "the query is under way", func() bool { return f.asked("GRAPH.RO_QUERY") == 1 })

	closed := make(chan error, 1)
	go func() { closed <- c.Close(t.Context()) }()
	eventually(t, "it waits", func() bool { return len(e.named("waiting_for_pending_queries")) > 0 })
	_, err := c.Query(t.Context(), one1(Reads))
	require.ErrorIs(t, err, errClosed, "new calls are refused at once")
	require.False(t, c.Stats().Closed)
	require.Empty(t, closed)
	cancel() // the query ends, and with it the wait
	require.ErrorIs(t, <-done, context.Canceled)
	require.NoError(t, <-closed)
	require.True(t, c.Stats().Closed)
	require.Equal(t, 1.0, e.named("waiting_for_pending_queries")[0]["active"]) //nolint:testifylint // it is a number of JSON
	require.Empty(t, e.named("pending_queries_cancelled"))
	names := e.names()
	require.Equal(t, []string{"closing_connection_pool", "waiting_for_pending_queries", "connection_pool_closed"}, names[len(names)-3:])
}

func TestCloseCancelsTheRestAndSaysHowMany(t *testing.T) {
	f := newFake(t)
	c, e := ready(t, f.config())
	f.say("GRAPH.RO_QUERY", hang)
	done := crowd(t, c, f, 25)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	start := time.Now()
	require.NoError(t, c.Close(ctx))
	for range 25 {
		err := <-done
		require.EqualError(t, err, "Client has been closed.")
		require.ErrorIs(t, err, memory.ErrUnavailable)
	}
	require.Less(t, time.Since(start), 5*time.Second)
	require.Equal(t, 25.0, e.named("pending_queries_cancelled")[0]["active"]) //nolint:testifylint // it is a number of JSON
	require.Empty(t, e.named("close_error"))
}

func TestCloseLeavesNothingBehind(t *testing.T) {
	f := newFake(t)
	warm, _ := ready(t, f.config()) // go-redis starts what it keeps for ever
	require.NoError(t, warm.Close(t.Context()))
	before := runtime.NumGoroutine()
	c, _ := ready(t, f.config())
	f.say("GRAPH.RO_QUERY", hang)
	done := crowd(t, c, f, 20)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, c.Close(ctx))
	for range 20 {
		require.Error(t, <-done)
	}
	require.Empty(t, c.wires.open)
	// The condition has a goroutine of its own.
	eventually(t, "all goroutines have ended", func() bool { return runtime.NumGoroutine() <= before+1 })
}

func TestSecondCloseWaitsForTheFirst(t *testing.T) {
	f := newFake(t)
	c, _ := ready(t, f.config())
	f.say("GRAPH.RO_QUERY", hang)
	crowd(t, c, f, 1)
	first, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Close(first) }()
	eventually(t, "it is closing", c.closing.Load)
	short, stop := context.WithTimeout(t.Context(), time.Millisecond)
	defer stop()
	require.ErrorIs(t, c.Close(short), context.DeadlineExceeded)
	cancel()
	require.NoError(t, c.Close(t.Context()))
	require.NoError(t, <-ended)
	require.True(t, c.Stats().Closed)
}

func TestServersTimeIsShorterThanOurs(t *testing.T) {
	c, err := NewClient(Defaults(), discard())
	require.NoError(t, err)
	s := c.sender(nil)
	require.Equal(t, "29500", s.serverTime(t.Context()))
	c.limit.Store(20000)
	require.Equal(t, "20000", s.serverTime(t.Context()))
	for _, row := range []struct {
		left     time.Duration
		min, max float64
	}{{10 * time.Second, 9400, 9500}, {100 * time.Millisecond, 30, 50}, {-time.Second, 1, 1}} {
		ctx, cancel := context.WithTimeout(t.Context(), row.left)
		d, err := time.ParseDuration(s.serverTime(ctx) + "ms")
		require.NoError(t, err)
		require.GreaterOrEqual(t, float64(d.Milliseconds()), row.min)
		require.LessOrEqual(t, float64(d.Milliseconds()), row.max)
		cancel()
	}
}

func TestNothingIsWrittenToStandardError(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	old := os.Stderr
	os.Stderr = w
	defer func() { os.Stderr = old }()
	f := newFake(t)
	f.say("HELLO", hangUp)
	c, e := client(t, f.config())
	require.Error(t, c.Init(t.Context()))
	require.NoError(t, w.Close())
	said, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Empty(t, strings.TrimSpace(string(said)))
	require.NotContains(t, e.text(), "sesame")
}

func TestIdleConnectionsAreCheckedAndReplaced(t *testing.T) {
	f := newFake(t)
	c, _ := ready(t, f.config())
	p, pings := c.pool.Load(), f.asked("PING")
	p.tend(t.Context(), c.config.Pool)
	require.Equal(t, pings+5, f.asked("PING"), "each was checked once")
	require.Equal(t, int64(5), f.opened.Load())

	f.say("PING", hangUp)
	p.tend(t.Context(), c.config.Pool)
	f.say("PING", "+PONG\r\n")
	p.tend(t.Context(), c.config.Pool)
	require.Equal(t, 5, c.Stats().IdleConnections)
	require.Equal(t, pings+5+5+5, f.asked("PING")-5, "dead ones were not used again")
}

// A master that was made a replica, or a name that leads to another server now:
// what was opened before stays with the old one.
func TestConnectionToWhatIsNoMasterAnyMoreIsNotUsedAgain(t *testing.T) {
	for _, row := range []struct {
		name    string
		prepare func(t *testing.T, c *Client)
	}{
		{"on a lane", hurried},
		{"on none", func(_ *testing.T, c *Client) { c.pool.Load().rest() }},
		{"that waits for replicas", func(_ *testing.T, c *Client) { c.config.WaitReplicas = 1 }},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := newFake(t)
			f.say("WAIT", ":1\r\n")
			cfg := f.config()
			cfg.Pool.MinSize = 1
			c, _ := ready(t, cfg)
			row.prepare(t, c)
			f.say("GRAPH.QUERY", "-READONLY You can't write against a read only replica.\r\n")
			_, err := c.Query(t.Context(), one1(Once))
			require.ErrorContains(t, err, "READONLY")
			f.say("GRAPH.QUERY", answerOne)
			_, err = c.Query(t.Context(), one1(Once))
			require.NoError(t, err)
			require.Equal(t, int64(2), f.opened.Load())
			require.Equal(t, 1, c.Stats().IdleConnections)
		})
	}
}

func TestServerThatAllowsLessTimeIsAskedAgainAtOnce(t *testing.T) {
	f := newFake(t)
	f.say("GRAPH.CONFIG", "*2\r\n+TIMEOUT_MAX\r\n:5000\r\n")
	refused := "-The query TIMEOUT parameter value cannot exceed the TIMEOUT_MAX configuration parameter value\r\n"
	f.answer("GRAPH.QUERY", func(words []string) string {
		if words[len(words)-1] != "5000" {
			return refused
		}
		return answerOne
	})
	c, e := ready(t, f.config()) // which tries nothing again
	require.Empty(t, e.named("query_retry"))
	require.Equal(t, 2, f.asked("GRAPH.QUERY"))
	f.say("GRAPH.CONFIG", "-NOPERM User default has no permissions to run the 'graph.CONFIG' command\r\n")
	f.say("GRAPH.RO_QUERY", refused)
	_, err := c.Query(t.Context(), one1(Reads))
	require.ErrorContains(t, err, "TIMEOUT_MAX")
	require.Equal(t, 1, f.asked("GRAPH.RO_QUERY"), "nothing new was learned")
}

// The time that a caller waits for a connection is not the server's to use.
func TestServersTimeCountsFromTheConnection(t *testing.T) {
	f := newFake(t)
	cfg := f.config()
	cfg.Pool.MinSize, cfg.Pool.MaxSize = 1, 1
	c, _ := ready(t, cfg)
	var limit atomic.Int64
	f.answer("GRAPH.QUERY", func(words []string) string {
		n, _ := strconv.ParseInt(words[len(words)-1], 10, 64)
		limit.Store(n)
		return answerOne
	})
	p := c.pool.Load()
	require.NoError(t, p.take(t.Context()))
	time.AfterFunc(500*time.Millisecond, p.free)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	_, err := c.Query(ctx, one1(Repeatable))
	require.NoError(t, err)
	require.LessOrEqual(t, limit.Load(), int64(4000), "half a second was waited for, and half a second is ours")
}
