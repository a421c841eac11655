package transport

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/require"
)

// wires is a listener whose connections never leave the process, so that their
// time is that of the test.
type wires struct {
	ends   chan net.Conn
	closed context.Context
	close  context.CancelFunc
}

func (l wires) Accept() (net.Conn, error) {
	select {
	case end := <-l.ends:
		return end, nil
	case <-l.closed.Done():
		return nil, net.ErrClosed
	}
}

func (l wires) Close() error {
	l.close()
	return nil
}

func (l wires) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

// overWires serves until the test has ended.
type overWires struct {
	*HTTP

	wires wires
	ended chan error
	conns *[]net.Conn // the ends of clients
}

func serveOverWires(t *testing.T, handlers map[string]http.Handler) overWires {
	t.Helper()
	return serverOverWires(t, chatty(), httpDefaults(), handlers)
}

func serverOverWires(t *testing.T, s *server.MCPServer, c HTTPConfig, handlers map[string]http.Handler) overWires {
	t.Helper()
	web, err := NewHTTP(s, c, HTTPOptions{Public: handlers}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	l := wires{ends: make(chan net.Conn)}
	l.closed, l.close = context.WithCancel(t.Context())
	web.listen = l
	w := overWires{web, l, make(chan error, 1), new([]net.Conn)}
	go func() { w.ended <- web.Run(t.Context()) }()
	return w
}

// stop stops as an ordered shutdown does, and returns how that went.
func (w overWires) stop(t *testing.T, grace time.Duration) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), grace)
	defer cancel()
	began := time.Now()
	err := w.Stop(ctx)
	require.Less(t, time.Since(began), grace, "others have to stop as well")
	require.NoError(t, <-w.ended)
	return err
}

// dial connects, and says what has to be said at once.
func (w overWires) dial(t *testing.T, text string) net.Conn {
	t.Helper()
	conn, end := net.Pipe()
	w.wires.ends <- end
	*w.conns = append(*w.conns, conn)
	t.Cleanup(func() { _ = conn.Close() })
	_, err := io.WriteString(conn, text)
	require.NoError(t, err)
	return conn
}

// hangUp cuts the connections of all clients.
func (w overWires) hangUp() {
	for _, conn := range *w.conns {
		_ = conn.Close()
	}
}

// allOf reads to the end of a connection.
func allOf(conn net.Conn) string {
	text, _ := io.ReadAll(conn) // however it ends
	return string(text)
}

// closedAfter reads to the end of a connection and returns when that came.
func closedAfter(conn net.Conn) time.Duration {
	began := time.Now()
	_, _ = io.Copy(io.Discard, conn) // however it ends
	return time.Since(began)
}

func TestHeaderThatComesByteByByteIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := serveOverWires(t, nil)
		conn := w.dial(t, "G")
		var slow sync.WaitGroup
		slow.Go(func() {
			for _, b := range []byte("ET /health HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("x", 1000)) {
				time.Sleep(time.Second)
				if _, err := conn.Write([]byte{b}); err != nil {
					return
				}
			}
		})
		require.LessOrEqual(t, closedAfter(conn), headerTime+time.Second)
		require.NoError(t, conn.Close())
		slow.Wait()
		require.NoError(t, w.stop(t, 10*time.Second))
	})
}

func TestBodyThatDoesNotComeIsNotWaitedFor(t *testing.T) {
	const head = "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\n%s\r\n\r\n%s"
	for _, row := range []struct{ name, path, kind, length, begin string }{
		{"declared", "/mcp", "application/json", "Content-Length: 100", "{"},
		{"chunked", "/mcp", "application/json", "Transfer-Encoding: chunked", "1\r\n{\r\n"},
		{"refused before it is read", "/mcp", "text/plain", "Content-Length: 100", "{"},
		{"of no use", "/nowhere", "application/json", "Content-Length: 100", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := serveOverWires(t, map[string]http.Handler{"/": http.NotFoundHandler()})
				conn := w.dial(t, fmt.Sprintf(head, row.path, row.kind, row.length, row.begin))
				require.LessOrEqual(t, closedAfter(conn), bodyTime+time.Second)
				require.NoError(t, w.stop(t, 10*time.Second))
			})
		})
	}
}

func TestBodyOfARequestDoesNotHurryItsCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := serveOverWires(t, map[string]http.Handler{"/": http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
			if _, err := readBody(out, r, 100); err == nil {
				time.Sleep(2 * bodyTime)
			}
			_, _ = fmt.Fprint(out, r.Context().Err())
		})})
		conn := w.dial(t, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}")
		r, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		require.NoError(t, r.Body.Close())
		require.Equal(t, "<nil>", string(body))
		require.NoError(t, w.stop(t, 10*time.Second))
	})
}

// torrent is a handler that writes more than a connection holds.
func torrent(result chan error) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		_, err := out.Write(make([]byte, 10<<20))
		result <- err
	})
}

func TestAnswerThatIsNotReadIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		result := make(chan error, 1)
		w := serveOverWires(t, map[string]http.Handler{"/": torrent(result)})
		began := time.Now()
		w.dial(t, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
		require.Error(t, <-result)
		require.LessOrEqual(t, time.Since(began), stallTime+time.Second)
		require.NoError(t, w.stop(t, 10*time.Second))
	})
}

func TestAnswerThatIsReadSlowlyIsNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		result := make(chan error, 1)
		w := serveOverWires(t, map[string]http.Handler{"/": torrent(result)})
		conn := w.dial(t, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
		began := time.Now()
		for piece := make([]byte, 32<<10); len(result) == 0; time.Sleep(time.Second) {
			_, err := conn.Read(piece)
			require.NoError(t, err)
		}
		require.NoError(t, <-result)
		require.Greater(t, time.Since(began), 10*stallTime)
		require.NoError(t, conn.Close())
		require.NoError(t, w.stop(t, 10*time.Second))
	})
}

func TestStreamEndsAsItShouldAfterASilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := serveOverWires(t, nil)
		conn := w.dial(t, "GET /sse HTTP/1.1\r\nHost: localhost\r\n\r\n")
		said := make(chan error, 1)
		go func() {
			r, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err == nil {
				_, err = io.Copy(io.Discard, r.Body)
				err = errors.Join(err, r.Body.Close())
			}
			said <- err
		}()
		time.Sleep(longestSilence + stallTime + 5*time.Second)
		require.NoError(t, w.stop(t, 10*time.Second))
		require.NoError(t, <-said, "it was cut off")
	})
}

func TestClientsThatHangDoNotMakeAStopFail(t *testing.T) {
	for name, request := range map[string]string{
		"a body without an end":  "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
		"an answer nobody reads": "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"a stream nobody reads":  "GET /sse HTTP/1.1\r\nHost: localhost\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := serveOverWires(t, map[string]http.Handler{"/": torrent(make(chan error, 1))})
				w.dial(t, request)
				synctest.Wait()
				require.NoError(t, w.stop(t, 5*time.Second))
			})
		})
	}
}

func TestHeadOfAStreamOpensNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := serveOverWires(t, nil)
		conn := w.dial(t, "HEAD /sse HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
		said, err := io.ReadAll(conn)
		require.NoError(t, err)
		require.Contains(t, string(said), "HTTP/1.1 200 OK\r\n")
		require.Contains(t, string(said), "text/event-stream")
		require.Zero(t, w.Sessions().Created)
		require.NoError(t, w.stop(t, 10*time.Second))
	})
}

// A stream of HTTP/2 is reset when the time to write is over, even if nothing
// is written.
func TestOnlyHTTP1IsSpoken(t *testing.T) {
	web, err := NewHTTP(chatty(), httpDefaults(), HTTPOptions{}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(web.giveUp)
	require.True(t, web.server.Protocols.HTTP1())
	require.False(t, web.server.Protocols.HTTP2())
}

// tale is a server with a tool that tells n bytes.
func tale(n int) *server.MCPServer {
	s := server.NewMCPServer("tale", "1", server.WithToolCapabilities(false))
	s.AddTool(mcp.NewTool("tell"), func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return mcp.NewToolResultText(strings.Repeat("x", n)), nil
	})
	return s
}

func TestLongAnswerOnAStreamIsNotHurried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const length, piece = 1 << 20, 16 << 10
		w := serverOverWires(t, tale(length), httpDefaults(), nil)
		conn := w.dial(t, "GET /sse HTTP/1.1\r\nHost: localhost\r\n\r\n")
		r, err := http.ReadResponse(bufio.NewReader(conn), nil) //nolint:bodyclose // it goes with the connection
		require.NoError(t, err)
		hello := make([]byte, len("event: endpoint\ndata: /messages/?session_id=")+32+len("\n\n"))
		_, err = io.ReadFull(r.Body, hello)
		require.NoError(t, err)
		c := client{w, t, ""}
		endpoint := strings.TrimSpace(strings.TrimPrefix(string(hello), "event: endpoint\ndata: "))
		require.Equal(t, http.StatusAccepted, c.post(endpoint, "", use("tell")))
		for read := 0; read < length; read += piece {
			_, err := io.CopyN(io.Discard, r.Body, piece)
			require.NoError(t, err, "cut off after %d bytes", read)
			time.Sleep(time.Second)
		}
		require.NoError(t, conn.Close())
		require.NoError(t, w.stop(t, 10*time.Second))
	})
}

func TestAnswerWithNothingInItIsGivenUpToo(t *testing.T) {
	const head = "%s %s HTTP/1.1\r\nHost: localhost\r\nMcp-Session-Id: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
	for _, row := range []struct{ name, method, path, body string }{
		{"a notification", http.MethodPost, "/mcp", `{"jsonrpc":"2.0","method":"notifications/initialized"}`},
		{"a notification without a session", http.MethodPost, "/mcp", strings.Replace(withoutSession("0", "notifications/cancelled", ""), `"id":0,`, "", 1)},
		{"a session that is ended", http.MethodDelete, "/mcp", ""},
		{"a message over SSE", http.MethodPost, "/messages/", ping},
		{"a redirect", http.MethodPost, "/messages", ""},
		{"the head of a stream", http.MethodHead, "/sse", ""},
		{"a route that is none", http.MethodPut, "/sse", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := serveOverWires(t, nil)
				c := client{w, t, ""}
				session := c.session()
				if row.path == "/messages/" {
					c.stream("/sse", "")
					for _, s := range w.sessions.all() {
						if s.kind == overSSE {
							row.path += s.id
						}
					}
				}
				w.dial(t, fmt.Sprintf(head, row.method, row.path, session, len(row.body), row.body)) // which nobody reads from
				synctest.Wait()
				open := w.open()
				time.Sleep(stallTime + time.Second)
				require.Equal(t, open-1, w.open())
				require.NoError(t, w.stop(t, 10*time.Second))
			})
		})
	}
}

// open returns how many connections there are.
func (w overWires) open() int {
	n := 0
	w.HTTP.conns.Range(func(any, any) bool {
		n++
		return true
	})
	return n
}
