package e2e

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/tests/client"
)

// onSmallDisk changes cmd so that its data directory is a disk of 2 MB, which
// is gone when the process ends.
func onSmallDisk(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	const mount = `mount -t tmpfs -o size=2m tmpfs "$ZAPOMNI_DATA_DIR"`
	unshare, err := exec.LookPath("unshare")
	if err != nil {
		t.Skip("a small disk needs the program unshare:", err)
	}
	// Within it one is root, and what is mounted is seen by nobody else.
	namespace := []string{unshare, "--map-root-user", "--mount", "sh", "-c"}
	probe := exec.CommandContext(t.Context(), unshare, slices.Concat(namespace[1:], []string{mount})...)
	probe.Env = cmd.Env
	if out, err := probe.CombinedOutput(); err != nil {
		t.Skipf("a small disk cannot be mounted here: %v: %s", err, out)
	}
	cmd.Args = slices.Concat(namespace, []string{mount + ` && exec "$@"`, "sh", cmd.Path}, cmd.Args[1:])
	cmd.Path = unshare
}

func TestAFullDiskIsAnErrorAndNothingIsHalfKept(t *testing.T) {
	cmd := client.Command(t, t.TempDir(), nil, "serve")
	onSmallDisk(t, cmd)
	c := client.Connect(t, cmd)
	require.NoError(t, c.Initialize())
	var kept []string
	for i := 0; ; i++ {
		require.Less(t, i, 1000, "the disk has to be full by now")
		word := fmt.Sprintf("kumquat%d", i)
		_, err := c.Add(map[string]any{"text": word + strings.Repeat(" and many other fruits", 1000) + " " + marker})
		if err != nil {
			require.ErrorContains(t, err, "Error: There is no space left on the disk")
			hits, err := c.Search(map[string]any{"query": word, "mode": "words"})
			require.NoError(t, err)
			require.Empty(t, hits, "what was refused is not there")
			break
		}
		kept = append(kept, word)
	}
	require.NotEmpty(t, kept)
	for _, word := range kept {
		hits, err := c.Search(map[string]any{"query": word, "mode": "words"})
		require.NoError(t, err)
		require.Len(t, hits, 1, "what was acknowledged is there")
	}
	r, err := c.Tool("get_stats", map[string]any{})
	require.NoError(t, err)
	require.Contains(t, r.Text, fmt.Sprintf("Total Memories: %d\n", len(kept)))
	require.NoError(t, c.CloseInput())
	require.NotContains(t, c.Stderr.String(), marker)
	require.NotContains(t, c.Stderr.String(), "kumquat")
}
