package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// home is a machine with nothing on it, for one test.
type home struct {
	dir     string // both the home and the working directory
	environ []string
}

func newHome(t *testing.T) home {
	t.Helper()
	dir := t.TempDir()
	return home{dir: dir, environ: []string{
		"HOME=" + dir, "USERPROFILE=" + dir, "APPDATA=" + filepath.Join(dir, "Roaming"),
		"LOCALAPPDATA=" + filepath.Join(dir, "Local"),
	}}
}

// result is what a run of the program left.
type result struct {
	status   int
	out, err string
}

func (h home) run(t *testing.T, args ...string) result {
	t.Helper()
	return h.pipe(t, "", args...)
}

// pipe runs the program with something in its standard input.
func (h home) pipe(t *testing.T, in string, args ...string) result {
	t.Helper()
	return h.within(t.Context(), in, args...)
}

func (h home) within(ctx context.Context, in string, args ...string) result {
	var out, errOut bytes.Buffer
	status := run(ctx, world{
		in: strings.NewReader(in), out: &out, err: &errOut, environ: h.environ, dir: h.dir,
		program: func() (string, error) { return "/opt/zapomni", nil },
	}, args)
	return result{status, out.String(), errOut.String()}
}

// fine runs a command that has to succeed, and returns what it printed.
func (h home) fine(t *testing.T, args ...string) string {
	t.Helper()
	r := h.run(t, args...)
	require.Zero(t, r.status, r.err)
	require.Empty(t, r.err)
	return r.out
}

func (h home) write(t *testing.T, name, content string) {
	t.Helper()
	path := filepath.Join(h.dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

func (h home) read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(h.dir, name))
	require.NoError(t, err)
	return string(content)
}

func decoded[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	require.NoError(t, json.Unmarshal([]byte(text), &v), text)
	return v
}

func TestMistakesInTheUsageEndWithStatus2(t *testing.T) {
	for _, tc := range []struct {
		name string
		args []string
		want string
	}{
		{"unknown command", []string{"serach"}, `unknown command "serach" for "zapomni"`},
		{"unknown flag", []string{"add", "--nope"}, "unknown flag: --nope"},
		{"unknown transport", []string{"serve", "--transport", "tcp"}, `type must be stdio, sse or http, got "tcp"`},
		{"unknown transport without a command", []string{"--transport", "tcp"}, `type must be stdio, sse or http, got "tcp"`},
		{"an argument too many", []string{"stats", "all"}, `unknown command "all" for "zapomni stats"`},
		{"text and file", []string{"add", "hello", "--file", "a"}, "give either a text or files, not both"},
		{"metadata that is no JSON", []string{"add", "hello", "--metadata", "mood"}, "--metadata should be a JSON object"},
		{"metadata that is a list", []string{"add", "hello", "--metadata", "[]"}, "--metadata should be a JSON object"},
		{"metadata that is null", []string{"add", "hello", "--metadata", "null"}, "--metadata should be a JSON object"},
		{"metadata with something after it", []string{"add", "hello", "--metadata", "{} {}"}, "--metadata should be one JSON object"},
		{"tags that are no list", []string{"add", "hello", "--tag", "a", "--metadata", `{"tags": "b"}`}, "tags in --metadata should be a list"},
		{"a time that is none", []string{"add", "hello", "--timestamp", "yesterday"}, `--timestamp should be like 2025-03-01`},
		{"nothing to search for", []string{"search"}, "there is nothing to search for"},
		{"a blank to search for", []string{"search", " "}, "there is nothing to search for"},
		{"a limit of 0", []string{"search", "x", "--limit", "0"}, "--limit should be between 1 and 100, got 0"},
		{"a limit of 101", []string{"search", "x", "--limit", "101"}, "--limit should be between 1 and 100, got 101"},
		{"a limit in words", []string{"search", "x", "--limit", "ten"}, `invalid argument "ten" for "-n, --limit" flag`},
		{"a limit with a fraction", []string{"search", "x", "--limit", "10.0"}, `invalid argument "10.0" for "-n, --limit" flag`},
		{"an unknown mode", []string{"search", "x", "--mode", "luck"}, `--mode should be hybrid, words or meaning, got "luck"`},
		{"a date that is none", []string{"search", "x", "--from", "32"}, `--from should be like 2025-03-01`},
		{"an end that is no date", []string{"search", "x", "--to", "2025-13-01"}, `--to should be like 2025-03-01`},
		{"no client", []string{"install"}, "name one client: claude-desktop, claude-code, cursor, vscode"},
		{"an unknown client", []string{"install", "emacs"}, `there is no client "emacs"`},
		{"a name that clients refuse", []string{"install", "cursor", "--name", "my memory"}, `the name "my memory" should be`},
		{"a client without projects", []string{"uninstall", "claude-desktop", "--project"}, "Claude Desktop has no configuration of single projects"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := newHome(t)
			got := h.run(t, tc.args...)
			require.Equal(t, exitUsage, got.status)
			require.Empty(t, got.out)
			require.Contains(t, "\n"+got.err, "\nzapomni: ")
			require.Contains(t, got.err, tc.want)
			require.Contains(t, got.err, "--help'\n")
			entries, err := os.ReadDir(h.dir)
			require.NoError(t, err)
			require.Empty(t, entries, "nothing was written")
		})
	}
}

