package falkor

import (
	"context"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// keep looks after the connections until the client closes: at half the
// interval of the settings, so that none is used that has not been heard of
// for longer, and when one was found dead.
func (c *Client) keep(ctx context.Context, p *pool) {
	ticker := time.NewTicker(c.config.Pool.HealthCheckInterval / 2)
	defer ticker.Stop()
	for {
		select {
		case <-c.stop:
			return
		case <-ticker.C:
		case <-p.suspects:
		}
		p.tend(ctx, c.config.Pool)
	}
}

// tend checks all idle connections, throws away dead ones, and opens new ones
// up to MinSize in all. What fails here is met again by the first query that
// needs it.
func (p *pool) tend(ctx context.Context, c PoolConfig) {
	ctx, cancel := context.WithTimeout(ctx, c.SocketConnectTimeout)
	defer cancel()
	p.rest()
	_ = p.servers.each(ctx, func(ctx context.Context, node *redis.Client) error {
		touch(ctx, node, int(node.PoolStats().IdleConns))
		left := node.PoolStats()
		if missing := c.MinSize - int(left.TotalConns); missing > 0 {
			touch(ctx, node, int(left.IdleConns)+missing)
		}
		return nil
	})
}

// touch sends a PING on n connections of node at the same time, which makes
// those that are new ready and drops those that are dead.
func touch(ctx context.Context, node *redis.Client, n int) {
	held := make([]*redis.Conn, n)
	var pings sync.WaitGroup
	for i := range held {
		held[i] = node.Conn()
		pings.Go(func() { _ = held[i].Ping(ctx).Err() }) // go-redis drops it then
	}
	pings.Wait()
	for _, conn := range held {
		_ = conn.Close()
	}
}
