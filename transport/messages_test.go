package transport

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/require"
)

// chatty is a server with a tool that tells how far it is, and one that cannot
// be answered.
func chatty() *server.MCPServer {
	s := server.NewMCPServer("chatty", "1", server.WithToolCapabilities(false))
	s.AddTool(mcp.NewTool("count"), func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		for i := range 5 {
			if err := server.ServerFromContext(ctx).SendNotificationToClient(ctx, "notifications/progress", map[string]any{"progress": i}); err != nil {
				return nil, err
			}
		}
		return mcp.NewToolResultText("counted"), nil
	})
	s.AddTool(mcp.NewTool("endless"), func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return mcp.NewToolResultStructured(map[string]any{"c": make(chan int)}, "x"), nil
	})
	s.AddTool(mcp.NewTool("trap"), func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return mcp.NewToolResultStructured(trap{}, "x"), nil
	})
	s.AddTool(mcp.NewTool("panic"), func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) { panic("no") })
	return s
}

// serving returns the handler of a transport, and a session of it.
func serving(t *testing.T) (h http.Handler, session string) {
	t.Helper()
	c := httpDefaults()
	web, err := NewHTTP(chatty(), c, HTTPOptions{}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(web.giveUp)
	w := asked(t, web.server.Handler, "", `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`)
	return web.server.Handler, w.Header().Get(headerSession)
}

func asked(t *testing.T, h http.Handler, session, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost/mcp", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if session != "" {
		r.Header.Set(headerSession, session)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func use(tool string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":%q}}`, tool)
}

func TestWhatIsToldOfARequestComesBeforeItsAnswer(t *testing.T) {
	h, session := serving(t)
	w := asked(t, h, session, use("count"), "Accept", "application/json, text/event-stream")
	require.Equal(t, "text/event-stream", w.Header().Get("Content-Type"))
	events := strings.Split(strings.TrimSpace(w.Body.String()), "\n\n")
	require.Len(t, events, 6)
	for i := range 5 {
		require.Contains(t, events[i], fmt.Sprintf(`"progress":%d`, i))
	}
	require.Contains(t, events[5], `"counted"`)
}

func TestClientThatTakesNoStreamGetsTheAnswer(t *testing.T) {
	h, session := serving(t)
	w := asked(t, h, session, use("count"), "Accept", "application/json")
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
	require.Contains(t, w.Body.String(), `"counted"`)
}

func TestRefusalIsUnderTheIDThatWasGiven(t *testing.T) {
	h, session := serving(t)
	for _, id := range []string{"9007199254740993", "-123456789012345678901234567890", "1.50", `"a"`, "7"} {
		t.Run(id, func(t *testing.T) {
			w := asked(t, h, session, `{"jsonrpc":"2.0","id":`+id+`,"method":"tools/call","params":{"name":"count","arguments":{"text":"`+"\xff"+`"}}}`)
			require.Contains(t, w.Body.String(), "invalid byte 0xff")
			require.Contains(t, w.Body.String(), `"id":`+id+`,`)
		})
	}
}

func TestEveryRequestHasAnAnswer(t *testing.T) {
	h, session := serving(t)
	for _, tool := range []string{"endless", "panic", "trap"} {
		t.Run(tool, func(t *testing.T) {
			w := asked(t, h, session, use(tool))
			require.JSONEq(t, `{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"internal error"}}`, w.Body.String())
		})
	}
}

func TestMessageOfVeryManyValuesIsRefused(t *testing.T) {
	h, session := serving(t)
	many := strings.Repeat(`{"":0},`, mostValues) + "0"
	call := func(list string) string {
		return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"count","arguments":{"list":[` + list + `]}}}`
	}
	require.Contains(t, asked(t, h, session, call(many)).Body.String(), "message has more than 100000 values")
	asID := asked(t, h, session, `{"jsonrpc":"2.0","method":"ping","id":[`+many+`]}`).Body
	require.JSONEq(t, `{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"message has more than 100000 values"}}`, asID.String())
	require.Contains(t, asked(t, h, session, call(`"`+strings.Repeat(",[{", mostValues)+`"`)).Body.String(), `"counted"`)
}

// trap cannot be encoded: it panics.
type trap struct{}

func (trap) MarshalJSON() ([]byte, error) { panic("on purpose") }

func TestRequestOverSSEHasAnAnswerWhateverBecomesOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := serveOverWires(t, nil)
		c := client{w, t, ""}
		stream := bufio.NewScanner((<-c.ask(http.MethodGet, "/sse", "", "")).rest)
		told := make(chan string, 100)
		go func() {
			defer close(told)
			for stream.Scan() {
				if data, ok := strings.CutPrefix(stream.Text(), "data: "); ok {
					told <- data
				}
			}
		}()
		endpoint := <-told
		for _, tool := range []string{"endless", "panic", "trap"} {
			require.Equal(t, http.StatusAccepted, c.post(endpoint, "", use(tool)))
			require.JSONEq(t, `{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"internal error"}}`, <-told)
		}
		require.NoError(t, w.stop(t, 10*time.Second))
	})
}

func TestSessionKeepsLittleOfWhatAClientSaysOfItself(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	web := handlerOf(t, chatty())
	w := asked(t, web.server.Handler, "", `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18",`+
		`"capabilities":{"roots":{"listChanged":true},"experimental":{"a":"`+long+`"},"extensions":{"b":"`+long+`"}},`+
		`"clientInfo":{"name":"client","version":"`+long+`","title":"`+long+`","description":"`+long+`"}}}`)
	require.Equal(t, http.StatusOK, w.Code)
	s := web.sessions.all()[0]
	require.Equal(t, "client", s.GetClientInfo().Name)
	require.NotNil(t, s.GetClientCapabilities().Roots)
	kept, err := json.Marshal([]any{s.GetClientInfo(), s.GetClientCapabilities()})
	require.NoError(t, err)
	require.Less(t, len(kept), 1000)
}
