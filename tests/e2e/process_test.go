package e2e

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/tests/client"
)

// request is a line that asks something of the server.
func request(id int, method string, params any) string {
	line, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": id, "method": method, "params": params})
	if err != nil {
		panic(err) // what a test sends can be encoded
	}
	return string(line) + "\n"
}

// toolCall is a request that calls a tool.
func toolCall(id int, tool string, arguments map[string]any) string {
	return request(id, "tools/call", map[string]any{"name": tool, "arguments": arguments})
}

// answers reads what lines of output say, by the id of the request. Each has
// to be a message, and no id may be answered twice.
func answers(t *testing.T, lines []string) map[float64]answer {
	t.Helper()
	all := make(map[float64]answer)
	for _, line := range lines {
		var a answer
		require.NoError(t, json.Unmarshal([]byte(line), &a), line)
		require.Equal(t, "2.0", a["jsonrpc"], line)
		id, ok := a["id"].(float64)
		require.True(t, ok, line)
		require.NotContains(t, all, id, "answered twice")
		all[id] = a
	}
	return all
}

func serve(t *testing.T, dataDir string, env ...string) *client.Process {
	t.Helper()
	return client.Run(t, client.Command(t, dataDir, env, "serve"))
}

// ended waits for the end of a process and returns its exit status.
func ended(t *testing.T, p *client.Process) int {
	t.Helper()
	status, err := p.Wait()
	require.NoError(t, err)
	return status
}

func needSignals(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no signals to send to another process")
	}
}

// memories returns how many memories a data directory holds.
func memories(t *testing.T, dataDir string) int {
	t.Helper()
	c := client.Start(t, dataDir)
	r, err := c.Tool("get_stats", map[string]any{})
	require.NoError(t, err)
	require.NoError(t, c.CloseInput())
	var stats struct{ Memories int }
	require.NoError(t, json.Unmarshal(r.Structured, &stats))
	return stats.Memories
}

func TestCallsPendingAtTheEndOfInputAreAnswered(t *testing.T) {
	const calls = 50
	p := serve(t, t.TempDir())
	var all strings.Builder
	for id := range calls {
		if id%2 == 0 {
			all.WriteString(toolCall(id, "add_memory", map[string]any{"text": fmt.Sprint("note ", id)}))
		} else {
			all.WriteString(toolCall(id, "search_memory", map[string]any{"query": "note"}))
		}
	}
	require.NoError(t, p.Send(strings.TrimSuffix(all.String(), "\n"))) // the last line has no end
	require.NoError(t, p.EndInput())
	lines, err := p.Rest()
	require.NoError(t, err)
	got := answers(t, lines)
	for id := range calls {
		require.Contains(t, got, float64(id))
		require.NotContains(t, got[float64(id)]["result"], "isError")
	}
	require.Zero(t, ended(t, p))
}

func TestItEndsInOrderInTheMiddleOfWork(t *testing.T) {
	for _, tc := range []struct {
		name   string
		signal os.Signal // nil: the input ends
	}{
		{"at the end of input", nil},
		{"on SIGTERM", syscall.SIGTERM},
		{"on SIGINT", os.Interrupt},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			p := serve(t, dir)
			for id := range 200 {
				require.NoError(t, p.Send(toolCall(id, "add_memory", map[string]any{"text": fmt.Sprint("note ", id)})))
			}
			first, err := p.Line() // it is at work
			require.NoError(t, err)
			began := time.Now()
			if tc.signal == nil {
				require.NoError(t, p.EndInput())
			} else {
				needSignals(t)
				require.NoError(t, p.Cmd.Process.Signal(tc.signal))
			}
			lines, err := p.Rest()
			require.NoError(t, err)
			require.Zero(t, ended(t, p), p.Stderr)
			require.Less(t, time.Since(began), 5*time.Second)
			got := answers(t, append(lines, string(first)))
			require.Len(t, got, memories(t, dir), "what was kept was acknowledged, and what was acknowledged is kept")
			if tc.signal == nil {
				require.Len(t, got, 200)
			}
		})
	}
}

