package falkor

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// pool lends connections: at most as many at a time as there are places, to
// callers in the order in which they came.
type pool struct {
	servers servers
	places  chan struct{}
	timeout time.Duration // longest wait for a place
	waiting atomic.Int64
	dead    chan struct{} // closed when calls have to end
	ending  sync.Once

	// suspects is told when a connection was found dead, since others may be
	// dead as well. Through encryption, go-redis cannot see that by itself.
	suspects chan struct{}
}

func newPool(s servers, c PoolConfig) *pool {
	return &pool{
		servers:  s,
		places:   make(chan struct{}, c.MaxSize),
		timeout:  c.Timeout,
		dead:     make(chan struct{}),
		suspects: make(chan struct{}, 1),
	}
}

// suspect says that a connection was found dead.
func (p *pool) suspect() {
	select {
	case p.suspects <- struct{}{}:
	default:
	}
}

func (p *pool) isDead() bool {
	select {
	case <-p.dead:
		return true
	default:
		return false
	}
}

// active is how many connections are in use.
func (p *pool) active() int { return len(p.places) }

// carry runs do in a place of its own.
func (p *pool) carry(ctx context.Context, do func(context.Context) error) error {
	if err := p.take(ctx); err != nil {
		return err
	}
	defer func() { <-p.places }()
	return do(ctx)
}

// take waits for a free place.
func (p *pool) take(ctx context.Context) error {
	select {
	case p.places <- struct{}{}:
		return nil
	default:
	}
	p.waiting.Add(1)
	defer p.waiting.Add(-1)
	timer := time.NewTimer(p.timeout)
	defer timer.Stop()
	select {
	case p.places <- struct{}{}:
		return nil
	case <-timer.C:
		return errNoConnection
	case <-ctx.Done():
		return ctx.Err()
	case <-p.dead:
		return errClosed
	}
}

// closeGrace bounds the wait for calls to notice that their sockets are gone.
// Only those that are opening a connection take longer, and they leave nothing
// behind.
const closeGrace = time.Second

// close lets every caller go, closes all connections, and takes all places, so
// that no call is under way afterwards and none can begin. Only the first time
// does anything.
func (p *pool) close() (err error) {
	p.ending.Do(func() { err = p.end() })
	return err
}

func (p *pool) end() error {
	close(p.dead)
	err := p.servers.Close()
	timer := time.NewTimer(closeGrace)
	defer timer.Stop()
	for range cap(p.places) {
		select {
		case p.places <- struct{}{}:
		case <-timer.C:
			return err
		}
	}
	return err
}
