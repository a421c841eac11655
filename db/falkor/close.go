package falkor

import (
	"context"
	"time"
)

// drainTime is how long Close waits for the calls under way.
const drainTime = 10 * time.Second

// Close refuses new calls at once, waits for those under way until ctx ends,
// at most ten seconds, and cancels the rest. Calling it again does nothing but
// wait for the first. It never returns an error but that of ctx of such a
// second call: what goes wrong is in the log.
func (c *Client) Close(ctx context.Context) error {
	if !c.closing.CompareAndSwap(false, true) {
		c.log.DebugContext(ctx, "already_closed")
		return c.awaitOver(ctx)
	}
	c.log.InfoContext(ctx, "closing_connection_pool")
	close(c.stop)
	left := c.drain(ctx)
	if p := c.pool.Load(); p != nil {
		if left > 0 {
			c.log.WarnContext(ctx, "pending_queries_cancelled", "active", left)
		}
		if err := p.close(); err != nil {
			c.log.WarnContext(ctx, "close_error", "error", say(err))
		}
	}
	c.initializing.Lock() // until an Init under way has noticed
	defer c.initializing.Unlock()
	c.ready.Store(false)
	c.closed.Store(true)
	close(c.over)
	c.log.InfoContext(ctx, "connection_pool_closed")
	return nil
}

func (c *Client) awaitOver(ctx context.Context) error {
	if c.closed.Load() {
		return nil
	}
	select {
	case <-c.over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// drain waits for the calls under way and returns how many are left.
func (c *Client) drain(ctx context.Context) int64 {
	n := c.calls.Load()
	if n == 0 {
		return 0
	}
	c.log.InfoContext(ctx, "waiting_for_pending_queries", "active", n)
	timer := time.NewTimer(drainTime)
	defer timer.Stop()
	for c.calls.Load() > 0 {
		select {
		case <-c.drained:
		case <-timer.C:
			return c.calls.Load()
		case <-ctx.Done():
			return c.calls.Load()
		}
	}
	return 0
}
