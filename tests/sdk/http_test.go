package sdk

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/tests/client"
)

// served starts the program over HTTP and waits until it serves.
func served(t *testing.T, dataDir, port string) *client.Process {
	t.Helper()
	p := client.Run(t, client.Command(t, dataDir, nil, "serve", "--transport", "http", "--port", port))
	require.Eventually(t, func() bool {
		r, err := http.Get("http://127.0.0.1:" + port + "/health/ready") //nolint:noctx // it is over at once.
		if err != nil {
			return false
		}
		defer r.Body.Close()
		return r.StatusCode == http.StatusOK
	}, time.Minute, 10*time.Millisecond)
	return p
}

func TestOfficialSDKOverHTTPGoesOnAfterARestart(t *testing.T) {
	node, npm := program(t, "node"), program(t, "npm")
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json", ".npmrc", "http.mjs"} {
		content, err := os.ReadFile(name)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	run(t, dir, nil, npm, "ci", "--ignore-scripts", "--prefer-offline", "--no-progress")
	for _, kind := range []string{"streamable", "sse"} {
		t.Run(kind, func(t *testing.T) {
			l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
			require.NoError(t, err)
			port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
			require.NoError(t, l.Close())
			data := t.TempDir()
			server := served(t, data, port)

			cmd := exec.CommandContext(t.Context(), node, "http.mjs", kind, "http://127.0.0.1:"+port)
			cmd.Dir, cmd.WaitDelay = dir, time.Second
			var complaint strings.Builder
			cmd.Stderr = &complaint
			in, err := cmd.StdinPipe()
			require.NoError(t, err)
			out, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			lines := bufio.NewScanner(out)
			lines.Buffer(nil, 1<<20)
			require.True(t, lines.Scan(), complaint.String())
			require.Equal(t, "restart", lines.Text())

			require.NoError(t, server.Cmd.Process.Signal(syscall.SIGTERM))
			status, err := server.Wait()
			require.NoError(t, err)
			require.Zero(t, status, "with a client connected")
			served(t, data, port)
			_, err = io.WriteString(in, "go on\n")
			require.NoError(t, err)

			require.True(t, lines.Scan(), complaint.String())
			var seen struct {
				Server            struct{ Name string }
				Tools, Found      int
				Told              int
				Added, FoundAgain result
			}
			require.NoError(t, json.Unmarshal(lines.Bytes(), &seen), lines.Text())
			require.NoError(t, cmd.Wait(), complaint.String())
			require.Equal(t, "zapomni-memory", seen.Server.Name)
			require.Positive(t, seen.Tools)
			require.Equal(t, 50, seen.Found)
			require.Contains(t, seen.FoundAgain.Content[0].Text, "Lisbon")
			if kind == "streamable" {
				require.Equal(t, http.StatusNotFound, seen.Told)
			}
		})
	}
}
