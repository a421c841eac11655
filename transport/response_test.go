package transport

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/require"
)

// visited serves s and handlers over a real connection.
func visited(t *testing.T, s *server.MCPServer, o HTTPOptions) (url string) {
	t.Helper()
	web, err := NewHTTP(s, httpDefaults(), o, discard())
	require.NoError(t, err)
	t.Cleanup(web.giveUp)
	site := httptest.NewServer(web.server.Handler)
	t.Cleanup(site.Close)
	return site.URL
}

// fetched is an answer, read to its end.
type fetched struct {
	status int
	header http.Header
	body   string
}

// fetch sends a message, its header given as names and values.
func fetch(t *testing.T, url, message string, header ...string) fetched {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(message))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return fetched{answer.StatusCode, answer.Header, string(body)}
}

func TestAPanicIsToldOnlyToWhoWasToldNothing(t *testing.T) {
	for _, row := range []struct {
		name   string
		before func(http.ResponseWriter)
		cut    bool
	}{
		{"before the answer", func(http.ResponseWriter) {}, false},
		{"after a header that is not sent", func(w http.ResponseWriter) { w.Header().Set("X-A", "b") }, false},
		{"after a word that more will come", func(w http.ResponseWriter) { w.WriteHeader(http.StatusEarlyHints) }, false},
		{"after a part", func(w http.ResponseWriter) { _, _ = io.WriteString(w, "a part") }, true},
		{"after a part that is on its way", func(w http.ResponseWriter) {
			_, _ = io.WriteString(w, "a part")
			_ = http.NewResponseController(w).Flush()
		}, true},
		{"after the header alone", func(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			url := visited(t, chatty(), HTTPOptions{Public: map[string]http.Handler{"/": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				row.before(w)
				panic("on purpose")
			})}})
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
			require.NoError(t, err)
			answer, err := http.DefaultClient.Do(r)
			var content []byte
			if err == nil {
				defer answer.Body.Close()
				content, err = io.ReadAll(answer.Body)
			}
			if row.cut {
				require.Error(t, err, "the client takes a part for the whole")
				require.NotContains(t, string(content), "Internal error")
				return
			}
			require.NoError(t, err)
			require.Equal(t, http.StatusInternalServerError, answer.StatusCode)
			require.Equal(t, "Internal error", string(content))
		})
	}
}

func TestAPanicAfterANotificationIsStillAnswered(t *testing.T) {
	s := chatty()
	s.AddTool(mcp.NewTool("half"), func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		if err := server.ServerFromContext(ctx).SendNotificationToClient(ctx, "notifications/progress", map[string]any{"progress": 1}); err != nil {
			return nil, err
		}
		panic("on purpose")
	})
	url := visited(t, s, HTTPOptions{})
	const hello = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`
	session := fetch(t, url+mcpPath, hello).header.Get(headerSession)
	answer := fetch(t, url+mcpPath, `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"half"}}`, headerSession, session)
	note, last, ok := strings.Cut(answer.body, "\n\n")
	require.True(t, ok)
	require.Contains(t, note, "notifications/progress")
	require.Contains(t, last, `"id":7`)
	require.Contains(t, last, "internal error")
}
