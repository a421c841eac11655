package client

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Site is a running server that clients reach over HTTP.
type Site struct {
	*Process

	URL string // http://127.0.0.1:port

	dataDir, port string
	env           []string
}

// Serve starts the program over HTTP on a free port and a data directory, with
// env added to the environment, and waits until it is ready. It is killed when
// the test ends.
func Serve(tb testing.TB, dataDir string, env ...string) *Site {
	tb.Helper()
	l, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	require.NoError(tb, l.Close())
	s := &Site{URL: "http://127.0.0.1:" + port, dataDir: dataDir, port: port, env: env}
	s.start(tb)
	return s
}

func (s *Site) start(tb testing.TB) {
	tb.Helper()
	s.Process = Run(tb, Command(tb, s.dataDir, s.env, "serve", "--transport", "http", "--port", s.port))
	require.Eventually(tb, s.ready, time.Minute, 10*time.Millisecond, "until it is ready")
}

func (s *Site) ready() bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/health/ready", http.NoBody)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	return answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
}

// Stop ends the server in order, as SIGTERM does.
func (s *Site) Stop(tb testing.TB) {
	tb.Helper()
	require.NoError(tb, s.Cmd.Process.Signal(syscall.SIGTERM))
	status, err := s.Wait()
	require.NoError(tb, err)
	require.Zero(tb, status, "exit status")
}

// Restart stops the server and starts it anew on the same port and data.
func (s *Site) Restart(tb testing.TB) {
	tb.Helper()
	s.Stop(tb)
	s.start(tb)
}
