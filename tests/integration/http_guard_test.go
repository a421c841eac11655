package integration

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/transport"
)

// routes are all that a stranger might try.
var routes = []struct{ method, path string }{
	{http.MethodGet, "/sse"},
	{http.MethodPost, "/messages/?session_id=" + strings.Repeat("0", 32)},
	{http.MethodPost, "/mcp"},
	{http.MethodPost, "/mcp/"},
	{http.MethodGet, "/mcp"},
	{http.MethodGet, "/health"},
	{http.MethodGet, "/health/live"},
	{http.MethodGet, "/metrics"},
	{http.MethodGet, "/api/graph"},
	{http.MethodGet, "/"},
	{http.MethodGet, "/nowhere"},
}

func TestHTTPChecksHostAndOriginOnEveryRoute(t *testing.T) {
	w := open(t)
	for _, row := range []struct{ name, header, value, says string }{
		{"foreign host", "Host", "evil.example", "Host not allowed"},
		{"foreign host with our port", "Host", "evil.example:8000", "Host not allowed"},
		{"host that starts like ours", "Host", "localhost.evil.example", "Host not allowed"},
		{"foreign origin", "Origin", "https://evil.example", "Origin not allowed"},
		{"no origin to name", "Origin", "null", "Origin not allowed"},
		{"origin that starts like ours", "Origin", "http://localhost.evil.example", "Origin not allowed"},
		{"origin with a user", "Origin", "http://localhost@evil.example", "Origin not allowed"},
		{"origin of an extension", "Origin", "chrome-extension://localhost", "Origin not allowed"},
		{"image on another site", "Sec-Fetch-Site", "cross-site", "Origin not allowed"},
	} {
		for _, route := range routes {
			t.Run(row.name+" "+route.method+" "+route.path, func(t *testing.T) {
				r := w.request(t, route.method, route.path, initialize, row.header, row.value)
				require.Equal(t, http.StatusForbidden, r.status)
				require.Equal(t, row.says, r.body)
				require.Empty(t, r.header.Get("Access-Control-Allow-Origin"))
			})
		}
	}
	require.Zero(t, w.http.Sessions().Created)
}

func TestHTTPIsKnownByTheNamesOfThisMachine(t *testing.T) {
	w := open(t)
	for _, host := range []string{"localhost", "LOCALHOST:1234", "127.0.0.1", "127.0.0.1:8000", "[::1]:8000", "[::1]"} {
		t.Run(host, func(t *testing.T) {
			require.Equal(t, http.StatusOK, w.request(t, http.MethodGet, "/health", "", "Host", host).status)
		})
	}
}

func TestHTTPSharesAnswersWithPagesThatMayCall(t *testing.T) {
	w := open(t, func(c *transport.HTTPConfig) { c.CORSOrigins = []string{"https://app.example.org", "*"} })
	for _, origin := range []string{"http://localhost:6274", "http://127.0.0.1:8000", "https://app.example.org"} {
		t.Run(origin, func(t *testing.T) {
			asked := w.request(t, http.MethodOptions, "/mcp", "", "Origin", origin, "Access-Control-Request-Method", "POST",
				"Access-Control-Request-Headers", "mcp-session-id, content-type")
			require.Equal(t, http.StatusOK, asked.status)
			require.Equal(t, "OK", asked.body)
			require.Equal(t, origin, asked.header.Get("Access-Control-Allow-Origin"))
			require.Equal(t, "true", asked.header.Get("Access-Control-Allow-Credentials"))
			require.Equal(t, "600", asked.header.Get("Access-Control-Max-Age"))
			require.Contains(t, asked.header.Get("Access-Control-Allow-Methods"), "POST")
			require.Equal(t, "mcp-session-id, content-type", asked.header.Get("Access-Control-Allow-Headers"))
			r := w.request(t, http.MethodPost, "/mcp", initialize, "Origin", origin)
			require.Equal(t, http.StatusOK, r.status)
			require.Equal(t, origin, r.header.Get("Access-Control-Allow-Origin"))
			require.Contains(t, r.header.Get("Access-Control-Expose-Headers"), "Mcp-Session-Id")
		})
	}
	refused := w.request(t, http.MethodOptions, "/mcp", "", "Origin", "https://evil.example", "Access-Control-Request-Method", "POST")
	require.Equal(t, http.StatusBadRequest, refused.status)
	require.Equal(t, "Disallowed CORS origin", refused.body)
}

const secret = "open-sesame-open-sesame"

func TestHTTPAsksForATokenWhereItMatters(t *testing.T) {
	w := open(t, func(c *transport.HTTPConfig) { c.Tokens = []string{"anna:" + secret} })
	for _, route := range routes {
		open := route.path == "/" || route.path == "/nowhere" || strings.HasPrefix(route.path, "/health")
		t.Run(route.method+" "+route.path, func(t *testing.T) {
			for _, header := range [][]string{nil, {"Authorization", "Bearer wrong"}, {"Authorization", "Basic " + secret}, {"Authorization", "Bearer anna:" + secret}} {
				r := w.request(t, route.method, route.path, initialize, header...)
				if open {
					require.Equal(t, http.StatusOK, r.status)
					require.NotContains(t, r.body, "uptime_seconds")
					continue
				}
				require.Equal(t, http.StatusUnauthorized, r.status)
				require.True(t, strings.HasPrefix(r.header.Get("WWW-Authenticate"), "Bearer"))
			}
		})
	}
	require.Contains(t, w.request(t, http.MethodGet, "/health", "", "Authorization", "Bearer "+secret).body, "uptime_seconds")
	require.NotEmpty(t, w.session(t, "Authorization", "bearer "+secret))
	require.NotContains(t, w.log.String(), secret)
}

