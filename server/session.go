package server

import (
	"context"
	"slices"
	"sync"

	mcpserver "github.com/mark3labs/mcp-go/server"

	"zapomni/memory"
)

// mostSessions bounds how many sessions are remembered. Not every transport
// says when one is over.
const mostSessions = 10_000

// sessions knows the workspace that each session is in. Those that are still
// in the default one need no place here.
type sessions struct {
	mu    sync.Mutex
	in    map[string]memory.Workspace
	order []string // of entering, oldest first
	most  int
}

func newSessions() *sessions {
	return &sessions{in: make(map[string]memory.Workspace), most: mostSessions}
}

// Current returns the workspace of the session in ctx.
func (s *sessions) Current(ctx context.Context) memory.Workspace {
	id := sessionID(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if w, ok := s.in[id]; ok {
		return w
	}
	return memory.DefaultWorkspace
}

// Enter puts the session in ctx into w. It returns false if there is none.
// Beyond the bound the session that entered its workspace first is back in the
// default one.
func (s *sessions) Enter(ctx context.Context, w memory.Workspace) bool {
	id := sessionID(ctx)
	if id == "" {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(id)
	if w == memory.DefaultWorkspace {
		return true
	}
	s.in[id] = w
	s.order = append(s.order, id)
	if len(s.order) > s.most {
		s.drop(s.order[0])
	}
	return true
}

// forget is called when a session is over.
func (s *sessions) forget(_ context.Context, session mcpserver.ClientSession) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(session.SessionID())
}

func (s *sessions) drop(id string) {
	if _, ok := s.in[id]; !ok {
		return
	}
	delete(s.in, id)
	s.order = slices.DeleteFunc(s.order, func(other string) bool { return other == id })
}

// sessionID returns nothing where the protocol has no sessions.
func sessionID(ctx context.Context) string {
	if session := mcpserver.ClientSessionFromContext(ctx); session != nil {
		return session.SessionID()
	}
	return ""
}
