package integration

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/transport"
)

func TestHTTPSessionHasAWorkspaceOfItsOwn(t *testing.T) {
	w := open(t)
	one, two, old := w.session(t), w.session(t), w.sse(t)
	w.tool(t, one, "create_workspace", map[string]any{"workspace_id": "work", "name": "Work"})
	w.tool(t, one, "set_current_workspace", map[string]any{"workspace_id": "work"})
	w.tool(t, one, "add_memory", map[string]any{"text": "The budget is tight."})
	require.Contains(t, w.tool(t, one, "search_memory", map[string]any{"query": "budget"}).text, "The budget is tight.")
	require.Contains(t, w.tool(t, two, "search_memory", map[string]any{"query": "budget"}).text, "No results")
	w.post(t, old, calling(1, "search_memory", map[string]any{"query": "budget"}))
	require.Contains(t, within(t, old.events), "No results")
}

// present waits until so many clients are connected.
func (w *web) present(t *testing.T, n int) {
	t.Helper()
	require.Eventually(t, func() bool { return w.http.Sessions().Present == n }, 2*time.Second, time.Millisecond, "%+v", w.http.Sessions())
}

func TestHTTPClientThatDiesIsGoneFromTheCounts(t *testing.T) {
	w := open(t)
	s := w.sse(t)
	w.present(t, 1)
	s.hangUp()
	w.present(t, 0)
	require.Zero(t, w.http.Sessions().Registered)

	client := &http.Client{Transport: &http.Transport{}}
	r, err := client.Post(w.url+"/mcp", "application/json", strings.NewReader(initialize)) //nolint:noctx // it ends by itself.
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, r.Body)
	require.NoError(t, err)
	require.NoError(t, r.Body.Close())
	w.present(t, 1)
	client.CloseIdleConnections()
	w.present(t, 0)
	require.Equal(t, 1, w.http.Sessions().Registered, "it may come back")
	w.tool(t, r.Header.Get("Mcp-Session-Id"), "get_stats", nil)
	w.present(t, 1)
}

func TestHTTPCountsWhatSessionsDo(t *testing.T) {
	w := open(t)
	session := w.session(t)
	w.request(t, http.MethodPost, "/mcp", `{"jsonrpc":"2.0","id":1,"method":"no/such"}`, "Mcp-Session-Id", session)
	w.request(t, http.MethodDelete, "/mcp", "", "Mcp-Session-Id", session)
	s := w.http.Sessions()
	require.Equal(t, int64(2), s.Requests)
	require.Equal(t, int64(1), s.Errors)
	require.Equal(t, int64(1), s.Created)
	require.Equal(t, int64(1), s.Closed)
	require.Equal(t, 1, s.Peak)
	require.Zero(t, s.Registered)
}

func TestHTTPNewStreamTakesTheOldOnesPlace(t *testing.T) {
	w := open(t)
	session := w.session(t)
	first := w.listen(t, "/mcp", "Mcp-Session-Id", session)
	second := w.listen(t, "/mcp", "Mcp-Session-Id", session)
	within(t, drained(first.events))
	require.Equal(t, 1, w.http.Sessions().Streams)
	second.hangUp()
	require.Eventually(t, func() bool { return w.http.Sessions().Streams == 0 }, patience, time.Millisecond)
}

// drained receives the moment that a channel is closed.
func drained(c <-chan string) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		for range c {
			continue
		}
		close(done)
	}()
	return done
}

func TestHTTPCapsSessions(t *testing.T) {
	for name, change := range map[string]func(*transport.HTTPConfig){
		"in all":     func(c *transport.HTTPConfig) { c.MaxSessions = 2 },
		"per client": func(c *transport.HTTPConfig) { c.MaxSessionsPerClient = 2 },
	} {
		t.Run(name, func(t *testing.T) {
			w := open(t, change)
			first := w.sse(t)
			w.sse(t)
			for _, r := range []response{
				w.request(t, http.MethodGet, "/sse", ""), w.request(t, http.MethodPost, "/mcp", initialize),
			} {
				require.Equal(t, http.StatusTooManyRequests, r.status)
				require.NotEmpty(t, r.header.Get("Retry-After"))
			}
			first.hangUp()
			require.Eventually(t, func() bool { return w.http.Sessions().Registered == 1 }, patience, time.Millisecond)
			w.session(t)
		})
	}
}

func TestHTTPSessionOfAClientThatIsAwayMakesRoom(t *testing.T) {
	w := open(t, func(c *transport.HTTPConfig) { c.MaxSessions = 2 })
	forgotten, used := w.session(t), ""
	http.DefaultClient.CloseIdleConnections()
	w.present(t, 0)
	for range 2 {
		used = w.session(t)
	}
	require.Equal(t, 2, w.http.Sessions().Registered)
	require.Equal(t, http.StatusNotFound, w.request(t, http.MethodPost, "/mcp", `{"jsonrpc":"2.0","id":1,"method":"ping"}`, "Mcp-Session-Id", forgotten).status)
	require.Equal(t, http.StatusOK, w.request(t, http.MethodPost, "/mcp", `{"jsonrpc":"2.0","id":1,"method":"ping"}`, "Mcp-Session-Id", used).status)
}

