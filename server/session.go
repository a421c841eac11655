package server

import (
	"context"
	"log/slog"
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
	log *slog.Logger

	mu    sync.Mutex
	in    map[string]memory.Workspace
	order []string // of entering, oldest first
	most  int
}

func newSessions(log *slog.Logger) *sessions {
	return &sessions{log: log, in: make(map[string]memory.Workspace), most: mostSessions}
}

// Current returns the workspace of the session in ctx.
func (s *sessions) Current(ctx context.Context) memory.Workspace {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.of(sessionID(ctx))
}

func (s *sessions) of(id string) memory.Workspace {
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
	if old := s.put(id, w); old != w {
		s.log.InfoContext(ctx, "Workspace changed", "session_id", shortID(id), "old_workspace", old, "new_workspace", w)
	}
	return true
}

// put notes that a session is in w, and returns where it was.
func (s *sessions) put(id string, w memory.Workspace) (old memory.Workspace) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old = s.of(id)
	s.drop(id)
	if w == memory.DefaultWorkspace {
		return old
	}
	s.in[id] = w
	s.order = append(s.order, id)
	if len(s.order) > s.most {
		s.drop(s.order[0])
	}
	return old
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

// shortID is enough of the ID of a session to tell it apart, and too little to
// use it.
func shortID(id string) string { return id[:min(len(id), 8)] }

// sessionID returns nothing where the protocol has no sessions.
func sessionID(ctx context.Context) string {
	if session := mcpserver.ClientSessionFromContext(ctx); session != nil {
		return session.SessionID()
	}
	return ""
}
