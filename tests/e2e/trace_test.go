package e2e

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/tests/client"
	"zapomni/transport/tracing/tracingtest"
)

// trees are the traces of a call that adds a memory, by the store.
var trees = map[string]string{
	"embedded": `POST /mcp
  tools/call add_memory
    put
`,
	"falkordb": `POST /mcp
  tools/call add_memory
    put
      GRAPH.QUERY
`,
}

// said sends a message with what the header has as names and values, and
// returns the header of the answer.
func (s *site) said(t *testing.T, message string, header ...string) http.Header {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.scheme+"://127.0.0.1:"+s.port+"/mcp", strings.NewReader(message))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := s.client.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.StatusCode, string(content))
	require.NotContains(t, string(content), `"isError":true`)
	return answer.Header
}

func TestATraceGoesFromTheRequestToTheQuery(t *testing.T) {
	needSignals(t)
	const token, text = "a-token-that-is-long", "The tortoise sleeps in the shed."
	const trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	for store, settings := range stores {
		t.Run(store, func(t *testing.T) {
			collector := tracingtest.Collect(t)
			s := visit(t, append(settings(t), "ZAPOMNI_TOKEN="+token, "ZAPOMNI_TRACING_ENABLED=true", "ZAPOMNI_TRACING_ENDPOINT="+collector.URL),
				"serve", "--transport", "http")
			session := s.said(t, `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`,
				"Authorization", "Bearer "+token).Get("Mcp-Session-Id")
			s.said(t, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add_memory","arguments":{"text":"`+text+`"}}}`,
				"Authorization", "Bearer "+token, "Mcp-Session-Id", session, "traceparent", "00-"+trace+"-"+span+"-01")
			s.said(t, `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"search_memory","arguments":{"query":"where does the tortoise sleep?"}}}`,
				"Authorization", "Bearer "+token, "Mcp-Session-Id", session)
			s.signal(t, syscall.SIGTERM) // what was not sent yet is sent then
			require.Zero(t, ended(t, s.Process), s.Stderr.String())

			spans := collector.Spans()
			require.Contains(t, collector.Trees(), trees[store])
			added := slices.IndexFunc(spans, func(s tracingtest.Span) bool { return s.Name == "tools/call add_memory" })
			root := slices.IndexFunc(spans, func(s tracingtest.Span) bool { return s.ID == spans[added].Parent })
			require.Equal(t, []string{trace, span}, []string{spans[root].Trace, spans[root].Parent})
			require.Equal(t, "zapomni", spans[root].Resource["service.name"])
			asked := slices.IndexFunc(spans, func(s tracingtest.Span) bool { return s.Name == "tools/call search_memory" })
			require.True(t, slices.ContainsFunc(spans, func(s tracingtest.Span) bool { return s.Name == "embed" && s.Parent == spans[asked].ID }))
			for _, s := range spans {
				require.False(t, s.Failed && s.Name != "embed", s.Whole) // a question does not wait long for its vector
				for _, secret := range []string{token, "tortoise", session} {
					require.NotContains(t, s.Whole, secret)
				}
			}
		})
	}
}

func TestACallOverStandardInputIsTraced(t *testing.T) {
	collector := tracingtest.Collect(t)
	c := client.Start(t, t.TempDir(), "ZAPOMNI_TRACING_ENABLED=true", "ZAPOMNI_TRACING_ENDPOINT="+collector.URL)
	require.NoError(t, c.Initialize())
	_, err := client.Tool(c, "add_memory", map[string]any{"text": "The key is under the mat."})
	require.NoError(t, err)
	require.NoError(t, c.EndInput())
	require.Zero(t, ended(t, c.Process))
	require.Equal(t, "tools/call add_memory\n  put\n", collector.Trees())
}

func TestACollectorThatIsAwayIsNoHindrance(t *testing.T) {
	needSignals(t)
	s := visit(t, []string{"ZAPOMNI_TRACING_ENABLED=true", "ZAPOMNI_TRACING_ENDPOINT=http://127.0.0.1:" + freePort(t)}, "serve", "--transport", "http")
	s.said(t, `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`)
	s.signal(t, syscall.SIGTERM)
	require.Zero(t, ended(t, s.Process), s.Stderr.String())
	require.Contains(t, s.Stderr.String(), "traces_not_sent")
	require.Contains(t, s.LastWords(), "Server shutdown complete")
}
