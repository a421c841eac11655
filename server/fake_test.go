package server

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/mark3labs/mcp-go/mcp"
	mcpserver "github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

const someID memory.ID = "0190a8f0-0000-7000-8000-000000000001"

// fake has two workspaces and answers the same whatever it is asked.
type fake struct {
	err    error  // of every method
	do     func() // called by every method, if not nil
	hits   []memory.Hit
	lost   bool // the workspaces but the default one are gone
	counts memory.Counts
	added  []memory.Workspace
	late   bool // Embed takes until its context is done
}

func (f *fake) reply() error {
	if f.do != nil {
		f.do()
	}
	return f.err
}

func (f *fake) find(w memory.Workspace) error {
	if err := f.reply(); err != nil {
		return err
	}
	if w == memory.DefaultWorkspace || w == "work" && !f.lost {
		return nil
	}
	return fmt.Errorf("find: %w", &memory.UnknownWorkspaceError{ID: w, Near: []memory.Workspace{"work"}})
}

func (f *fake) Add(_ context.Context, d memory.Draft) (memory.Memory, error) {
	err := f.find(d.Workspace)
	if err == nil {
		f.added = append(f.added, d.Workspace)
	}
	return memory.Memory{ID: someID, Workspace: d.Workspace, Text: d.Text}, err
}

func (f *fake) Embed(ctx context.Context, _ memory.Workspace, _ func(int)) error {
	if f.late {
		<-ctx.Done()
	}
	return cmp.Or(f.reply(), ctx.Err())
}

func (f *fake) Recall(context.Context, memory.Question) (memory.Answer, error) {
	return memory.Answer{Hits: f.hits}, f.reply()
}

func (f *fake) Stats(context.Context, memory.Workspace) (memory.Stats, error) {
	return memory.Stats{Counts: f.counts}, f.reply()
}

func (f *fake) Delete(context.Context, memory.Workspace, memory.ID) error { return f.reply() }
func (f *fake) Clear(context.Context) error                               { return f.reply() }

func (f *fake) CreateWorkspace(_ context.Context, info memory.WorkspaceInfo) (memory.WorkspaceInfo, error) {
	return info, f.reply()
}

func (f *fake) Workspaces(context.Context) ([]memory.WorkspaceInfo, error) {
	return []memory.WorkspaceInfo{{ID: "work", Name: "Work"}}, f.reply()
}

func (f *fake) Workspace(_ context.Context, w memory.Workspace) (memory.WorkspaceInfo, error) {
	return memory.WorkspaceInfo{ID: w, Name: "Work"}, f.find(w)
}

func (f *fake) DeleteWorkspace(_ context.Context, w memory.Workspace) error { return f.find(w) }

func (f *fake) Counts(context.Context, memory.Workspace) (memory.Counts, error) {
	return f.counts, f.reply()
}

// newServer returns a server over f and what it logs.
func newServer(t *testing.T, f *fake) (*Server, *bytes.Buffer) {
	t.Helper()
	var logged bytes.Buffer
	s, err := New(f, Options{Version: "1.2.3"}, slog.New(slog.NewTextHandler(&logged, nil)))
	require.NoError(t, err)
	return s, &logged
}

// session is a client's, known to the server by its ID.
type session string

func (s session) SessionID() string                                   { return string(s) }
func (s session) NotificationChannel() chan<- mcp.JSONRPCNotification { return nil }
func (s session) Initialize()                                         {}
func (s session) Initialized() bool                                   { return true }

// as returns a context in which calls come from a session.
func as(t *testing.T, s *Server, id session) context.Context {
	t.Helper()
	return s.MCP().WithContext(t.Context(), id)
}

// ask sends a call as a client would and returns its text, and whether it is
// marked as an error.
func ask(ctx context.Context, t *testing.T, s *Server, tool, args string) (text string, isError bool) {
	t.Helper()
	text, isError, err := send(ctx, s, tool, args)
	require.NoError(t, err)
	return text, isError
}

// send is ask for other goroutines than the test's own.
func send(ctx context.Context, s *Server, tool, args string) (text string, isError bool, err error) {
	answer := s.MCP().HandleMessage(ctx, fmt.Appendf(nil,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":%q,"arguments":%s}}`, tool, args))
	raw, err := json.Marshal(answer)
	if err != nil {
		return "", false, err
	}
	var got struct {
		Result struct {
			Content []struct{ Text string }
			IsError bool
		}
	}
	if err := json.Unmarshal(raw, &got); err != nil {
		return "", false, err
	}
	if len(got.Result.Content) != 1 {
		return "", false, fmt.Errorf("not one text: %s", raw)
	}
	return got.Result.Content[0].Text, got.Result.IsError, nil
}

// callOf is a call as a client makes it.
func callOf(tool string, args map[string]any) mcp.CallToolRequest {
	return mcp.CallToolRequest{Params: mcp.CallToolParams{Name: tool, Arguments: args}}
}

var (
	_ mcpserver.ClientSession = session("")
	_ Memory                  = (*fake)(nil)
	_ Memory                  = (*memory.Processor)(nil)
)
