// Package load puts more work on FalkorDB's pool of connections than it has
// connections, and the calls of many sessions at once on the network transports.
//
// What tests measure are ratios: a query is made slow by a proxy that lets it
// wait, so that they hold on a machine of any speed.
package load

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/db/falkor"
	"zapomni/db/falkor/falkortest"
)

// count is a log that counts one event.
type count struct {
	slog.Handler
	event string
	n     *atomic.Int64
}

func counting(event string) (*slog.Logger, *atomic.Int64) {
	n := new(atomic.Int64)
	return slog.New(count{slog.DiscardHandler, event, n}), n
}

func (c count) Enabled(context.Context, slog.Level) bool { return true }

func (c count) WithAttrs([]slog.Attr) slog.Handler { return c }

func (c count) Handle(_ context.Context, r slog.Record) error {
	if r.Message == c.event {
		c.n.Add(1)
	}
	return nil
}

// client is one that asks a graph of its own.
type client struct {
	*falkor.Client
	graph string
}

func (c client) ask(ctx context.Context) error {
	_, err := c.Query(ctx, falkor.Statement{Graph: c.graph, Text: "RETURN 1", Effect: falkor.Repeatable})
	return err
}

// connect makes a client with a pool of size connections.
func connect(t *testing.T, url, graph string, size int, log *slog.Logger) client {
	t.Helper()
	c := falkor.Defaults()
	c.URL, c.Graph = falkor.Secret(url), graph
	c.Pool.MinSize, c.Pool.MaxSize, c.Pool.Timeout = min(5, size), size, time.Minute
	made, err := falkor.NewClient(c, log)
	require.NoError(t, err)
	require.NoError(t, made.Init(t.Context()))
	t.Cleanup(func() { require.NoError(t, made.Close(context.WithoutCancel(t.Context()))) })
	return client{made, graph}
}

// slowed is a client whose queries wait for a while, longest at most.
func slowed(t *testing.T, size int, longest time.Duration) client {
	t.Helper()
	server := falkortest.Shared(t)
	proxy := falkortest.NewProxy(t, server.Addr())
	made := connect(t, "redis://"+proxy.Addr(), server.Graph(t), size, slog.New(slog.DiscardHandler))
	proxy.Set(falkortest.Schedule{
		Seed: 20, Odds: map[falkortest.Fault]float64{falkortest.Delay: 1}, Delay: longest,
		Only: []string{"GRAPH.QUERY", "GRAPH.RO_QUERY"},
	})
	return made
}

// callers makes n calls, so many at a time, and returns how long all took.
func callers(t *testing.T, c client, n, atATime int) time.Duration {
	t.Helper()
	var left atomic.Int64
	left.Store(int64(n))
	errs := make([]error, atATime)
	var all sync.WaitGroup
	began := time.Now()
	for i := range atATime {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				errs[i] = errors.Join(errs[i], c.ask(t.Context()))
			}
		})
	}
	all.Wait()
	took := time.Since(began)
	require.NoError(t, errors.Join(errs...))
	return took
}

func TestTenQueriesTakeTheTimeOfOne(t *testing.T) {
	const longest = 200 * time.Millisecond
	c := slowed(t, 20, longest)
	together := callers(t, c, 10, 10) // opens the connections
	for range 3 {
		together = min(together, callers(t, c, 10, 10)) // other work can only make it slower
	}
	apart := callers(t, c, 10, 1)
	t.Logf("ten at once %v, one after the other %v: %.1f times", together, apart, apart.Seconds()/together.Seconds())
	require.Greater(t, apart, 3*together)
}

func TestTwentyConnectionsDoTheWorkOfManyTimesOne(t *testing.T) {
	const longest = 40 * time.Millisecond
	one, twenty := slowed(t, 1, longest), slowed(t, 20, longest)
	callers(t, twenty, 20, 20)
	alone := 40 / callers(t, one, 40, 20).Seconds()
	pooled := 800 / callers(t, twenty, 800, 40).Seconds()
	t.Logf("%.0f queries a second on one connection, %.0f on twenty: %.1f times", alone, pooled, pooled/alone)
	require.Greater(t, pooled, 8*alone)
}

func TestCallersQueueAndAreAllServed(t *testing.T) {
	for _, row := range []struct {
		name    string
		callers int
	}{{"50 on 20", 50}, {"200 on 20", 200}} {
		t.Run(row.name, func(t *testing.T) {
			const size = 20
			c := slowed(t, size, 20*time.Millisecond)
			var active, waiting atomic.Int64
			stop := make(chan struct{})
			var watch sync.WaitGroup
			watch.Go(func() {
				for {
					s := c.Stats()
					active.Store(max(active.Load(), int64(s.ActiveConnections)))
					waiting.Store(max(waiting.Load(), int64(s.WaitingCallers)))
					select {
					case <-stop:
						return
					case <-time.After(time.Millisecond):
					}
				}
			})
			callers(t, c, 5*row.callers, row.callers)
			close(stop)
			watch.Wait()
			require.Equal(t, int64(size), active.Load(), "most connections in use")
			require.Positive(t, waiting.Load())
			require.LessOrEqual(t, waiting.Load(), int64(row.callers))
			s := c.Stats()
			require.Zero(t, s.ActiveConnections+s.WaitingCallers)
			require.LessOrEqual(t, s.IdleConnections, size)
			require.Zero(t, s.TotalRetries)
		})
	}
}

// busy holds calls that a frozen server does not answer.
type busy struct {
	t      *testing.T
	client client
	ends   []context.CancelFunc
	calls  sync.WaitGroup
}

// hold lets n connections be in use, one call after the other.
func (b *busy) hold(n int) {
	b.t.Helper()
	for len(b.ends) > n {
		last := len(b.ends) - 1
		b.ends[last]()
		b.ends = b.ends[:last]
	}
	b.await()
	for len(b.ends) < n {
		ctx, end := context.WithCancel(b.t.Context())
		b.ends = append(b.ends, end)
		b.calls.Go(func() { _ = b.client.ask(ctx) }) // that it is given up is meant
		b.await()
	}
}

func (b *busy) await() {
	b.t.Helper()
	require.Eventually(b.t, func() bool { return b.client.Stats().ActiveConnections == len(b.ends) }, 10*time.Second, time.Millisecond)
}

func TestBusyPoolIsWarnedOfOnceUntilItHasBeenAtRest(t *testing.T) {
	server := falkortest.Start(t)
	log, warnings := counting("high_pool_utilization")
	b := &busy{t: t, client: connect(t, server.URL(), "load", 20, log)}
	server.Pause()
	for _, step := range []struct {
		hold int // of 20
		want int64
		why  string
	}{
		{17, 0, "each call is counted as the next one comes: 16 were seen, 80 %"},
		{20, 1, "above 80 %"},
		{14, 1, ""},
		{20, 1, "it was above 60 % all the time"},
		{12, 1, ""},
		{20, 2, "it was at 60 %"},
	} {
		b.hold(step.hold)
		require.Equal(t, step.want, warnings.Load(), "at %d connections: %s", step.hold, step.why)
	}
	b.hold(0)
	server.Resume()
	b.calls.Wait()
	require.NoError(t, b.client.ask(t.Context()))
}
