// Package server offers memory to assistants as tools of the Model Context
// Protocol. It speaks the protocol and words the answers; what is kept and
// found is decided by memory, and how messages travel by whoever serves MCP().
//
// Every call of a tool is answered, an error in words that the caller can act
// on. What went wrong inside is logged and never sent.
package server

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	mcpserver "github.com/mark3labs/mcp-go/server"
	"go.opentelemetry.io/otel/trace"

	"zapomni/server/tools"
)

// Name is what the server calls itself to clients.
const Name = "zapomni-memory"

// Memory is what the tools ask of memory.
type Memory = tools.Memory

// Traffic is what connections of clients and their requests come to.
type Traffic = tools.Traffic

// Options describes a server. Zero stands for what the comment says.
type Options struct {
	Version        string // as clients see it; must be given
	SearchLimit    int    // hits in an answer unless the caller says; 10
	MaxTextLength  int    // code points in a memory; 10,000,000
	MaxResultBytes int    // in an answer unless the caller asks for more; 20,000
	// Traffic counts clients and what they ask; nil where they do not connect.
	Traffic func() Traffic
	// Called is told of every call of a tool that there is, once it has ended;
	// nil for nobody. It has to be quick, and may be called from many goroutines.
	Called func(tool string, took time.Duration, failed bool)
	// Tracer makes a span of each call of a tool; nil for none.
	Tracer trace.Tracer
}

// Server answers calls of the tools. It may be used from many goroutines.
type Server struct {
	mcp      *mcpserver.MCPServer
	calls    *calls
	sessions *sessions
	tools    int
}

// New makes a server over m. It serves nothing until MCP is given to a
// transport.
func New(m Memory, o Options, log *slog.Logger) (*Server, error) {
	if o.Version == "" {
		return nil, errors.New("new server: no version")
	}
	s := &Server{calls: newCalls(time.Now, o.Called), sessions: newSessions(log)}
	list := tools.All(m, s.sessions, tools.Options{
		SearchLimit: o.SearchLimit, MaxTextLength: o.MaxTextLength, MaxResultBytes: o.MaxResultBytes,
		Leaving: s.calls.leaving, Traffic: o.Traffic,
	})
	s.tools = len(list)
	s.mcp = mcpserver.NewMCPServer(Name, o.Version,
		mcpserver.WithInstructions(instructions),
		mcpserver.WithToolCapabilities(false),
		mcpserver.WithToolFilter(inOrder(list)),
		mcpserver.WithHooks(s.hooks()),
		mcpserver.WithToolHandlerMiddleware(inWords(log)), // the outermost
		mcpserver.WithToolHandlerMiddleware(traced(o.Tracer)),
		mcpserver.WithToolHandlerMiddleware(s.calls.count),
		mcpserver.WithToolHandlerMiddleware(recovered),
	)
	s.mcp.AddTools(list...)
	return s, nil
}

// MCP returns the server of the protocol, for a transport to serve.
func (s *Server) MCP() *mcpserver.MCPServer { return s.mcp }

// Drain refuses new calls from now on and waits for those under way. It
// returns the error of ctx if that is done first. It may be called again.
func (s *Server) Drain(ctx context.Context) error { return s.calls.drain(ctx) }

// Counters returns what the server has done since it was made.
func (s *Server) Counters() Counters {
	c := s.calls.counters()
	c.Tools = s.tools
	return c
}

func (s *Server) hooks() *mcpserver.Hooks {
	h := &mcpserver.Hooks{}
	h.AddOnUnregisterSession(s.sessions.forget)
	// No middleware sees a call of a tool that there is not.
	h.AddOnError(func(_ context.Context, _ any, method mcp.MCPMethod, _ any, _ error) {
		if method == mcp.MethodToolsCall {
			s.calls.countUnknown()
		}
	})
	return h
}

// inOrder lists the tools in the order of ts: the library sorts them by name.
func inOrder(ts []mcpserver.ServerTool) mcpserver.ToolFilterFunc {
	place := make(map[string]int, len(ts))
	for i, t := range ts {
		place[t.Tool.Name] = i
	}
	return func(_ context.Context, shown []mcp.Tool) []mcp.Tool {
		slices.SortFunc(shown, func(a, b mcp.Tool) int { return cmp.Compare(place[a.Name], place[b.Name]) })
		return shown
	}
}