func TestErrorsEndWithStatus1AndSayWhatToDo(t *testing.T) {
	h := newHome(t)
	h.write(t, "file", "")
	h.write(t, "broken/zapomni.db", strings.Repeat("no database ", 1000))
	h.environ = append(h.environ, "FALKORDB_URL=unix:///nowhere/at/all", "ZAPOMNI_DB_DRIVER=embedded")
	for _, tc := range []struct {
		name string
		args []string
		want []string
	}{
		{"data directory below a file", []string{"stats", "--data-dir", "file"}, []string{"open store", "not a directory", "--data-dir or ZAPOMNI_DATA_DIR"}},
		{"a damaged store", []string{"search", "x", "--data-dir", "broken"}, []string{"the file is damaged", "restore a backup"}},
		{"a backend that is not there", []string{"stats", "--db-driver", "falkordb"}, []string{"Failed to initialize FalkorDB client: ", "no such file"}},
		{"no such configuration file", []string{"stats", "--config", "nowhere.yaml"}, []string{"settings: --config:", "nowhere.yaml"}},
		{"a blank text", []string{"add", " "}, []string{"add the text: text cannot be empty or contain only whitespace"}},
		{"reserved metadata", []string{"add", "x", "--metadata", `{"chunks": 1}`}, []string{"Reserved key in metadata: chunks"}},
		{"an unknown workspace", []string{"add", "x", "--workspace", "defaults"}, []string{`there is no workspace "defaults": did you mean default?`}},
		{"statistics of an unknown workspace", []string{"stats", "--workspace", "elsewhere"}, []string{`there is no workspace "elsewhere": 'zapomni workspaces' lists all`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := h.run(t, tc.args...)
			require.Equal(t, exitError, got.status)
			require.Empty(t, got.out)
			require.Contains(t, "\n"+got.err, "\nzapomni: ")
			for _, want := range tc.want {
				require.Contains(t, got.err, want)
			}
		})
	}
}

func TestAStoreOfANewerVersionIsLeftAlone(t *testing.T) {
	h := newHome(t)
	h.fine(t, "add", "one", "--data-dir", "d")
	path := filepath.Join(h.dir, "d", "zapomni.db")
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	copy(file[60:64], []byte{0x7f, 0, 0, 0}) // SQLite's user_version
	require.NoError(t, os.WriteFile(path, file, 0o600))

	got := h.run(t, "search", "one", "--data-dir", "d")
	require.Equal(t, exitError, got.status)
	require.Contains(t, got.err, "written by a newer version")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, file, after)
}

func TestASignalInterruptsACommand(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(&signalError{syscall.SIGINT})
	got := newHome(t).within(ctx, "", "add", "hello")
	require.Equal(t, 130, got.status)
	require.Equal(t, "zapomni: signal: interrupt\n", got.err)
}

func TestVersionIsSaidOneWay(t *testing.T) {
	h := newHome(t)
	want := "zapomni " + versionOf() + "\n"
	require.Equal(t, want, h.fine(t, "version"))
	require.Equal(t, want, h.fine(t, "--version"))
}

func TestWarningsAboutSettingsAreSaid(t *testing.T) {
	h := newHome(t)
	h.environ = append(h.environ, "CHUNK_OVERLAP=400")
	got := h.run(t, "stats")
	require.Zero(t, got.status)
	require.Contains(t, got.err, "chunk_overlap (400) is more than half of max_chunk_size (512)")
}

var errUnwritable = errors.New("nobody reads")

type unwritable struct{}

func (unwritable) Write([]byte) (int, error) { return 0, errUnwritable }

func TestWhatCannotBePrintedIsAnError(t *testing.T) {
	h := newHome(t)
	h.fine(t, "add", "hello")
	for _, args := range [][]string{
		{"version"},
		{"add", "hello"},
		{"search", "hello"},
		{"search", "hello", "--json"},
		{"search", "elsewhere"},
		{"stats"},
		{"workspaces"},
	} {
		var errOut bytes.Buffer
		status := run(t.Context(), world{
			in: strings.NewReader(""), out: unwritable{}, err: &errOut, environ: h.environ, dir: h.dir,
		}, args)
		require.Equal(t, exitError, status, args)
		require.Contains(t, errOut.String(), errUnwritable.Error(), args)
	}
}
