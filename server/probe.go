package server

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"zapomni/memory"
)

const (
	// probeFresh is how long the answer of the store is believed.
	probeFresh = time.Second
	// probeTime is how long the store has for it.
	probeTime = 1500 * time.Millisecond
)

var errNoAnswer = errors.New("the store does not answer")

// pinger is what a probe asks.
type pinger interface {
	Ping(ctx context.Context) error
}

// Probe knows whether the store can serve. It asks the store when it is asked
// itself, at most once a second however many ask.
type Probe struct {
	store pinger
	kind  string
	now   func() time.Time

	mu   sync.Mutex
	last *attempt // nil before the first
}

// attempt is one question to the store.
type attempt struct {
	began time.Time
	done  chan struct{} // closed when the answer is there
	err   error         // to be read after done
}

// NewProbe returns a probe of a store, whose kind is what its users call it.
func NewProbe(store pinger, kind string) *Probe {
	return &Probe{store: store, kind: kind, now: time.Now}
}

// Check returns nil if the store answered within the last second, and
// otherwise what it says now. It takes two seconds at most.
func (p *Probe) Check(ctx context.Context) error {
	a := p.attempt(ctx)
	timer := time.NewTimer(probeTime + 200*time.Millisecond)
	defer timer.Stop()
	select {
	case <-a.done:
		return a.err
	case <-timer.C:
		return errNoAnswer
	case <-ctx.Done():
		return ctx.Err()
	}
}

// attempt returns the question that is under way or fresh, or asks anew.
func (p *Probe) attempt(ctx context.Context) *attempt {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if p.last != nil && (now.Sub(p.last.began) < probeFresh || !p.last.over()) {
		return p.last
	}
	a := &attempt{began: now, done: make(chan struct{})}
	p.last = a
	go func() {
		// Others may wait for the answer when whoever asked first has gone.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeTime)
		defer cancel()
		defer close(a.done)
		if err := p.store.Ping(ctx); err != nil {
			a.err = fmt.Errorf("store: %w", err)
		}
	}()
	return a
}

func (a *attempt) over() bool {
	select {
	case <-a.done:
		return true
	default:
		return false
	}
}

// Pool returns how the store's pool of connections does; ok is false for a
// store that has none.
func (p *Probe) Pool() (stats memory.PoolStats, ok bool) {
	pooled, ok := p.store.(memory.Pooled)
	if !ok {
		return memory.PoolStats{}, false
	}
	return pooled.Pool(), true
}

// Health says of the server and its store what an operator wants to know, by
// the names under which /health has it. The error is what the store says.
func (s *Server) Health(ctx context.Context, p *Probe) (map[string]any, error) {
	err := p.Check(ctx)
	counts := s.Counters()
	facts := map[string]any{
		"store":           map[string]any{"kind": p.kind, "reachable": err == nil},
		"calls_in_flight": counts.InFlight,
		"tools":           map[string]any{"registered": counts.Tools, "calls": counts.Requests, "errors": counts.Errors, "error_rate": ErrorRate(counts)},
	}
	if pool, ok := p.Pool(); ok {
		facts["database_pool"] = pool
		facts["database"] = map[string]any{"pool": map[string]any{
			"max_connections": pool.MaxConnections, "active_connections": pool.ActiveConnections,
			"utilization_percent": pool.UtilizationPercent, "initialized": pool.Initialized,
		}}
	}
	return facts, err
}

// ErrorRate is the part of the calls that were answered with an error, between
// 0 and 1, with four decimals.
func ErrorRate(c Counters) float64 {
	return math.Round(float64(c.Errors)/float64(max(1, c.Requests))*1e4) / 1e4
}
