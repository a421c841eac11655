package bench

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/db/falkor/falkortest"
)

// javaScriptClient is the official client and its version.
const javaScriptClient = "falkordb@6.6.2"

// BenchmarkFalkorJavaScript compares our client with the official one for
// JavaScript on the same work. Both take turns, as in BenchmarkFalkorReads. The
// official client is installed into a directory that is removed afterwards.
func BenchmarkFalkorJavaScript(b *testing.B) {
	dir, err := installJavaScript(b)
	if err != nil {
		b.Skip(err)
	}
	s, graph := falkorServer(b)
	client, js := ours(falkorClient(b, s, graph), graph), javaScript(b, s, graph, dir)
	for _, w := range falkorWorks {
		for _, callers := range falkorCallers {
			b.Run(fmt.Sprintf("%s/callers=%d", w.name, callers), func(b *testing.B) {
				var t tally
				for b.Loop() {
					t.add("js", js(b, w, callers))
					t.add("ours", client(b, w, callers))
				}
				t.compare(b, "ours", "js")
				t.compareTail(b, "ours", "js")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

func installJavaScript(b *testing.B) (dir string, err error) {
	b.Helper()
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			return "", err
		}
	}
	script, err := os.ReadFile(filepath.Join("falkordb_js", "work.cjs"))
	require.NoError(b, err)
	dir = b.TempDir()
	require.NoError(b, os.WriteFile(filepath.Join(dir, "work.cjs"), script, 0o600))
	install := exec.CommandContext(b.Context(), "npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", dir, javaScriptClient)
	if said, err := install.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm could not install %s: %w\n%s", javaScriptClient, err, said)
	}
	return dir, nil
}

// javaScript is the official client, in a process that runs until the benchmark
// ends, so that its code is compiled.
func javaScript(b *testing.B, s *falkortest.Server, graph, dir string) way {
	b.Helper()
	cmd := exec.Command("node", "work.cjs", s.Socket(), graph) //nolint:noctx // it ends with its input
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(b, err)
	out, err := cmd.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, cmd.Start())
	b.Cleanup(func() {
		require.NoError(b, errors.Join(in.Close(), cmd.Wait()))
	})
	lines := bufio.NewScanner(out)
	return func(b *testing.B, w falkorWork, callers int) outcome {
		b.Helper()
		require.NoError(b, json.NewEncoder(in).Encode(map[string]any{
			"text": w.text, "param": w.param, "value": w.value, "callers": callers, "millis": turn.Milliseconds(),
		}))
		require.True(b, lines.Scan(), "the client has ended: %v", lines.Err())
		var o struct{ Rate, P50, P99 float64 }
		require.NoError(b, json.Unmarshal(lines.Bytes(), &o))
		return outcome{rate: o.Rate, p50: fromMillis(o.P50), p99: fromMillis(o.P99)}
	}
}

func fromMillis(f float64) time.Duration { return time.Duration(f * float64(time.Millisecond)) }
