package transport

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

const (
	sendersTrace = "4bf92f3577b34da6a3ce929d0e0e4736"
	sendersSpan  = "00f067aa0ba902b7"
	traceparent  = "00-" + sendersTrace + "-" + sendersSpan + "-01"
)

// watched serves with a tracer.
type watched struct {
	*HTTP

	recorder *tracetest.SpanRecorder
	called   chan trace.SpanContext // receives where each call of look is
}

func watch(t *testing.T, change func(*HTTPConfig, *HTTPOptions)) watched {
	t.Helper()
	w := watched{recorder: tracetest.NewSpanRecorder(), called: make(chan trace.SpanContext, 1)}
	s := server.NewMCPServer("test", "1")
	s.AddTool(mcp.NewTool("look"), func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		w.called <- trace.SpanContextFromContext(ctx)
		return mcp.NewToolResultText("seen"), nil
	})
	c := httpDefaults()
	o := HTTPOptions{Tracer: sdk.NewTracerProvider(sdk.WithSpanProcessor(w.recorder)).Tracer("test")}
	if change != nil {
		change(&c, &o)
	}
	var err error
	w.HTTP, err = NewHTTP(s, c, o, discard())
	require.NoError(t, err)
	t.Cleanup(w.giveUp)
	return w
}

// ask sends a request and returns the answer.
func (w watched) ask(t *testing.T, method, path, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	r.Host = "localhost"
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer := httptest.NewRecorder()
	w.server.Handler.ServeHTTP(answer, r)
	return answer
}

// session opens one of streamable HTTP.
func (w watched) session(t *testing.T) string {
	t.Helper()
	return w.ask(t, http.MethodPost, mcpPath, `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`).
		Header().Get(headerSession)
}

const look = `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"look"}}`

func TestARequestIsASpanInTheTraceOfItsSender(t *testing.T) {
	w := watch(t, nil)
	session := w.session(t)
	require.Equal(t, http.StatusOK, w.ask(t, http.MethodPost, mcpPath, look, headerSession, session, "traceparent", traceparent, "tracestate", "a=b").Code)
	require.Len(t, w.recorder.Ended(), 2)
	span := w.recorder.Ended()[1]
	require.Equal(t, "POST /mcp", span.Name())
	require.Equal(t, trace.SpanKindServer, span.SpanKind())
	require.Equal(t, sendersTrace, span.SpanContext().TraceID().String())
	require.Equal(t, "a=b", span.SpanContext().TraceState().String())
	require.Equal(t, sendersSpan, span.Parent().SpanID().String())
	require.Equal(t, sdk.Status{}, span.Status())
	require.Equal(t, []attribute.KeyValue{
		attribute.String("http.request.method", "POST"), attribute.String("http.route", "/mcp"),
		attribute.String("url.path", "/mcp"), attribute.String("url.scheme", "http"),
		attribute.String("client.address", "192.0.2.1"), attribute.String("network.protocol.version", "1.1"),
		attribute.Int("http.response.status_code", 200),
	}, span.Attributes())
	require.Equal(t, span.SpanContext(), <-w.called, "the call is not below it")
}

func TestARequestWithoutATraceBeginsOne(t *testing.T) {
	w := watch(t, nil)
	w.session(t)
	require.False(t, w.recorder.Ended()[0].Parent().IsValid())
	require.NotEmpty(t, w.ask(t, http.MethodPost, mcpPath, "{}", "traceparent", "00-no-trace-01").Code)
	require.False(t, w.recorder.Ended()[1].Parent().IsValid())
}

func TestACallOfARevisionWithoutSessionsIsBelowItsRequest(t *testing.T) {
	w := watch(t, nil)
	const modern = `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"look","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"}}}}`
	answer := w.ask(t, http.MethodPost, mcpPath, modern, headerVersion, "2026-07-28", "Mcp-Method", "tools/call", "Mcp-Name", "look", "traceparent", traceparent)
	require.Equal(t, http.StatusOK, answer.Code, answer.Body)
	require.Equal(t, w.recorder.Ended()[0].SpanContext(), <-w.called)
}

func TestACallOverSSEIsBelowTheRequestThatBroughtIt(t *testing.T) {
	w := watch(t, nil)
	site := httptest.NewServer(w.server.Handler)
	defer site.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, site.URL+"/sse", http.NoBody)
	require.NoError(t, err)
	stream, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer stream.Body.Close()
	hello := make([]byte, len("event: endpoint\ndata: /messages/?session_id=")+32)
	_, err = io.ReadFull(stream.Body, hello)
	require.NoError(t, err)
	id := string(hello[len(hello)-32:])
	for _, path := range []string{messagesPath + "?session_id=" + id, messagesPath + id} {
		before := len(w.recorder.Ended())
		require.Equal(t, http.StatusAccepted, fetch(t, site.URL+path, look).status)
		require.Eventually(t, func() bool { return len(w.recorder.Ended()) == before+1 }, soon, 1)
		span := w.recorder.Ended()[before]
		require.Equal(t, "POST /messages/", span.Name())
		require.Equal(t, span.SpanContext(), <-w.called)
		require.NotContains(t, fmt.Sprint(span.Name(), span.Attributes()), id, "the session could be used by who reads traces")
	}
}

func TestWhatIsNotTraced(t *testing.T) {
	w := watch(t, func(c *HTTPConfig, o *HTTPOptions) {
		c.Tokens = []string{"a-token-that-is-long"}
		o.Metrics = NewMetrics()
		o.Public = map[string]http.Handler{"/": http.NotFoundHandler()}
	})
	for _, row := range []struct{ name, method, path, token string }{
		{"stranger", http.MethodPost, mcpPath, "wrong"},
		{"probe", http.MethodGet, "/health/ready", ""},
		{"metrics", http.MethodGet, "/metrics", "a-token-that-is-long"},
		{"page", http.MethodGet, "/", ""},
		{"stream", http.MethodGet, mcpPath, "a-token-that-is-long"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w.ask(t, row.method, row.path, look, "Authorization", "Bearer "+row.token, "traceparent", traceparent)
			require.Empty(t, w.recorder.Started())
		})
	}
}

func TestASpanSaysThatARequestFailed(t *testing.T) {
	for _, row := range []struct {
		name    string
		handler http.HandlerFunc
		status  int
		failed  bool
	}{
		{"what the sender did wrong", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, 404, false},
		{"what went wrong here", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, 502, true},
		{"panic", func(http.ResponseWriter, *http.Request) { panic("the key") }, 500, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := watch(t, func(_ *HTTPConfig, o *HTTPOptions) { o.Handlers = map[string]http.Handler{"/api/": row.handler} })
			require.Equal(t, row.status, w.ask(t, http.MethodGet, "/api/search?q=the+key", "").Code)
			span := w.recorder.Ended()[0]
			require.Equal(t, "GET /api/", span.Name())
			require.Contains(t, span.Attributes(), attribute.String("url.path", "/api/search"))
			require.Contains(t, span.Attributes(), attribute.Int("http.response.status_code", row.status))
			require.Equal(t, row.failed, span.Status().Code == codes.Error)
			require.NotContains(t, fmt.Sprint(span.Attributes(), span.Events(), span.Status()), "key")
		})
	}
}

func TestWithoutATracerNothingStandsInTheWay(t *testing.T) {
	w := watch(t, func(_ *HTTPConfig, o *HTTPOptions) { o.Tracer = nil })
	mux := http.NewServeMux()
	require.Same(t, mux, w.traced("/", mux))
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, mcpPath, http.NoBody)
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = w.callsOf(w.calls, r) }))
	require.Equal(t, w.calls, w.callsOf(w.calls, r))
}
