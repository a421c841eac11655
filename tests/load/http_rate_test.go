package load

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/require"

	"zapomni/transport"
)

const (
	clients   = 200
	callsEach = 20
)

// echoing returns a server with one tool that does next to nothing, so that
// what is measured is the transport.
func echoing() *server.MCPServer {
	s := server.NewMCPServer("echo", "1", server.WithToolCapabilities(false))
	s.AddTool(mcp.NewTool("echo", mcp.WithString("text", mcp.Required())), func(_ context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return mcp.NewToolResultText("you said " + r.GetString("text", "")), nil
	})
	return s
}

// guarded serves over HTTP with every guard on, and returns the address.
func guarded(tb testing.TB) string {
	tb.Helper()
	c := transport.Defaults().HTTP
	c.Port, c.Tokens, c.RateLimit = 0, []string{"load:" + secret}, 1e6
	log := slog.New(slog.DiscardHandler)
	web, err := transport.NewHTTP(echoing(), c, transport.HTTPOptions{Name: transport.Streamable, Version: "1", Metrics: transport.NewMetrics()}, log)
	require.NoError(tb, err)
	require.NoError(tb, web.Listen(tb.Context()))
	ctx, stop := context.WithCancel(context.WithoutCancel(tb.Context()))
	ended := make(chan error, 1)
	go func() { ended <- transport.Run(ctx, log, 10*time.Second, web.Part(), web.Door()) }()
	tb.Cleanup(func() {
		stop()
		require.NoError(tb, <-ended)
	})
	return "http://" + web.Addr().String()
}

// bare serves the same with nothing but what mcp-go has.
func bare(tb testing.TB) string {
	tb.Helper()
	s := echoing()
	old, streamable := server.NewSSEServer(s), server.NewStreamableHTTPServer(s, server.WithStateful(true))
	mux := http.NewServeMux()
	mux.Handle("/sse", old.SSEHandler())
	mux.Handle("/message", old.MessageHandler())
	mux.Handle("/mcp", streamable)
	web := httptest.NewServer(mux)
	tb.Cleanup(func() {
		old.CloseSessions()
		streamable.CloseSessions(context.WithoutCancel(tb.Context()))
		web.CloseClientConnections()
		web.Close()
	})
	return web.URL
}

const secret = "a-long-secret-for-the-load-test"

// rate is what many clients got.
type rate struct {
	perSecond float64
	p50, p99  time.Duration
}

func (r rate) String() string {
	return fmt.Sprintf("%.0f calls/s, p50 %v, p99 %v", r.perSecond, r.p50.Round(time.Microsecond), r.p99.Round(time.Microsecond))
}

// caller is one client with a session.
type caller interface {
	call(id int) error
	close()
}

// measure lets all clients call at a time.
func measure(tb testing.TB, open func() (caller, error)) rate {
	tb.Helper()
	callers := make([]caller, clients)
	for i := range callers {
		c, err := open()
		require.NoError(tb, err)
		require.NoError(tb, c.call(0)) // everything is warm
		callers[i] = c
	}
	took := make([][]time.Duration, clients)
	failed := make([]error, clients)
	var all sync.WaitGroup
	begin := time.Now()
	for i, c := range callers {
		all.Go(func() {
			for n := range callsEach {
				start := time.Now()
				if err := c.call(n + 1); err != nil {
					failed[i] = err
					return
				}
				took[i] = append(took[i], time.Since(start))
			}
		})
	}
	all.Wait()
	whole := time.Since(begin)
	for _, err := range failed {
		require.NoError(tb, err)
	}
	for _, c := range callers {
		c.close()
	}
	every := slices.Concat(took...)
	slices.Sort(every)
	return rate{float64(len(every)) / whole.Seconds(), every[len(every)/2], every[len(every)*99/100]}
}

// web is an HTTP client with a connection of its own for each session, as
// clients in processes of their own have.
func web() *http.Client {
	return &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: 2, DialContext: (&net.Dialer{}).DialContext, DisableCompression: true,
	}}
}

