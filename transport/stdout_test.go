package transport

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// child runs this test alone, in a process of its own that does as the test
// says when it finds itself there.
func child(t *testing.T) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), "TRANSPORT_TEST_CHILD=1")
	return cmd
}

func inChild() bool { return os.Getenv("TRANSPORT_TEST_CHILD") != "" }

func TestReserveStdoutKeepsStrayPrintsOutOfTheProtocol(t *testing.T) {
	if inChild() {
		out := ReserveStdout()
		fmt.Println("stray")
		_, err := fmt.Fprintln(out, "protocol")
		require.NoError(t, err)
		os.Exit(0)
	}
	cmd := child(t)
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	require.NoError(t, cmd.Run())
	require.Equal(t, "protocol\n", out.String())
	require.Contains(t, log.String(), "stray")
}

func TestReserveStdoutMakesABrokenPipeAnError(t *testing.T) {
	if inChild() {
		out := ReserveStdout()
		if _, err := out.WriteString("protocol\n"); errors.Is(err, syscall.EPIPE) {
			os.Exit(42)
		}
		os.Exit(1)
	}
	r, w, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, r.Close())
	cmd := child(t)
	cmd.Stdout = w
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Run(), &exit)
	require.NoError(t, w.Close())
	require.Equal(t, 42, exit.ExitCode(), exit.String())
}