func TestHTTPLimitsTheRateOfASession(t *testing.T) {
	w := open(t, func(c *transport.HTTPConfig) { c.RateLimit = 0.01 })
	one, two, old := w.session(t), w.session(t), w.sse(t)
	const ping = `{"jsonrpc":"2.0","id":1,"method":"ping"}`
	require.Equal(t, http.StatusOK, w.request(t, http.MethodPost, "/mcp", ping, "Mcp-Session-Id", one).status)
	w.post(t, old, ping)
	for _, r := range []response{
		w.request(t, http.MethodPost, "/mcp", ping, "Mcp-Session-Id", one), w.request(t, http.MethodPost, old.endpoint, ping),
	} {
		require.Equal(t, http.StatusTooManyRequests, r.status)
		require.Regexp(t, `^(9\d|100)$`, r.header.Get("Retry-After"), "seconds until the next")
	}
	require.Equal(t, http.StatusOK, w.request(t, http.MethodPost, "/mcp", ping, "Mcp-Session-Id", two).status, "another session")
}

func TestHTTPReaderThatStallsBlocksNobody(t *testing.T) {
	w := open(t)
	session := w.session(t)
	long := strings.Repeat("A long story about ferries. ", 40_000)
	require.False(t, w.tool(t, session, "add_memory", map[string]any{"text": long}).isError)

	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(w.url, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "GET /sse HTTP/1.1\r\nHost: localhost\r\n\r\n")
	require.NoError(t, err)
	begin := make([]byte, 4096)
	var head string
	for !strings.Contains(head, "session_id=") {
		n, err := conn.Read(begin)
		require.NoError(t, err)
		head += string(begin[:n])
	}
	endpoint := "/messages/?session_id=" + strings.SplitN(head, "session_id=", 2)[1][:32]
	search := calling(1, "search_memory", map[string]any{"query": "ferries", "max_bytes": 1_000_000})
	for range 40 { // none of which is read
		require.Equal(t, http.StatusAccepted, w.request(t, http.MethodPost, endpoint, search).status)
	}
	require.Contains(t, w.tool(t, session, "search_memory", map[string]any{"query": "ferries"}).text, "ferries")
}

func TestHTTPThousandSessionsAtOnce(t *testing.T) {
	w := open(t)
	var mu sync.Mutex
	var streams []*stream
	var opening sync.WaitGroup
	for range 10 {
		opening.Go(func() {
			for range 100 {
				s := w.sse(t)
				mu.Lock()
				streams = append(streams, s)
				mu.Unlock()
			}
		})
	}
	opening.Wait()
	require.Len(t, streams, 1000)
	w.present(t, 1000)
	for i, s := range streams {
		w.post(t, s, fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"ping"}`, i))
	}
	for i, s := range streams {
		require.JSONEq(t, fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"result":{}}`, i), within(t, s.events))
		s.hangUp()
	}
	w.present(t, 0)
	require.Zero(t, w.http.Sessions().Registered)
}

func TestHTTPHealthHasEveryShape(t *testing.T) {
	w := open(t)
	w.sse(t)
	w.tool(t, w.session(t), "get_stats", nil)
	status, facts := w.health(t)
	require.Equal(t, http.StatusOK, status)
	for _, key := range []string{
		"status", "version", "transport", "uptime_seconds", "active_connections", "active_sessions", "sessions", "metrics", "store", "calls_in_flight", "tools",
	} {
		require.Contains(t, facts, key)
	}
	require.Equal(t, "healthy", facts["status"])
	require.Equal(t, "sse", facts["transport"])
	require.Equal(t, "1.2.3", facts["version"])
	require.Equal(t, json.Number("2"), facts["active_connections"])
	metrics := facts["metrics"].(map[string]any)
	for _, key := range []string{
		"total_connections_created", "total_connections_closed", "current_active_connections", "peak_connections", "total_requests_processed", "total_errors",
	} {
		require.Contains(t, metrics, key)
	}
	require.Equal(t, json.Number("2"), metrics["total_connections_created"])
	require.Equal(t, json.Number("2"), metrics["total_requests_processed"])
}

func TestHTTPIsUnhealthyWhileTheStoreIsAway(t *testing.T) {
	w := open(t)
	require.NoError(t, w.store.Close())
	require.Eventually(t, func() bool {
		r := w.request(t, http.MethodGet, "/health", "")
		return r.status == http.StatusServiceUnavailable && strings.Contains(r.body, `"status":"unhealthy"`) && strings.Contains(r.body, `"error":`)
	}, 2*time.Second, 10*time.Millisecond)
	require.Equal(t, http.StatusServiceUnavailable, w.request(t, http.MethodGet, "/health/ready", "").status)
	require.Equal(t, http.StatusOK, w.request(t, http.MethodGet, "/health/live", "").status)
}

func TestHTTPMetricsAreForPrometheus(t *testing.T) {
	w := open(t)
	w.sse(t)
	r := w.request(t, http.MethodGet, "/metrics", "")
	require.Equal(t, http.StatusOK, r.status)
	for _, line := range []string{"zapomni_sessions 1", "zapomni_streams_open 1", "zapomni_sessions_created_total 1", "go_goroutines "} {
		require.Contains(t, r.body, "\n"+line)
	}
}
