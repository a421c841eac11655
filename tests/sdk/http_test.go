package sdk

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/tests/client"
	"zapomni/tests/npm"
)

// withGoSDK builds the client that is made with the SDK for Go.
func withGoSDK(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "gosdk")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", path, ".")
	cmd.Dir, cmd.Env = "gosdk", append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return path
}

// witness is what a client saw that has outlived a server.
type witness struct {
	Server            struct{ Name string }
	Revision          string
	Tools, Found      int
	Again             bool // it had to begin anew
	Told              int  // the status by which it knew
	Added, FoundAgain result
}

// patience is how long a client may take. It is there to end one that hangs.
const patience = 2 * time.Minute

// outlive runs a client, and starts the server anew when the client asks for
// it.
func outlive(t *testing.T, settings, command []string) witness {
	t.Helper()
	server := client.Serve(t, t.TempDir(), settings...)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], append(command[1:], server.URL)...) //nolint:gosec // one of our own.
	cmd.WaitDelay = time.Second
	var complaint strings.Builder
	cmd.Stderr = &complaint
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	asked := lines.Scan() && lines.Text() == "restart"
	if asked {
		server.Restart(t)
		_, err = io.WriteString(in, "go on\n")
		asked = err == nil && lines.Scan()
	}
	said := lines.Text()
	require.NoError(t, cmd.Wait(), complaint.String())
	require.True(t, asked, "%s%s", said, complaint.String())
	var w witness
	require.NoError(t, json.Unmarshal([]byte(said), &w), said)
	return w
}

func TestClientsOverHTTPGoOnAfterARestart(t *testing.T) {
	packages, gosdk := npm.Install(t), withGoSDK(t)
	script := filepath.Join(packages.Dir, "http.mjs")
	const gone = http.StatusNotFound
	for _, row := range []struct {
		name     string
		command  []string
		oldest   int // version of Node.js that it takes, 0 for none
		revision string
		told     int // what made it begin anew; 0 for nothing
	}{
		{name: "TypeScript, with a session", command: []string{packages.Node, script, "streamable"}, revision: "2025-11-25", told: gone},
		{name: "TypeScript, without", command: []string{packages.Node, script, "sessionless"}, oldest: 20, revision: "2026-07-28"},
		{name: "TypeScript, over SSE", command: []string{packages.Node, script, "sse"}},
		{name: "Go, with a session", command: []string{gosdk, "streamable"}, revision: "2025-11-25", told: gone},
		{name: "Go, without", command: []string{gosdk, "sessionless"}, revision: "2026-07-28"},
		{name: "Go, over SSE", command: []string{gosdk, "sse"}, revision: "2025-11-25"},
	} {
		t.Run(row.name, func(t *testing.T) {
			packages.Needs(t, row.oldest)
			onEachStore(t, func(t *testing.T, settings []string) {
				w := outlive(t, settings, row.command)
				require.Equal(t, "zapomni-memory", w.Server.Name)
				require.Equal(t, row.revision, w.Revision)
				require.Positive(t, w.Tools)
				require.NotEmpty(t, w.Added.StructuredContent.ID)
				require.Equal(t, 50, w.Found)
				require.Equal(t, row.told, w.Told)
				if !strings.HasSuffix(row.name, "SSE") { // there it knows by the end of the stream
					require.Equal(t, row.told != 0, w.Again, "whether it began anew")
				}
				require.Len(t, w.FoundAgain.StructuredContent.Results, 1)
				require.Equal(t, w.Added.StructuredContent.ID, w.FoundAgain.StructuredContent.Results[0].ID)
			})
		})
	}
}
