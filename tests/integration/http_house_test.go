package integration

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/server"
	"zapomni/transport"
)

// web is a house that is reached over HTTP.
type web struct {
	*house

	url   string
	http  *transport.HTTP
	stop  context.CancelFunc // begins the ordered stop
	ended <-chan error       // receives how it ended
	probe *server.Probe
}

// open serves a new house over HTTP on a port of its own.
func open(t *testing.T, change ...func(*transport.HTTPConfig)) *web {
	t.Helper()
	return build(t).open(t, change...)
}

func (h *house) open(t *testing.T, change ...func(*transport.HTTPConfig)) *web {
	t.Helper()
	c := transport.Defaults().HTTP
	c.Port = 0
	for _, f := range change {
		f(&c)
	}
	w := &web{house: h, probe: server.NewProbe(h.store, "embedded")}
	log := slog.New(slog.NewTextHandler(h.log, nil))
	var err error
	w.http, err = transport.NewHTTP(h.MCP(), c, transport.HTTPOptions{
		Name: transport.SSE, Version: "1.2.3", Metrics: transport.NewMetrics(),
		Health:   func(ctx context.Context) (map[string]any, error) { return h.Health(ctx, w.probe) },
		Handlers: map[string]http.Handler{"/api/": says("api")},
		Public:   map[string]http.Handler{"/": says("page")},
	}, log)
	require.NoError(t, err)
	require.NoError(t, w.http.Listen(t.Context()))
	w.url = "http://" + w.http.Addr().String()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	w.stop, w.ended = stop, ended
	go func() {
		ended <- transport.Run(ctx, log, patience, w.http.Part(), transport.Part{Name: "calls", Stop: h.Drain}, w.http.Door())
		close(ended)
	}()
	t.Cleanup(func() {
		stop()
		<-ended //nolint:errcheck // tests that ask how it ended have received it.
	})
	return w
}

// says is a handler that answers one word.
func says(word string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, word) })
}

// response is an answer over HTTP, read to its end.
type response struct {
	status int
	header http.Header
	body   string
}

// request sends a request whose header is given as names and values.
func (w *web) request(t *testing.T, method, path, body string, header ...string) response {
	t.Helper()
	r, err := w.send(t.Context(), method, path, strings.NewReader(body), header...)
	require.NoError(t, err)
	return r
}

func (w *web) send(ctx context.Context, method, path string, body io.Reader, header ...string) (response, error) {
	answer, err := w.do(ctx, method, path, body, header...)
	if err != nil {
		return response{}, err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	return response{answer.StatusCode, answer.Header, string(content)}, err
}

func (w *web) do(ctx context.Context, method, path string, body io.Reader, header ...string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, w.url+path, body)
	if err != nil {
		return nil, err
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		} else {
			r.Header.Set(header[i], header[i+1])
		}
	}
	return http.DefaultClient.Do(r)
}

const initialize = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}`

// session opens a session of streamable HTTP and returns its ID.
func (w *web) session(t *testing.T, header ...string) string {
	t.Helper()
	r := w.request(t, http.MethodPost, "/mcp", initialize, header...)
	require.Equal(t, http.StatusOK, r.status, r.body)
	id := r.header.Get("Mcp-Session-Id")
	require.Regexp(t, "^[0-9a-f]{32}$", id)
	return id
}

// calling is a message that calls a tool.
func calling(id any, tool string, arguments map[string]any) string {
	message, err := json.Marshal(map[string]any{
		"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": map[string]any{"name": tool, "arguments": arguments},
	})
	if err != nil {
		panic(err)
	}
	return string(message)
}

// toldOf is what a tool says in an answer.
func toldOf(body string) (answer, error) {
	var m struct {
		Result struct {
			Content []struct{ Text string }
			IsError bool
			Data    json.RawMessage `json:"structuredContent"`
		}
	}
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		return answer{}, fmt.Errorf("%s: %w", body, err)
	}
	if len(m.Result.Content) != 1 {
		return answer{}, fmt.Errorf("not one text: %s", body)
	}
	return answer{m.Result.Content[0].Text, m.Result.IsError, m.Result.Data, len(body)}, nil
}

// tool calls a tool in a session of streamable HTTP.
func (w *web) tool(t *testing.T, session, tool string, arguments map[string]any) answer {
	t.Helper()
	r := w.request(t, http.MethodPost, "/mcp", calling(1, tool, arguments), "Mcp-Session-Id", session)
	require.Equal(t, http.StatusOK, r.status, r.body)
	a, err := toldOf(r.body)
	require.NoError(t, err)
	return a
}

// stream is an open stream of events.
type stream struct {
	endpoint string // of a stream over SSE
	events   chan string
	header   http.Header
	hangUp   context.CancelFunc
}

// listen opens a stream. What is not read of it is left unread.
func (w *web) listen(t *testing.T, path string, header ...string) *stream {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	t.Cleanup(cancel)
	answer, err := w.do(ctx, http.MethodGet, path, nil, header...) //nolint:bodyclose // its reader does.
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.StatusCode)
	s := &stream{events: make(chan string, 1000), header: answer.Header, hangUp: cancel}
	go s.read(answer.Body)
	return s
}

func (s *stream) read(body io.ReadCloser) {
	defer close(s.events)
	defer body.Close()
	for lines := bufio.NewReader(body); ; {
		line, err := lines.ReadString('\n')
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			s.events <- strings.TrimSuffix(data, "\n")
		}
		if err != nil {
			return
		}
	}
}

// sse opens a session over SSE.
func (w *web) sse(t *testing.T, header ...string) *stream {
	t.Helper()
	s := w.listen(t, "/sse", header...)
	s.endpoint = within(t, s.events)
	require.Regexp(t, `^/messages/\?session_id=[0-9a-f]{32}$`, s.endpoint)
	return s
}

// post sends a message of a session over SSE.
func (w *web) post(t *testing.T, s *stream, message string) {
	t.Helper()
	r := w.request(t, http.MethodPost, s.endpoint, message)
	require.Equal(t, http.StatusAccepted, r.status, r.body)
	require.Equal(t, "Accepted", r.body)
}

// health returns what /health says.
func (w *web) health(t *testing.T) (int, map[string]any) {
	t.Helper()
	r := w.request(t, http.MethodGet, "/health", "")
	var facts map[string]any
	d := json.NewDecoder(bytes.NewReader([]byte(r.body)))
	d.UseNumber()
	require.NoError(t, d.Decode(&facts), r.body)
	return r.status, facts
}
