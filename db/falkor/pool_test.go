package falkor

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

// nowhere are servers that are never asked.
type nowhere struct{ servers }

func (nowhere) Close() error            { return nil }
func (nowhere) stats() *redis.PoolStats { return &redis.PoolStats{} }

func poolOf(places int) *pool {
	return newPool(nowhere{}, PoolConfig{MaxSize: places, Timeout: 10 * time.Second})
}

// occupy takes a place until the function it returns is called.
func occupy(t *testing.T, p *pool) (leave func()) {
	t.Helper()
	free, in := make(chan struct{}), make(chan struct{})
	go func() {
		_ = p.take(t.Context())
		close(in)
		<-free
		p.free()
	}()
	<-in
	return func() { close(free) }
}

func TestPlacesAreLentToWhoCameFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf(1)
		leave := occupy(t, p)
		order := make(chan int, 5)
		for i := range 5 {
			go func() {
				_ = p.take(t.Context())
				order <- i
				p.free()
			}()
			synctest.Wait()
		}
		require.Equal(t, int64(5), p.waiting.Load())
		require.Equal(t, 1, p.active())
		leave()
		for i := range 5 {
			require.Equal(t, i, <-order)
		}
		synctest.Wait()
		require.Zero(t, p.waiting.Load())
		require.Zero(t, p.active())
	})
}

func TestWaitForAPlaceEnds(t *testing.T) {
	for _, row := range []struct {
		name  string
		end   func(cancel func(), p *pool)
		after time.Duration
		want  error
	}{
		{"after the timeout", func(func(), *pool) {}, 10 * time.Second, errNoConnection},
		{"with the caller", func(cancel func(), _ *pool) { cancel() }, time.Second, context.Canceled},
		{"with the pool", func(_ func(), p *pool) { close(p.dead) }, time.Second, errClosed},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := poolOf(1)
				defer occupy(t, p)()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				time.AfterFunc(time.Second, func() { row.end(cancel, p) })
				start := time.Now()
				require.ErrorIs(t, p.take(ctx), row.want)
				require.Equal(t, row.after, time.Since(start))
				require.Zero(t, p.waiting.Load())
				require.Equal(t, 1, p.active())
			})
		})
	}
}

// brokenServers panic when a call wants one of them.
type brokenServers struct{ nowhere }

func (brokenServers) pick(context.Context, string, bool) (*redis.Client, error) { panic("broken") }

func TestPanicLeavesNothingBehind(t *testing.T) {
	log, _ := logged(t)
	c, err := NewClient(Defaults(), log)
	require.NoError(t, err)
	p := newPool(brokenServers{}, c.config.Pool)
	c.pool.Store(p)
	require.PanicsWithValue(t, "broken", func() { _, _ = c.Query(t.Context(), one1(Reads)) })
	require.PanicsWithValue(t, "broken", func() { _, _ = c.Do(t.Context(), Reads, "PING") })
	require.Zero(t, p.active())
	require.Zero(t, c.calls.Load())
	require.NoError(t, c.Close(t.Context()))
}

func TestClosedPoolHasNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf(2)
		require.NoError(t, p.close())
		require.NoError(t, p.close())
		require.ErrorIs(t, p.take(t.Context()), errClosed)
	})
}

func TestWarningIsGivenAbove80AndArmedAgainAt60(t *testing.T) {
	log, e := logged(t)
	a := alarm{log: log}
	for _, active := range []int{0, 16, 17, 18, 20, 13, 17, 12, 16, 17, 20} {
		a.check(t.Context(), active, 20)
	}
	require.Equal(t, []map[string]any{
		{"level": "WARN", "utilization_percent": 85.0, "active": 17.0, "max": 20.0},
		{"level": "WARN", "utilization_percent": 85.0, "active": 17.0, "max": 20.0},
	}, e.named("high_pool_utilization"))
}

func TestUtilizationHasOneDecimal(t *testing.T) {
	require.InDelta(t, 66.7, utilization(2, 3), 0)
	require.InDelta(t, 0, utilization(0, 20), 0)
	require.InDelta(t, 100, utilization(7, 7), 0)
}

func TestStatsInEveryState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, _ := logged(t)
		c, err := NewClient(Defaults(), log)
		require.NoError(t, err)
		require.Equal(t, Stats{MaxConnections: 20}, c.Stats())

		p := poolOf(20)
		c.pool.Store(p)
		c.ready.Store(true)
		c.queries.Add(9)
		c.retries.Add(2)
		leave := occupy(t, p)
		require.Equal(t, Stats{
			MaxConnections: 20, ActiveConnections: 1, TotalQueries: 9, TotalRetries: 2, UtilizationPercent: 5, Initialized: true,
		}, c.Stats())
		leave()
		synctest.Wait()

		require.NoError(t, c.Close(t.Context()))
		require.Equal(t, Stats{MaxConnections: 20, TotalQueries: 9, TotalRetries: 2, Closed: true}, c.Stats())
	})
}

func TestCallsAtTheWrongTime(t *testing.T) {
	log, e := logged(t)
	c, err := NewClient(Defaults(), log)
	require.NoError(t, err)
	ask := func() error {
		_, err := c.Query(t.Context(), Statement{Text: "RETURN 1"})
		return err
	}
	do := func() error {
		_, err := c.Do(t.Context(), Reads, "PING")
		return err
	}
	for _, call := range []func() error{ask, do} {
		require.EqualError(t, call(), "Client not initialized. Call init_async() first.")
		require.ErrorIs(t, call(), memory.ErrUnavailable)
	}
	require.NoError(t, c.Close(t.Context()))
	require.NoError(t, c.Close(t.Context()))
	for _, call := range []func() error{ask, do} {
		require.EqualError(t, call(), "Client has been closed.")
	}
	require.EqualError(t, c.Init(t.Context()), "Client has been closed. Create new instance.")
	require.Zero(t, c.Stats().TotalQueries)
	require.Equal(t, []string{"client_configured", "closing_connection_pool", "connection_pool_closed", "already_closed"}, e.names())
	require.Equal(t, []map[string]any{
		{"level": "INFO", "host": "localhost", "port": 6381.0, "graph": "zapomni_memory", "pool_max": 20.0},
	}, e.named("client_configured"))
}
