// Package integration runs the whole server in process: its tools over the
// memory over a store in a file, with nothing left out but the transport.
package integration

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/stretchr/testify/require"

	"zapomni/db/embedded"
	"zapomni/memory"
	"zapomni/server"
)

// house is a server with all its rooms.
type house struct {
	*server.Server

	store *embedded.Store
	path  string // of the store's file
	log   *log
}

// log keeps what is logged by many goroutines.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func build(t *testing.T) *house {
	t.Helper()
	h := &house{path: filepath.Join(t.TempDir(), "zapomni.db"), log: new(log)}
	logger := slog.New(slog.NewTextHandler(h.log, nil))
	c := embedded.Defaults()
	c.Path = h.path
	var err error
	h.store, err = embedded.Open(t.Context(), c, logger)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.store.Close()) })
	h.Server, err = server.New(memory.New(h.store, memory.Defaults()), server.Options{Version: "1.2.3"}, logger)
	require.NoError(t, err)
	return h
}

// session is a client's, known to the server by its ID.
type session string

func (s session) SessionID() string                                   { return string(s) }
func (s session) NotificationChannel() chan<- mcp.JSONRPCNotification { return nil }
func (s session) Initialize()                                         {}
func (s session) Initialized() bool                                   { return true }

// answer is what a tool said.
type answer struct {
	text    string
	isError bool
	data    json.RawMessage
	size    int // of the whole result on the wire, in bytes
}

// as calls a tool in a session.
func (h *house) as(ctx context.Context, id session, tool string, arguments map[string]any) (answer, error) {
	message, err := json.Marshal(map[string]any{
		"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": map[string]any{"name": tool, "arguments": arguments},
	})
	if err != nil {
		return answer{}, err
	}
	raw, err := json.Marshal(h.MCP().HandleMessage(h.MCP().WithContext(ctx, id), message))
	if err != nil {
		return answer{}, err
	}
	var m struct{ Result json.RawMessage }
	var result struct {
		Content           []struct{ Text string }
		StructuredContent json.RawMessage
		IsError           bool
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return answer{}, err
	}
	if err := json.Unmarshal(m.Result, &result); err != nil {
		return answer{}, fmt.Errorf("%s: %w", raw, err)
	}
	if len(result.Content) != 1 {
		return answer{}, fmt.Errorf("not one text: %s", raw)
	}
	return answer{result.Content[0].Text, result.IsError, result.StructuredContent, len(m.Result)}, nil
}

// call is as for the test's own goroutine and one session.
func (h *house) call(t *testing.T, tool string, arguments map[string]any) answer {
	t.Helper()
	a, err := h.as(t.Context(), "me", tool, arguments)
	require.NoError(t, err)
	return a
}

// add keeps a text and returns its ID.
func (h *house) add(t *testing.T, arguments map[string]any) string {
	t.Helper()
	a := h.call(t, "add_memory", arguments)
	require.False(t, a.isError, a.text)
	return idIn(t, a)
}

func idIn(t *testing.T, a answer) string {
	t.Helper()
	var out struct {
		ID string `json:"memory_id"`
	}
	require.NoError(t, json.Unmarshal(a.data, &out))
	require.NotEmpty(t, out.ID)
	return out.ID
}

// memories returns how many memories the default workspace holds.
func (h *house) memories(t *testing.T) int {
	t.Helper()
	counts, err := h.store.Counts(t.Context(), memory.DefaultWorkspace)
	require.NoError(t, err)
	return counts.Memories
}

// holdWrites keeps everybody from writing, as another process would that is
// in the middle of a change, until the function returned is called.
func (h *house) holdWrites(t *testing.T) (release func()) {
	t.Helper()
	db, err := sql.Open("sqlite", h.path)
	require.NoError(t, err)
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	_, err = conn.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	require.NoError(t, err)
	return sync.OnceFunc(func() {
		_, err := conn.ExecContext(context.WithoutCancel(t.Context()), "ROLLBACK")
		require.NoError(t, err)
		require.NoError(t, conn.Close())
		require.NoError(t, db.Close())
	})
}
