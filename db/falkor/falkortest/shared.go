package falkortest

import (
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// envAddr names a server that runs already, as host:port or unix:/path. The
// tests leave nothing on it.
const envAddr = "TEST_FALKORDB_ADDR"

// shared starts the one server of this process, when it is first asked for.
var shared = sync.OnceValues(startShared)

// Shared returns a server that all tests of the process share, or the one that
// TEST_FALKORDB_ADDR names. It can be neither stopped nor frozen. Each test
// works on graphs of its own, named by Graph.
func Shared(tb testing.TB) *Server {
	tb.Helper()
	s, err := outside()
	if s != nil {
		tally(tb)
	} else if err == nil {
		installed(tb)
		s, err = shared()
	}
	require.NoError(tb, err)
	view := &Server{
		tb: tb, password: s.password, network: s.network, address: s.address, ports: s.ports, printed: s.printed,
	}
	require.NoError(tb, view.lives())
	tb.Cleanup(func() {
		if err := view.lives(); err != nil {
			tb.Error(err)
		}
	})
	return view
}

// lives returns an error with the server's last words if it does not answer.
func (s *Server) lives() error {
	if _, err := s.Do("PING"); err != nil {
		return fmt.Errorf("the shared server at %s does not answer: %w: it printed at last:\n%s", s.Addr(), err, s.log())
	}
	return nil
}

// outside returns the server that the environment names, or nil.
func outside() (*Server, error) {
	addr := os.Getenv(envAddr)
	if addr == "" {
		return nil, nil //nolint:nilnil // none is named, which is no error
	}
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		return &Server{network: "unix", address: path}, nil
	}
	if !strings.Contains(addr, ":") {
		return nil, fmt.Errorf("%s is neither host:port nor unix:/path: %q", envAddr, addr)
	}
	return &Server{network: "tcp", address: addr}, nil
}

func startShared() (*Server, error) {
	at, err := find()
	if err != nil {
		return nil, err
	}
	dir, err := makeShortDir()
	if err != nil {
		return nil, err
	}
	s := newServer(installation(at), apply(nil), Certificates{}, dir, dir)
	if err := s.startSomewhere(); err != nil {
		return nil, err
	}
	return s, leave(s.cmd.Process.Pid, dir)
}

// leave starts a watchman that, when this process has ended, ends the server
// and removes its directory: no test is the last one for sure.
func leave(server int, dir string) error {
	const script = `cat >/dev/null; kill -9 "$1" 2>/dev/null; rm -rf "$2"`
	watchman := exec.Command("/bin/sh", "-c", script, "sh", strconv.Itoa(server), dir) //nolint:noctx // it outlives us
	watchman.SysProcAttr = inOwnGroup()
	// The pipe ends with this process.
	if _, err := watchman.StdinPipe(); err != nil {
		return err
	}
	if err := watchman.Start(); err != nil {
		return fmt.Errorf("watch over the shared server: %w", err)
	}
	go func() { _ = watchman.Wait() }() // keeps the pipe from being closed
	return nil
}

// Graph returns the name of a graph that nobody else uses. When the test ends
// that graph is deleted, and all whose names start with it.
func (s *Server) Graph(tb testing.TB) string {
	tb.Helper()
	name := fmt.Sprintf("test_%.40s_%s", strings.Map(plainRune, tb.Name()), rand.Text()[:10])
	tb.Cleanup(func() {
		// A server of a test's own takes its graphs along.
		if s.launch.program == "" {
			s.deleteGraphs(tb, name)
		}
	})
	return name
}

func plainRune(r rune) rune {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return r
	}
	return '_'
}

func (s *Server) deleteGraphs(tb testing.TB, prefix string) {
	tb.Helper()
	reply, err := s.Do("GRAPH.LIST")
	if err != nil {
		tb.Errorf("delete the graphs of the test: %v", err)
		return
	}
	names, _ := reply.([]any)
	for _, item := range names {
		name, _ := item.(string)
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		// One that was deleted a moment ago may still be listed.
		if _, err := s.Do("GRAPH.DELETE", name); err != nil && !strings.Contains(err.Error(), "empty key") {
			tb.Errorf("delete graph %s: %v", name, err)
		}
	}
}
