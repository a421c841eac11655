package server

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	mcpserver "github.com/mark3labs/mcp-go/server"
)

var errShuttingDown = errors.New("shutting down")

// Counters says what a server has done.
type Counters struct {
	Requests int64 // calls of tools, those refused and those of unknown tools included
	Errors   int64 // of these, those that were answered with an error
	InFlight int   // calls under way
	Tools    int   // tools offered
	Uptime   time.Duration
}

// calls counts the calls of tools, and refuses them once the server drains.
type calls struct {
	now     func() time.Time
	started time.Time
	called  func(tool string, took time.Duration, failed bool) // nil for nobody

	mu       sync.Mutex
	requests int64
	errors   int64
	inFlight int
	draining bool
	leaving  chan struct{} // closed when draining
	idle     chan struct{} // closed when draining and nothing is under way
}

func newCalls(now func() time.Time, called func(string, time.Duration, bool)) *calls {
	return &calls{now: now, started: now(), called: called, leaving: make(chan struct{}), idle: make(chan struct{})}
}

// count is the middleware.
func (c *calls) count(next mcpserver.ToolHandlerFunc) mcpserver.ToolHandlerFunc {
	return func(ctx context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		if !c.begin() {
			return nil, errShuttingDown
		}
		began := c.now()
		result, err := next(ctx, r)
		if c.called != nil {
			c.called(r.Params.Name, c.now().Sub(began), err != nil)
		}
		c.end(err != nil)
		return result, err
	}
}

func (c *calls) begin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests++
	if c.draining {
		c.errors++
		return false
	}
	c.inFlight++
	return true
}

func (c *calls) end(failed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if failed {
		c.errors++
	}
	c.inFlight--
	if c.draining && c.inFlight == 0 {
		close(c.idle)
	}
}

func (c *calls) countUnknown() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests++
	c.errors++
}

func (c *calls) drain(ctx context.Context) error {
	c.mu.Lock()
	if !c.draining {
		c.draining = true
		close(c.leaving)
		if c.inFlight == 0 {
			close(c.idle)
		}
	}
	c.mu.Unlock()
	select {
	case <-c.idle:
		return nil
	default:
	}
	select {
	case <-c.idle:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("drain with %d calls under way: %w", c.counters().InFlight, ctx.Err())
	}
}

func (c *calls) counters() Counters {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Counters{Requests: c.requests, Errors: c.errors, InFlight: c.inFlight, Uptime: c.now().Sub(c.started)}
}
