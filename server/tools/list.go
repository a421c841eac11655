package tools

import (
	"cmp"
	"context"

	mcpserver "github.com/mark3labs/mcp-go/server"

	"zapomni/memory"
)

// Memory is all that the tools ask of memory.
type Memory interface {
	adder
	recaller
	statistician
	deleter
	clearer
	workspaceMaker
	workspaceLister
	workspaceFinder
	workspaceCounter
	workspaceDeleter
}

// Sessions knows which workspace a caller is in.
type Sessions interface {
	// Current returns the workspace of the session in ctx: the default one if
	// it has not entered another, or there is no session.
	Current(ctx context.Context) memory.Workspace
	// Enter says that the session in ctx is in w from now on. It returns false
	// if there is no session that could be remembered.
	Enter(ctx context.Context, w memory.Workspace) bool
}

// Options bounds the tools, and tells them what memory does not know. Zero
// stands for what the comment says.
type Options struct {
	SearchLimit    int // hits in an answer unless the caller says; 10
	MaxTextLength  int // code points in a memory; 10,000,000
	MaxResultBytes int // in an answer unless the caller asks for more; DefaultResultBytes
	// Leaving is closed when answers are due that only wait; nil for never.
	Leaving <-chan struct{}
	// Traffic counts clients and what they ask; nil where they do not connect.
	Traffic func() Traffic
}

// Traffic is what connections and their requests come to.
type Traffic struct {
	Active, Peak    int // connections now, and the most there were
	Created, Closed int64
	Requests        int64
	Errors          int64 // requests that were answered with an error of the protocol
}

func (o Options) withDefaults() Options {
	o.SearchLimit = cmp.Or(o.SearchLimit, 10)
	o.MaxTextLength = cmp.Or(o.MaxTextLength, 10_000_000)
	o.MaxResultBytes = cmp.Or(o.MaxResultBytes, DefaultResultBytes)
	return o
}

// All returns every tool, in the order in which clients see them.
func All(m Memory, s Sessions, o Options) []mcpserver.ServerTool {
	o = o.withDefaults()
	return []mcpserver.ServerTool{
		addMemory(m, s, o),
		searchMemory(m, s, o.SearchLimit, o.MaxResultBytes),
		getStats(m, s, o),
		deleteMemory(m, s),
		clearAll(m),
		createWorkspace(m),
		listWorkspaces(m, o.MaxResultBytes),
		setCurrentWorkspace(m, s),
		getCurrentWorkspace(m, s),
		deleteWorkspace(m),
	}
}