// holdWrites keeps everybody from writing to a data directory, as a process
// would that is in the middle of a change, until the test ends.
func holdWrites(t *testing.T, dataDir string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dataDir, file))
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	tx, err := db.BeginTx(t.Context(), nil) // which ends with the test
	require.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), "UPDATE workspace SET name = name")
	require.NoError(t, err)
}

func TestASecondSignalEndsItAtOnce(t *testing.T) {
	needSignals(t)
	for _, tc := range []struct {
		name   string
		signal syscall.Signal
		want   int
	}{
		{"SIGTERM", syscall.SIGTERM, 143},
		{"SIGINT", syscall.SIGINT, 130},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir, logFile := t.TempDir(), filepath.Join(t.TempDir(), "log")
			p := serve(t, dir, "ZAPOMNI_LOG_FILE="+logFile, "ZAPOMNI_DB_BUSY_TIMEOUT=60", "ZAPOMNI_SHUTDOWN_GRACE=60")
			require.NoError(t, p.Send(request(0, "ping", nil)))
			_, err := p.Line() // it is up
			require.NoError(t, err)
			holdWrites(t, dir)
			require.NoError(t, p.Send(toolCall(1, "add_memory", map[string]any{"text": "This has to wait."})+request(2, "ping", nil)))
			_, err = p.Line() // it has read both
			require.NoError(t, err)
			require.NoError(t, p.Cmd.Process.Signal(tc.signal))
			require.Eventually(t, func() bool {
				log, err := os.ReadFile(logFile)
				return err == nil && strings.Contains(string(log), "shutdown_started")
			}, time.Minute, time.Millisecond)
			require.NoError(t, p.Cmd.Process.Signal(tc.signal))
			state, err := p.Cmd.Process.Wait()
			require.NoError(t, err)
			require.Equal(t, tc.want, state.ExitCode())
		})
	}
}

// marker stands in everything that is kept or asked for, and nowhere else.
const marker = "Quagswagging"

func TestOutputIsMessagesAndTheLogKeepsSecrets(t *testing.T) {
	p := serve(t, t.TempDir())
	text := map[string]any{"text": "My diary of " + marker, "metadata": map[string]any{"tags": []string{marker}, "source": marker, "note": marker}}
	for id, line := range []string{
		request(0, "initialize", map[string]any{"protocolVersion": "2025-06-18", "capabilities": map[string]any{}, "clientInfo": map[string]any{"name": "test", "version": "1"}}),
		toolCall(1, "add_memory", text),
		toolCall(2, "search_memory", map[string]any{"query": marker, "filters": map[string]any{"tags": []string{marker}}}),
		toolCall(3, "search_memory", map[string]any{"query": marker, "limit": marker}),
		toolCall(4, "add_memory", map[string]any{"text": marker, "workspace_id": marker}),
		toolCall(5, "add_memory", map[string]any{"text": marker, "metadata": map[string]any{"chunks": marker}}),
		toolCall(6, "create_workspace", map[string]any{"workspace_id": "w", "name": marker}),
		toolCall(7, marker, map[string]any{}),
		request(8, marker, map[string]any{}),
		strings.Replace(toolCall(9, "add_memory", text), "diary", "diary \xff", 1),
		strings.Replace(toolCall(10, "add_memory", text), "diary", "diary \x01", 1), // which JSON forbids
	} {
		require.NoError(t, p.Send(line))
		if id < 10 {
			_, err := p.Line()
			require.NoError(t, err)
		}
	}
	require.NoError(t, p.EndInput())
	rest, err := p.Rest()
	require.NoError(t, err)
	require.Len(t, rest, 1, "one answer to each line")
	for _, line := range rest {
		require.True(t, json.Valid([]byte(line)), line)
	}
	require.Zero(t, ended(t, p))
	require.NotEmpty(t, p.Stderr.String())
	require.NotContains(t, p.Stderr.String(), marker)
	for line := range strings.Lines(p.Stderr.String()) {
		require.True(t, json.Valid([]byte(line)), line)
	}
}

