package transport

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

var (
	errTooMany = errors.New("too many sessions are open")
	errDoor    = errors.New("the server is shutting down")
)

// sessionLimits are the bounds of the registry. Zero means none.
type sessionLimits struct {
	most          int           // sessions in all
	mostPerClient int           // sessions of one client
	idle          time.Duration // how long a session may be of no use
	rate          float64       // requests a second, of one session
}

// SessionCounts says how many sessions there are, and were.
type SessionCounts struct {
	Registered int   // sessions that a client may come back to
	Present    int   // of these, those whose client is connected now
	Streams    int   // streams that are open
	Created    int64 // since the start
	Closed     int64
	Peak       int // most at a time
	Requests   int64
	Errors     int64 // requests that were answered with an error of the protocol
}

// sessions is the registry. A session is present while a connection is open
// that it was used over: a client that dies is noticed at once, yet one that
// lets an idle connection go can come back to its session.
type sessions struct {
	limits  sessionLimits
	log     *slog.Logger
	now     func() time.Time
	began   func(*session) error // tells mcp-go
	ended   func(*session)
	holds   func(*caller) bool // who may have sessions
	streams atomic.Int64
	// strangers are the clients without sessions.
	strangers strangers

	requests atomic.Int64
	errors   atomic.Int64

	mu      sync.RWMutex
	closed  bool // no more come in
	by      map[string]*session
	clients map[string]int // sessions of each client
	present int
	created int64
	gone    int64
	peak    int
}

// connection is one connection and the sessions that were used over it.
type connection struct {
	caller   atomic.Pointer[caller]  // of the request that is being answered, nil for none
	latest   atomic.Pointer[session] // the one to be expected next
	sessions map[*session]struct{}   // under the registry's lock
}

func newSessions(limits sessionLimits, log *slog.Logger) *sessions {
	return &sessions{
		limits: limits, log: log, now: time.Now, strangers: strangers{rate: limits.rate},
		began: func(*session) error { return nil }, ended: func(*session) {}, holds: func(*caller) bool { return true },
		by: make(map[string]*session), clients: make(map[string]int),
	}
}

// make returns a session that nobody knows yet.
func (r *sessions) make(kind string, owner *caller, address string) *session {
	s := newSession(kind, owner, address, r.now())
	if r.limits.rate > 0 {
		s.limit = newLimiter(r.limits.rate)
	}
	return s
}

// add makes a session known. It returns errTooMany at a bound, unless a session
// can go whose client is away, and errWrongToken if its owner has just been
// expelled.
func (r *sessions) add(s *session) error {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return errDoor
	}
	if !r.holds(s.owner) {
		r.mu.Unlock()
		return errWrongToken
	}
	left, ok := r.makeRoom(s)
	if !ok {
		r.mu.Unlock()
		return errTooMany
	}
	r.by[s.id] = s
	r.clients[s.payer]++
	r.created++
	r.peak = max(r.peak, len(r.by))
	active := len(r.by)
	r.mu.Unlock()

	if left != nil {
		r.bury(left)
	}
	if err := r.began(s); err != nil {
		r.remove(s)
		return err
	}
	r.log.Info("Session created", "session_id", s.shortID(), "client_ip", s.address, "active_sessions", active, "heartbeat_enabled", true)
	return nil
}

// makeRoom takes out the session that has to go for one more, nil if there is
// room. It returns false at a bound where none can go. It is called under the
// lock.
func (r *sessions) makeRoom(s *session) (left *session, ok bool) {
	full := r.limits.most > 0 && len(r.by) >= r.limits.most
	own := r.limits.mostPerClient > 0 && r.clients[s.payer] >= r.limits.mostPerClient
	if !full && !own {
		return nil, true
	}
	for _, other := range r.by {
		if own && other.payer != s.payer || len(other.connections) > 0 || other.inFlight.Load() > 0 {
			continue
		}
		if left == nil || r.ratherThan(left, other) {
			left = other
		}
	}
	if left == nil {
		return nil, false
	}
	r.drop(left)
	return left, true
}

// ratherThan reports whether, of two sessions whose clients are away, other has
// to go: that of who has more of them, so that nobody can drive out the rest, or
// else that which has been away for longer.
func (r *sessions) ratherThan(s, other *session) bool {
	if has, more := r.clients[s.payer], r.clients[other.payer]; has != more {
		return more > has
	}
	return other.used.Load() < s.used.Load()
}

// find returns the session with that id, if whoever sends a request over a
// connection may use it in this way, and notes that they do.
func (r *sessions) find(id, kind string, c *connection) (*session, bool) {
	s := c.latest.Load()
	if s == nil || s.id != id {
		r.mu.RLock()
		s = r.by[id]
		r.mu.RUnlock()
	}
	if s == nil || s.kind != kind || s.owner.name != c.caller.Load().name {
		return nil, false
	}
	r.meet(s, c)
	return s, true
}

