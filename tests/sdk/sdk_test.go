// Package sdk holds the server against the official TypeScript SDK, which most
// clients are made with.
package sdk

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/db/falkor/falkortest"
	"zapomni/tests/client"
)

func TestMain(m *testing.M) { os.Exit(client.Main(m)) }

// result is what a tool answers, as the SDK hands it on.
type result struct {
	IsError           bool
	Content           []struct{ Type, Text string }
	StructuredContent struct {
		ID      string `json:"memory_id"`
		Results []struct {
			ID   string `json:"memory_id"`
			Text string
		}
	}
}

// program returns a program of Node, or skips the test.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed: it comes with Node.js 18 or newer", name)
	}
	return path
}

// run runs a command in a directory and returns its output. Without an env it
// has the environment of the test.
func run(t *testing.T, dir string, env []string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir, cmd.Env = dir, env
	cmd.WaitDelay = time.Second
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	require.NoError(t, err, "%s failed in %s:\n%s%s", strings.Join(args, " "), dir, complaint.String(), out)
	return string(out)
}

func TestOfficialSDK(t *testing.T) {
	node, npm := program(t, "node"), program(t, "npm")
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json", ".npmrc", "client.mjs"} {
		content, err := os.ReadFile(name)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	run(t, dir, nil, npm, "ci", "--ignore-scripts", "--prefer-offline", "--no-progress")

	t.Run("embedded", func(t *testing.T) { speak(t, dir, node, nil) })
	t.Run("falkordb", func(t *testing.T) { speak(t, dir, node, onFalkorDB(t)) })
}

// onFalkorDB are settings for a server that keeps memories there.
func onFalkorDB(t *testing.T) []string {
	t.Helper()
	s := falkortest.Shared(t)
	return []string{"FALKORDB_URL=" + s.URL(), "GRAPH_NAME=" + s.Graph(t)}
}

// speak runs the client in dir against a server with these settings.
func speak(t *testing.T, dir, node string, settings []string) {
	t.Helper()
	var seen struct {
		Server                                           struct{ Name, Version string }
		Instructions                                     string
		Tools                                            []struct{ Name string }
		Unknown                                          int
		Added, Found, Refused, FoundAgain, Deleted, Gone result
	}
	server := client.Command(t, t.TempDir(), settings)
	out := run(t, dir, server.Env, node, "client.mjs", server.Path)
	require.NoError(t, json.Unmarshal([]byte(out), &seen), out)

	require.Equal(t, "zapomni-memory", seen.Server.Name)
	require.NotEmpty(t, seen.Server.Version)
	require.Contains(t, seen.Instructions, "search_memory")
	var names []string
	for _, tool := range seen.Tools {
		names = append(names, tool.Name)
	}
	require.Subset(t, names, []string{"add_memory", "search_memory", "get_stats", "delete_memory", "clear_all"})

	require.False(t, seen.Added.IsError)
	require.NotEmpty(t, seen.Added.StructuredContent.ID)
	for _, found := range []result{seen.Found, seen.FoundAgain} {
		require.False(t, found.IsError)
		require.Len(t, found.StructuredContent.Results, 1)
		require.Equal(t, seen.Added.StructuredContent.ID, found.StructuredContent.Results[0].ID)
		require.Contains(t, found.Content[0].Text, "Anna moved to Lisbon in March.")
	}
	require.True(t, seen.Refused.IsError)
	require.Equal(t, "Input validation error: 0 is less than the minimum of 1", seen.Refused.Content[0].Text)
	require.Equal(t, -32602, seen.Unknown)
	require.False(t, seen.Deleted.IsError)
	require.Equal(t, "No results found matching your query.", seen.Gone.Content[0].Text)
}

// A mirror that someone has used must not decide where others load from.
func TestTheLockNamesNoPlaceToLoadFrom(t *testing.T) {
	content, err := os.ReadFile("package-lock.json")
	require.NoError(t, err)
	require.NotContains(t, string(content), `"resolved"`)
	require.Contains(t, string(content), `"integrity"`)
}