func TestHTTPSessionBelongsToItsToken(t *testing.T) {
	w := open(t, func(c *transport.HTTPConfig) { c.Tokens = []string{"anna:" + secret, "bert:" + secret + "2"} })
	anna, bert := []string{"Authorization", "Bearer " + secret}, []string{"Authorization", "Bearer " + secret + "2"}
	session, old := w.session(t, anna...), w.sse(t, anna...)
	const ping = `{"jsonrpc":"2.0","id":1,"method":"ping"}`
	require.Equal(t, http.StatusNotFound, w.request(t, http.MethodPost, "/mcp", ping, append(bert, "Mcp-Session-Id", session)...).status)
	require.Equal(t, http.StatusNotFound, w.request(t, http.MethodDelete, "/mcp", "", append(bert, "Mcp-Session-Id", session)...).status)
	require.Equal(t, http.StatusNotFound, w.request(t, http.MethodPost, old.endpoint, ping, bert...).status)
	require.Equal(t, http.StatusOK, w.request(t, http.MethodPost, "/mcp", ping, append(anna, "Mcp-Session-Id", session)...).status)
}

func TestHTTPReadsTokensAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens")
	require.NoError(t, os.WriteFile(path, []byte("# who may\nanna: "+secret+"\n\n"), 0o600))
	w := open(t, func(c *transport.HTTPConfig) { c.TokenFile = path })
	status := func(token string) int {
		return w.request(t, http.MethodGet, "/metrics", "", "Authorization", "Bearer "+token).status
	}
	require.Equal(t, http.StatusOK, status(secret))
	require.NoError(t, os.WriteFile(path, []byte("anna: another-"+secret+"\n"), 0o600))
	require.NoError(t, w.http.Reload())
	require.Equal(t, http.StatusUnauthorized, status(secret))
	require.Equal(t, http.StatusOK, status("another-"+secret))
	require.NoError(t, os.WriteFile(path, []byte("# nobody\n"), 0o600))
	require.ErrorContains(t, w.http.Reload(), "there is no token in")
	require.Equal(t, http.StatusOK, status("another-"+secret), "the old ones hold")
}

func TestHTTPBoundsMessages(t *testing.T) {
	w := open(t, func(c *transport.HTTPConfig) { c.MaxBodyBytes = 1 << 20 })
	session, old := w.session(t), w.sse(t)
	long := calling(1, "add_memory", map[string]any{"text": strings.Repeat("x", 1<<20)})
	for _, row := range []struct {
		name, path string
		body       io.Reader
	}{
		{"declared", "/mcp", strings.NewReader(long)},
		{"chunked", "/mcp", io.MultiReader(strings.NewReader(long))},
		{"SSE, declared", old.endpoint, strings.NewReader(long)},
		{"SSE, chunked", old.endpoint, io.MultiReader(strings.NewReader(long))},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, err := w.send(t.Context(), http.MethodPost, row.path, row.body, "Mcp-Session-Id", session)
			require.NoError(t, err)
			require.Equal(t, http.StatusRequestEntityTooLarge, r.status)
		})
	}
	require.Zero(t, w.memories(t))
	require.False(t, w.tool(t, session, "add_memory", map[string]any{"text": strings.Repeat("x ", 1<<18)}).isError)
}

// raw sends bytes as they stand and returns the status line of the answer.
func (w *web) raw(ctx context.Context, t *testing.T, text string) string {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", strings.TrimPrefix(w.url, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	go func() { _, _ = io.WriteString(conn, text) }() // it may be cut off
	line, err := bufio.NewReader(conn).ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(line)
}

func TestHTTPBoundsHeaders(t *testing.T) {
	w := open(t)
	require.Equal(t, "HTTP/1.1 431 Request Header Fields Too Large",
		w.raw(t.Context(), t, "GET /health HTTP/1.1\r\nHost: localhost\r\nX-Long: "+strings.Repeat("x", 2<<20)+"\r\n\r\n"))
}

func TestHTTPDeclaredSizeIsRefusedUnread(t *testing.T) {
	w := open(t)
	require.Equal(t, "HTTP/1.1 413 Request Entity Too Large",
		w.raw(t.Context(), t, fmt.Sprintf("POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", 64<<20)))
}

func TestHTTPShowsNothingOfItsInside(t *testing.T) {
	w := open(t)
	for _, path := range []string{"/debug/pprof/", "/debug/vars"} {
		require.Equal(t, "page", w.request(t, http.MethodGet, path, "").body, "nothing but what is served for everything")
	}
}

func TestHTTPPortInUseIsSaid(t *testing.T) {
	w := open(t)
	_, port, err := net.SplitHostPort(w.http.Addr().String())
	require.NoError(t, err)
	other, err := transport.NewHTTP(w.MCP(), func() transport.HTTPConfig {
		c := transport.Defaults().HTTP
		_, err := fmt.Sscan(port, &c.Port)
		require.NoError(t, err)
		return c
	}(), transport.HTTPOptions{}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.ErrorContains(t, other.Listen(t.Context()), "listen on 127.0.0.1:"+port+": ")
}
