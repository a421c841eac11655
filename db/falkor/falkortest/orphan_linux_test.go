package falkortest

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// envOrphan makes the test below the process that is killed.
const envOrphan = "FALKORTEST_ORPHAN"

// leaveServers starts both kinds of servers, tells who they are, and waits to
// be killed.
func leaveServers(t *testing.T) {
	t.Helper()
	for _, s := range []*Server{Start(t), Shared(t)} {
		reply, err := s.Do("INFO", "server")
		require.NoError(t, err)
		_, rest, _ := strings.Cut(fmt.Sprint(reply), "process_id:")
		pid, _, _ := strings.Cut(rest, "\r\n")
		fmt.Fprintln(os.Stderr, "server", pid, s.Socket())
	}
	select {}
}

func TestServersDieWithTheTestProcess(t *testing.T) {
	if os.Getenv(envOrphan) != "" {
		leaveServers(t)
	}
	installed(t)
	other := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestServersDieWithTheTestProcess$")
	other.Env = append(os.Environ(), envOrphan+"=1", envAddr+"=", "TMPDIR="+t.TempDir())
	out, err := other.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, other.Start())
	type left struct {
		pid    int
		socket string
	}
	var servers []left
	for lines := bufio.NewScanner(out); len(servers) < 2 && lines.Scan(); {
		words := strings.Fields(lines.Text())
		require.Len(t, words, 3, lines.Text())
		pid, err := strconv.Atoi(words[1])
		require.NoError(t, err)
		require.NoError(t, syscall.Kill(pid, 0), "the server runs")
		servers = append(servers, left{pid, words[2]})
	}
	require.Len(t, servers, 2)
	require.NoError(t, other.Process.Kill())
	require.Error(t, other.Wait())
	for _, s := range servers {
		await(t, "the server has ended", func() error { return gone(s.pid) })
	}
	await(t, "the shared server's directory is gone", func() error {
		if _, err := os.Stat(servers[1].socket); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("it is there: %w", err)
		}
		return nil
	})
}

// gone says whether a process is still there, and is no zombie that nobody
// has looked after yet.
func gone(pid int) error {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if errors.Is(err, fs.ErrNotExist) || strings.Contains(string(status), "\nState:\tZ") {
		return nil
	}
	return fmt.Errorf("process %d runs", pid)
}
