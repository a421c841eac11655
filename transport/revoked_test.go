package transport

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/require"
)

// client is one that shows a token.
type client struct {
	overWires
	t     *testing.T
	token string
}

// told is an answer whose header has come.
type told struct {
	status  int
	session string
	rest    io.Reader
}

// ask begins a request and returns the answer once its header has come, nil if
// none comes.
func (c client) ask(method, path, session, body string) <-chan *told {
	c.t.Helper()
	conn := c.dial(c.t, fmt.Sprintf("%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nMcp-Session-Id: %s\r\n"+
		"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", method, path, c.token, session, len(body), body))
	answered := make(chan *told, 1)
	go func() {
		if r, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil { //nolint:bodyclose // it goes with the connection
			answered <- &told{status: r.StatusCode, session: r.Header.Get(headerSession), rest: r.Body}
		}
		close(answered)
	}()
	return answered
}

// stream opens a stream and returns what receives how long it lasted.
func (c client) stream(path, session string) <-chan time.Duration {
	c.t.Helper()
	r := <-c.ask(http.MethodGet, path, session, "")
	require.Equal(c.t, http.StatusOK, r.status)
	lasted, began := make(chan time.Duration, 1), time.Now()
	go func() {
		_, _ = io.Copy(io.Discard, r.rest) // however it ends
		lasted <- time.Since(began)
	}()
	return lasted
}

// post is the status of the answer to a message.
func (c client) post(path, session, body string) int {
	c.t.Helper()
	r := <-c.ask(http.MethodPost, path, session, body)
	require.NotNil(c.t, r)
	return r.status
}

// session opens a session of streamable HTTP.
func (c client) session() string {
	c.t.Helper()
	r := <-c.ask(http.MethodPost, "/mcp", "", initialize)
	require.Equal(c.t, http.StatusOK, r.status)
	return r.session
}

// patient is a server with a tool whose calls end with their context only.
func patient() *server.MCPServer {
	s := server.NewMCPServer("patient", "1", server.WithToolCapabilities(true))
	s.AddTool(mcp.NewTool("wait"), func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		<-ctx.Done()
		return mcp.NewToolResultText("waited"), nil
	})
	return s
}

// tokenFile writes lines into a file of tokens, and makes a server that knows
// them. The function returned replaces them.
func tokenFile(t *testing.T, lines string) (w overWires, replace func(string)) {
	t.Helper()
	c := httpDefaults()
	c.TokenFile = filepath.Join(t.TempDir(), "tokens")
	write := func(lines string) { require.NoError(t, os.WriteFile(c.TokenFile, []byte(lines), 0o600)) }
	write(lines)
	w = serverOverWires(t, patient(), c, nil)
	return w, func(lines string) {
		write(lines)
		require.NoError(t, w.Reload())
	}
}

func TestWhoseTokenIsGoneHasNothingOpen(t *testing.T) {
	for _, row := range []struct{ name, after string }{
		{"removed", "bert:secret-of-bert\n"},
		{"changed", "anna:another-of-anna\nbert:secret-of-bert\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, replace := tokenFile(t, "anna:secret-of-anna\nbert:secret-of-bert\n")
				anna, bert := client{w, t, "secret-of-anna"}, client{w, t, "secret-of-bert"}
				session, kept := anna.session(), bert.session()
				ends := []<-chan time.Duration{anna.stream("/sse", ""), anna.stream("/mcp", session)}
				stays := []<-chan time.Duration{bert.stream("/sse", ""), bert.stream("/mcp", kept)}
				waiting := anna.ask(http.MethodPost, "/mcp", session, use("wait"))
				synctest.Wait()
				require.Equal(t, 4, w.Sessions().Registered)
				time.Sleep(10 * time.Second)

				replace(row.after)
				for _, lasted := range ends {
					require.Less(t, <-lasted, 11*time.Second)
				}
				require.Nil(t, <-waiting, "an answer for who is not to have it")
				synctest.Wait()
				counts := w.Sessions()
				require.Equal(t, 2, counts.Registered)
				require.Equal(t, 2, counts.Present)
				require.Equal(t, 2, counts.Streams)
				require.Equal(t, http.StatusUnauthorized, anna.post("/mcp", session, ping))
				require.Equal(t, http.StatusOK, bert.post("/mcp", kept, ping))
				for _, lasted := range stays {
					require.Empty(t, lasted)
				}
				require.NoError(t, w.stop(t, 10*time.Second))
			})
		})
	}
}

func TestTokenWithoutANameIsItselfWhereverItStands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, replace := tokenFile(t, "the-first-secret\nthe-second-secret\nthe-third-secret\n")
		second, third := client{w, t, "the-second-secret"}, client{w, t, "the-third-secret"}
		session := second.session()
		replace("the-second-secret\nthe-third-secret\n")
		require.Equal(t, http.StatusNotFound, third.post("/mcp", session, ping), "the session of another")
		require.Equal(t, http.StatusOK, second.post("/mcp", session, ping))
		require.NoError(t, w.stop(t, 10*time.Second))
	})
}