// meet notes that a session is used over a connection.
func (r *sessions) meet(s *session, c *connection) {
	s.used.Store(r.now().UnixNano())
	if c.latest.Load() == s {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.by[s.id] != s {
		return
	}
	c.latest.Store(s)
	if _, ok := c.sessions[s]; ok {
		return
	}
	if c.sessions == nil {
		c.sessions = make(map[*session]struct{}, 1)
	}
	c.sessions[s] = struct{}{}
	if s.connections == nil {
		s.connections = make(map[*connection]struct{}, 1)
	}
	if len(s.connections) == 0 {
		r.present++
	}
	s.connections[c] = struct{}{}
}

// part notes that a connection is gone.
func (r *sessions) part(c *connection) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for s := range c.sessions {
		delete(s.connections, c)
		if len(s.connections) == 0 {
			r.present--
		}
	}
	c.sessions = nil
	c.latest.Store(nil)
}

// remove ends a session. It returns false if that has ended already.
func (r *sessions) remove(s *session) bool {
	r.mu.Lock()
	known := r.by[s.id] == s
	if known {
		r.drop(s)
	}
	r.mu.Unlock()
	if known {
		r.bury(s)
	}
	return known
}

// drop takes a session out, under the lock.
func (r *sessions) drop(s *session) {
	delete(r.by, s.id)
	if r.clients[s.payer]--; r.clients[s.payer] == 0 {
		delete(r.clients, s.payer)
	}
	if len(s.connections) > 0 {
		r.present--
	}
	for c := range s.connections {
		delete(c.sessions, s)
		c.latest.CompareAndSwap(s, nil)
	}
	s.connections = nil
	r.gone++
}

// bury tells everyone that a session has been dropped.
func (r *sessions) bury(s *session) {
	s.close()
	r.ended(s)
	r.log.Info("Session removed", "session_id", s.shortID(), "duration_seconds", r.now().Sub(s.created).Seconds(),
		"request_count", s.requests.Load(), "error_count", s.errors.Load(), "active_sessions", r.counts().Registered)
}

// counted notes a request of a session that was answered.
func (r *sessions) counted(s *session, failed bool) {
	r.answered(failed)
	s.requests.Add(1)
	if failed {
		s.errors.Add(1)
	}
}

// answered notes a request that was answered.
func (r *sessions) answered(failed bool) {
	r.requests.Add(1)
	if failed {
		r.errors.Add(1)
	}
}

// sweep ends the sessions that have been of no use for too long: those without
// a stream whose client has asked for nothing.
func (r *sessions) sweep() {
	since := r.now().Add(-r.limits.idle)
	var stale []*session
	r.mu.RLock()
	for _, s := range r.by {
		if s.kind == overHTTP && s.idle(since) && !s.streaming() {
			stale = append(stale, s)
		}
	}
	r.mu.RUnlock()
	cleaned := 0
	for _, s := range stale {
		if r.remove(s) {
			s.finish()
			cleaned++
			r.log.Info("Stale session cleaned up", "session_id", s.shortID())
		}
	}
	if cleaned > 0 {
		r.log.Info("Stale session cleanup completed", "cleaned_count", cleaned, "remaining_sessions", r.counts().Registered)
	}
}

// sweeping sweeps until ctx is done.
func (r *sessions) sweeping(ctx context.Context) {
	if r.limits.idle <= 0 {
		return
	}
	tick := time.NewTicker(min(max(r.limits.idle/4, time.Second), 30*time.Second))
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			r.sweep()
		case <-ctx.Done():
			return
		}
	}
}

// expel ends the sessions of those who may have none any more, whatever they
// have under way.
func (r *sessions) expel() {
	for _, s := range r.all() {
		if !r.holds(s.owner) && r.remove(s) {
			s.finish()
			r.log.Info("session_revoked", "session_id", s.shortID())
		}
	}
}

// shut lets no more sessions in.
func (r *sessions) shut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
}

// all returns the sessions there are.
func (r *sessions) all() []*session {
	r.mu.RLock()
	defer r.mu.RUnlock()
	all := make([]*session, 0, len(r.by))
	for _, s := range r.by {
		all = append(all, s)
	}
	return all
}

// counts returns how many sessions there are.
func (r *sessions) counts() SessionCounts {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return SessionCounts{
		Registered: len(r.by), Present: r.present, Streams: int(r.streams.Load()),
		Created: r.created, Closed: r.gone, Peak: r.peak,
		Requests: r.requests.Load(), Errors: r.errors.Load(),
	}
}