func post(c *http.Client, url, body, session string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	r.Header.Set("Authorization", "Bearer "+secret)
	if session != "" {
		r.Header.Set("Mcp-Session-Id", session)
	}
	return c.Do(r)
}

const hello = `{"jsonrpc":"2.0","id":"hello","method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"load","version":"1"}}}`

func calling(id int) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"echo","arguments":{"text":"hello"}}}`, id)
}

// modern is a client of streamable HTTP.
type modern struct {
	client       *http.Client
	url, session string
}

func openStreamable(url string) (caller, error) {
	m := &modern{client: web(), url: url + "/mcp"}
	r, err := post(m.client, m.url, hello, "")
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	m.session = r.Header.Get("Mcp-Session-Id")
	_, err = io.Copy(io.Discard, r.Body)
	return m, err
}

func (m *modern) call(id int) error {
	r, err := post(m.client, m.url, calling(id), m.session)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err == nil && (r.StatusCode != http.StatusOK || !bytes.Contains(body, []byte("you said hello"))) {
		err = fmt.Errorf("%s: %s", r.Status, body)
	}
	return err
}

func (m *modern) close() { m.client.CloseIdleConnections() }

// old is a client of HTTP+SSE.
type old struct {
	client *http.Client
	url    string
	stream io.Closer
	lines  *bufio.Scanner
}

func (o *old) close() {
	_ = o.stream.Close() // nothing more is read of it
	o.client.CloseIdleConnections()
}

func openSSE(url string) (caller, error) {
	o := &old{client: web()}
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url+"/sse", nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+secret)
	answer, err := o.client.Do(r) //nolint:bodyclose // close does.
	if err != nil {
		return nil, err
	}
	o.stream = answer.Body
	o.lines = bufio.NewScanner(answer.Body)
	path, err := o.data()
	o.url = url + path
	return o, err
}

func (o *old) data() (string, error) {
	for o.lines.Scan() {
		if data, ok := strings.CutPrefix(o.lines.Text(), "data: "); ok {
			return data, nil
		}
	}
	return "", fmt.Errorf("the stream has ended: %w", o.lines.Err())
}

func (o *old) call(id int) error {
	r, err := post(o.client, o.url, calling(id), "")
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, r.Body)
	_ = r.Body.Close()
	if err != nil || r.StatusCode != http.StatusAccepted {
		return fmt.Errorf("%s: %w", r.Status, err)
	}
	data, err := o.data()
	if err == nil && !strings.Contains(data, "you said hello") {
		err = fmt.Errorf("an answer that is none: %s", data)
	}
	return err
}

// transports are the ways to be a client.
var transports = map[string]func(url string) (caller, error){"streamable": openStreamable, "sse": openSSE}

func TestManySessionsAreServedWithoutAFault(t *testing.T) {
	url := guarded(t)
	for name, open := range transports {
		t.Run(name, func(t *testing.T) {
			measure(t, func() (caller, error) { return open(url) })
		})
	}
}

// BenchmarkHTTPAgainstBare compares the server with all guards on to a bare
// one of mcp-go's, in turns. The best of several turns counts: other work on
// the machine comes and goes, and makes either slower, never faster.
func BenchmarkHTTPAgainstBare(b *testing.B) {
	ours, theirs := guarded(b), bare(b)
	for name, open := range transports {
		b.Run(name, func(b *testing.B) {
			var bestOurs, bestTheirs rate
			for b.Loop() {
				bestTheirs = bestTheirs.better(measure(b, func() (caller, error) { return open(theirs) }))
				bestOurs = bestOurs.better(measure(b, func() (caller, error) { return open(ours) }))
			}
			b.ReportMetric(bestOurs.perSecond, "calls/s")
			b.ReportMetric(bestOurs.perSecond/bestTheirs.perSecond, "of-bare")
			b.ReportMetric(float64(bestOurs.p99)/float64(bestTheirs.p99), "p99-of-bare")
		})
	}
}

// better is the best of two runs, in each respect.
func (r rate) better(other rate) rate {
	if r.perSecond == 0 {
		return other
	}
	return rate{max(r.perSecond, other.perSecond), min(r.p50, other.p50), min(r.p99, other.p99)}
}