func TestALargeTextIsKeptWholeAndFound(t *testing.T) {
	const most = 10_000_000
	words := "The quick brown fox jumps over the lazy dog, again and again. "
	text := strings.Repeat(words, most/len(words)+1)[:most]
	text = text[:most/2] + " axolotl " + text[most/2+len(" axolotl "):]
	dir := t.TempDir()
	c := client.Start(t, dir)
	id, err := c.Add(map[string]any{"text": text})
	require.NoError(t, err)
	hits, err := c.Search(map[string]any{"query": "axolotl", "full": true})
	require.NoError(t, err)
	require.Len(t, hits, 1)
	require.Equal(t, id, hits[0].ID)
	require.Contains(t, hits[0].Text, "axolotl")

	_, err = c.Add(map[string]any{"text": text + "!"})
	require.EqualError(t, err, "Input validation error: 'The quick brown fox jumps over the lazy dog, again and again…' is too long")
	require.NoError(t, c.CloseInput())
	require.Equal(t, 1, memories(t, dir))
}

func TestALineThatIsTooLongIsRefusedAndTheNextOneServed(t *testing.T) {
	p := serve(t, t.TempDir(), "ZAPOMNI_TRANSPORT_MAX_LINE_BYTES=65536")
	require.NoError(t, p.Send(toolCall(1, "add_memory", map[string]any{"text": strings.Repeat("long ", 200_000)})))
	require.NoError(t, p.Send(toolCall(2, "add_memory", map[string]any{"text": strings.Repeat("fits ", 10_000)})))
	require.NoError(t, p.EndInput())
	lines, err := p.Rest()
	require.NoError(t, err)
	got := answers(t, lines)
	require.Len(t, got, 2)
	refusal, ok := got[1]["error"].(map[string]any)
	require.True(t, ok, got[1])
	require.EqualValues(t, -32600, refusal["code"])
	require.Regexp(t, `^message of \d+ bytes is longer than the limit of 65536 bytes$`, refusal["message"])
	require.Contains(t, got[2], "result")
	require.Zero(t, ended(t, p))
}

func TestTwoProcessesShareOneDirectory(t *testing.T) {
	dir := t.TempDir()
	one, other := client.Start(t, dir), client.Start(t, dir)
	for i := range 50 {
		word := fmt.Sprintf("kumquat%d", i)
		id, err := one.Add(map[string]any{"text": "A crate of " + word + "."})
		require.NoError(t, err)
		hits, err := other.Search(map[string]any{"query": word, "mode": "words"})
		require.NoError(t, err)
		require.Len(t, hits, 1, "what one has added the other finds at once")
		require.Equal(t, id, hits[0].ID)
		one, other = other, one
	}
	_, err := one.Tool("create_workspace", map[string]any{"workspace_id": "attic", "name": "Attic"})
	require.NoError(t, err)
	id, err := other.Add(map[string]any{"text": "A harp.", "workspace_id": "attic"})
	require.NoError(t, err)
	r, err := one.Tool("delete_memory", map[string]any{"memory_id": id, "confirm": true})
	require.NoError(t, err)
	require.True(t, r.IsError, "it is in another workspace")
	_, err = one.Tool("delete_workspace", map[string]any{"workspace_id": "attic", "confirm": true})
	require.NoError(t, err)
	_, err = other.Add(map[string]any{"text": "A harp.", "workspace_id": "attic"})
	require.ErrorContains(t, err, "does not exist")

	one.Kill()
	_, err = other.Add(map[string]any{"text": "Life goes on."})
	require.NoError(t, err)
	require.NoError(t, other.CloseInput())
	require.Equal(t, 51, memories(t, dir))
}

// contents reads all files of a directory.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	require.NoError(t, fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(dir, name))
		all[name] = string(content)
		return err
	}))
	return all
}
