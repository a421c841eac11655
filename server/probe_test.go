package server

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

// patient is a store that answers after a while.
type patient struct {
	after time.Duration
	err   error
	asked int
}

func (p *patient) Ping(ctx context.Context) error {
	p.asked++
	select {
	case <-time.After(p.after):
		return p.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pooled is a store with a pool.
type pooled struct{ patient }

func (*pooled) Pool() memory.PoolStats {
	return memory.PoolStats{MaxConnections: 20, ActiveConnections: 5, UtilizationPercent: 25, Initialized: true}
}

func TestProbeAsksOnceHoweverManyAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &patient{after: 100 * time.Millisecond}
		p := NewProbe(store, "x")
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() { _ = p.Check(t.Context()) })
		}
		all.Wait()
		require.Equal(t, 1, store.asked)
		time.Sleep(2 * time.Second)
		require.NoError(t, p.Check(t.Context()))
		require.Equal(t, 2, store.asked)
	})
}

func TestProbeNoticesWithinTwoSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &patient{}
		p := NewProbe(store, "x")
		require.NoError(t, p.Check(t.Context()))
		store.err = errors.New("gone")
		time.Sleep(time.Second)
		require.ErrorIs(t, p.Check(t.Context()), store.err)
		store.err = nil
		time.Sleep(time.Second)
		require.NoError(t, p.Check(t.Context()))
	})
}

func TestProbeWaitsForNoStoreThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewProbe(&patient{after: time.Hour}, "x")
		began := time.Now()
		require.Error(t, p.Check(t.Context()))
		require.LessOrEqual(t, time.Since(began), 2*time.Second)
	})
}

func TestHealthTellsOfThePool(t *testing.T) {
	s, _ := newServer(t, &fake{})
	facts, err := s.Health(t.Context(), NewProbe(&pooled{}, "falkordb"))
	require.NoError(t, err)
	require.Equal(t, map[string]any{"pool": map[string]any{
		"max_connections": 20, "active_connections": 5, "utilization_percent": 25.0, "initialized": true,
	}}, facts["database"])
	require.Equal(t, map[string]any{"kind": "falkordb", "reachable": true}, facts["store"])
	facts, err = s.Health(t.Context(), NewProbe(&patient{}, "embedded"))
	require.NoError(t, err)
	require.NotContains(t, facts, "database")
}
