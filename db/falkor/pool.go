package falkor

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
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

	// single is the server if there is no more than one. Only then are there
	// lanes: with several, an idle lane to one would keep a place from another.
	// Each call takes the last lane that is idle, if there is any, and leaves
	// at most one behind. So go-redis always has a connection for a call
	// without.
	single *redis.Client
	fresh  time.Duration // how long a lane may stay one
	mu     sync.Mutex
	idle   []*lane
}

func newPool(s servers, c PoolConfig) *pool {
	p := &pool{
		servers:  s,
		places:   make(chan struct{}, c.MaxSize),
		timeout:  c.Timeout,
		dead:     make(chan struct{}),
		suspects: make(chan struct{}, 1),
		fresh:    c.HealthCheckInterval / 2,
	}
	if o, ok := s.(*one); ok {
		p.single = o.Client
	}
	return p
}

// lane returns the last lane that is idle, or nil.
func (p *pool) lane() *lane {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1
	if last < 0 {
		return nil
	}
	l := p.idle[last]
	p.idle = p.idle[:last]
	return l
}

// hotLane returns a lane that is ready for use, or nil.
func (p *pool) hotLane(ctx context.Context, now time.Time) *lane {
	l := p.lane()
	switch {
	case l == nil:
		return nil
	case l.wire.closed.Load():
		l.drop(ctx)
		return nil
	case !l.isHot(now, p.fresh):
		l.giveBack()
		return nil
	}
	return l
}

// leave makes l idle.
func (p *pool) leave(l *lane) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, l)
}

// rest gives all idle lanes back to go-redis.
func (p *pool) rest() {
	for l := p.lane(); l != nil; l = p.lane() {
		l.giveBack()
	}
}

// lanes is how many lanes are idle.
func (p *pool) lanes() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.idle)
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

// free gives a place to the first who waits.
func (p *pool) free() { <-p.places }

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
