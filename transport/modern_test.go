package transport

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/require"
)

// withoutSession is a message of the revision that has no sessions.
func withoutSession(id, method, params string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":%q,"params":{%s"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",`+
		`"io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}}}`, id, method, params)
}

const listenParams = `"notifications":{"toolsListChanged":true},`

// hesitant is a server that thinks before it serves a request to listen, so
// that whoever waits for what it says is waiting by then.
func hesitant(changes bool) *server.MCPServer {
	hooks := &server.Hooks{}
	hooks.AddBeforeSubscriptionsListen(func(context.Context, any, *mcp.SubscriptionsListenRequest) { time.Sleep(time.Millisecond) })
	s := server.NewMCPServer("hesitant", "1", server.WithToolCapabilities(changes), server.WithHooks(hooks))
	s.AddTool(mcp.NewTool("hello"), func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return mcp.NewToolResultText("hello"), nil
	})
	return s
}

// modernly is the header of a request without a session.
func modernly(method string) []string {
	return []string{"Mcp-Protocol-Version", "2026-07-28", "Mcp-Method", method, "Accept", "application/json, text/event-stream"}
}

func handlerOf(t *testing.T, s *server.MCPServer) *HTTP {
	t.Helper()
	web, err := NewHTTP(s, httpDefaults(), HTTPOptions{}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(web.giveUp)
	return web
}

func TestWhoAsksToListenIsAlwaysAcknowledged(t *testing.T) {
	web := handlerOf(t, hesitant(false))
	for i := range 50 {
		id := fmt.Sprint(i + 1)
		w := asked(t, web.server.Handler, "", withoutSession(id, methodSubscribe, listenParams), modernly(methodSubscribe)...)
		require.Equal(t, http.StatusOK, w.Code, w.Body.String())
		require.Equal(t, "text/event-stream", w.Header().Get("Content-Type"))
		events := strings.Split(strings.TrimSpace(w.Body.String()), "\n\n")
		require.Len(t, events, 2, w.Body.String())
		require.JSONEq(t, `{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":`+id+`},"notifications":{}}}`,
			strings.TrimPrefix(events[0], "event: message\ndata: "))
		require.Contains(t, events[1], `"id":`+id+`,"result":`)
	}
}

func TestWhoAsksToListenWronglyIsToldSo(t *testing.T) {
	web := handlerOf(t, hesitant(false))
	w := asked(t, web.server.Handler, "", withoutSession("1", methodSubscribe, listenParams), "Mcp-Protocol-Version", "2026-07-28", "Mcp-Method", "tools/list")
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
	require.Contains(t, w.Body.String(), `"error"`)
}

func TestListeningDoesNotHoldUpAStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := serverOverWires(t, hesitant(true), httpDefaults(), nil)
		body := withoutSession("7", methodSubscribe, listenParams)
		conn := w.dial(t, fmt.Sprintf("POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nMcp-Protocol-Version: 2026-07-28\r\n"+
			"Mcp-Method: %s\r\nContent-Length: %d\r\n\r\n%s", methodSubscribe, len(body), body))
		said := make(chan string, 1)
		go func() { said <- allOf(conn) }()
		time.Sleep(time.Minute)
		began := time.Now()
		require.NoError(t, w.stop(t, 10*time.Second))
		require.Less(t, time.Since(began), time.Second)
		text := <-said
		require.Contains(t, text, "notifications/subscriptions/acknowledged")
		require.Contains(t, text, `"id":7,"result":`, "it is told that the stream has ended")
		require.True(t, strings.HasSuffix(text, "\r\n0\r\n\r\n"), "it was cut off")
	})
}

func TestRequestWithoutASessionIsAnsweredUnderItsID(t *testing.T) {
	web := handlerOf(t, hesitant(false))
	for _, id := range []string{"9007199254740993", "1.50", `"a"`, "7"} {
		for _, row := range []struct{ method, params string }{
			{"tools/list", ""}, {"no/such", ""}, {methodSubscribe, listenParams},
		} {
			t.Run(row.method+" "+id, func(t *testing.T) {
				w := asked(t, web.server.Handler, "", withoutSession(id, row.method, row.params), modernly(row.method)...)
				require.Contains(t, w.Body.String(), `{"jsonrpc":"2.0","id":`+id+`,`)
			})
		}
	}
}

func TestRequestsWithoutASessionAreCounted(t *testing.T) {
	web := handlerOf(t, hesitant(false))
	for _, method := range []string{"tools/list", methodSubscribe, "no/such"} {
		asked(t, web.server.Handler, "", withoutSession("1", method, ""), modernly(method)...)
	}
	asked(t, web.server.Handler, "", strings.Replace(withoutSession("1", "notifications/initialized", ""), `"id":1,`, "", 1), modernly("notifications/initialized")...)
	require.Equal(t, int64(3), web.Sessions().Requests)
	require.Equal(t, int64(1), web.Sessions().Errors)
}
