package transport

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"golang.org/x/time/rate"
)

// mostCalls is how many requests of one session run at a time; the next one
// waits.
const mostCalls = 64

// kinds of sessions, by the route that they came in on.
const (
	overSSE  = "sse"
	overHTTP = "http"
)

// session is what one client says and is told, over any number of connections.
// It is the session that mcp-go knows, too.
type session struct {
	id      string
	kind    string
	owner   *caller // who has opened it, and those of that name may use it
	address string  // of the client, without the port
	payer   string  // on whose account it goes
	created time.Time
	limit   *rate.Limiter // nil for none

	slots    chan struct{} // a place for each request under way
	inFlight atomic.Int64
	requests atomic.Int64
	errors   atomic.Int64
	used     atomic.Int64 // when it was last heard of, in nanoseconds since 1970

	pourer   atomic.Pointer[pourer] // of the stream that is open, nil for none
	notes    chan mcp.JSONRPCNotification
	over     chan struct{} // closed when it ends: nothing more is taken in
	flush    chan struct{} // closed when the stream is to end
	ending   sync.Once
	draining sync.Once
	last     sync.Once

	mu      sync.Mutex
	stream  *stream // that is open, nil for none
	client  mcp.Implementation
	can     mcp.ClientCapabilities
	version string

	// Of the registry, under its lock.
	connections map[*connection]struct{}
}

func newSession(kind string, owner *caller, address string, now time.Time) *session {
	s := &session{
		id: newID(), kind: kind, owner: owner, address: address, payer: payer(owner, address), created: now,
		slots: make(chan struct{}, mostCalls),
		notes: make(chan mcp.JSONRPCNotification, 4),
		over:  make(chan struct{}),
		flush: make(chan struct{}),
	}
	s.used.Store(now.UnixNano())
	return s
}

// newID returns 128 random bits in 32 hexadecimal digits.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	return hex.EncodeToString(b[:])
}

// wellFormed reports whether an id may be one of ours.
func wellFormed(id string) bool {
	if len(id) != 32 {
		return false
	}
	for _, c := range []byte(id) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// shortID is enough of an id to tell sessions apart in the log, and too little
// to use one.
func (s *session) shortID() string { return s.id[:8] }

// enter waits for a place for one more request. It returns false if the
// session ends first or ctx does.
func (s *session) enter(ctx context.Context) bool {
	select {
	case <-s.over:
		return false
	default:
	}
	select {
	case s.slots <- struct{}{}:
		s.inFlight.Add(1)
		return true
	default:
	}
	select {
	case s.slots <- struct{}{}:
		s.inFlight.Add(1)
		return true
	case <-s.over:
		return false
	case <-ctx.Done():
		return false
	}
}

// leave gives the place back.
func (s *session) leave(now time.Time) {
	s.used.Store(now.UnixNano())
	s.inFlight.Add(-1)
	<-s.slots
}

// push writes an event to the stream. It returns false if nobody gets it.
func (s *session) push(event []byte) bool {
	p := s.pourer.Load()
	return p != nil && p.send(event)
}

// close takes nothing more in.
func (s *session) close() { s.ending.Do(func() { close(s.over) }) }

// finish ends the stream.
func (s *session) finish() {
	s.close()
	s.last.Do(func() { close(s.flush) })
}

// stream is one response that a session's events go to.
type stream struct{ cancel context.CancelFunc }

// open makes st the one stream of the session. One that was open before ends:
// its client has come back over another connection.
func (s *session) open(st *stream) {
	s.mu.Lock()
	before := s.stream
	s.stream = st
	s.mu.Unlock()
	if before != nil {
		before.cancel()
	}
}

// settle notes that st has ended.
func (s *session) settle(st *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stream == st {
		s.stream = nil
	}
}

func (s *session) streaming() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stream != nil
}

// idle reports whether nothing has been heard of the session since then, and
// nothing is under way.
func (s *session) idle(since time.Time) bool {
	return s.inFlight.Load() == 0 && s.used.Load() < since.UnixNano()
}

// SessionID is the id by which mcp-go knows the session.
func (s *session) SessionID() string { return s.id }

// NotificationChannel takes what is told to all sessions.
func (s *session) NotificationChannel() chan<- mcp.JSONRPCNotification { return s.notes }

// Initialize is called by mcp-go; a session needs nothing for it.
func (s *session) Initialize() {}

// Initialized is always true: nothing that is told has to wait.
func (s *session) Initialized() bool { return true }

// GetClientInfo returns what the client calls itself.
func (s *session) GetClientInfo() mcp.Implementation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.client
}

// SetClientInfo keeps what the client calls itself, no more of it than a log
// would: a session lasts.
func (s *session) SetClientInfo(client mcp.Implementation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.client = mcp.Implementation{
		Name: strings.Clone(clipped(client.Name)), Version: strings.Clone(clipped(client.Version)), Title: strings.Clone(clipped(client.Title)),
	}
}

// GetClientCapabilities returns what the client can do.
func (s *session) GetClientCapabilities() mcp.ClientCapabilities {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.can
}

// SetClientCapabilities keeps what the client can do, of what the protocol has
// names for.
func (s *session) SetClientCapabilities(can mcp.ClientCapabilities) {
	s.mu.Lock()
	defer s.mu.Unlock()
	can.Experimental, can.Extensions = nil, nil
	s.can = can
}

// ProtocolVersion returns the revision that was agreed on, empty before.
func (s *session) ProtocolVersion() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version
}

// SetProtocolVersion keeps the revision that was agreed on.
func (s *session) SetProtocolVersion(version string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version = version
}
