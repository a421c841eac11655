package sdk

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/tests/client"
	"zapomni/tests/npm"
)

// inspector is the Inspector's command line and how it reaches a server.
type inspector struct {
	packages npm.Packages
	home     string
	target   []string
}

// answer is what the Inspector prints.
type answer struct {
	Result struct {
		result

		Tools []struct{ Name string }
	}
}

// toolFailed is the exit status when a tool says that it could not.
const toolFailed = 5

// try runs one method and returns the exit status.
func (i inspector) try(t *testing.T, method string, args ...string) (status int, a answer) {
	t.Helper()
	script := filepath.Join("node_modules", "@modelcontextprotocol", "inspector", "clients", "launcher", "build", "index.js")
	command := append([]string{script, "--cli"}, i.target...)
	command = append(command, "--method", method, "--format", "json", "--quiet")
	status, out, complaint := i.packages.Try(t, []string{"HOME=" + i.home, "USERPROFILE=" + i.home}, append(command, args...)...)
	require.NoError(t, json.Unmarshal([]byte(out), &a), "%s: status %d: %s%s", method, status, out, complaint)
	return status, a
}

func (i inspector) call(t *testing.T, tool, arguments string) (status int, a answer) {
	t.Helper()
	return i.try(t, "tools/call", "--tool-name", tool, "--tool-args-json", arguments)
}

// inspect does what a developer does who tries a server out.
func (i inspector) inspect(t *testing.T) {
	t.Helper()
	status, listed := i.try(t, "tools/list", "--strict")
	require.Zero(t, status, "a schema that is not portable")
	require.Len(t, listed.Result.Tools, 10)

	status, added := i.call(t, "add_memory", `{"text": "Anna moved to Lisbon in March."}`)
	require.Zero(t, status)
	status, found := i.call(t, "search_memory", `{"query": "Where did Anna move to?"}`)
	require.Zero(t, status)
	require.Len(t, found.Result.StructuredContent.Results, 1)
	require.Equal(t, added.Result.StructuredContent.ID, found.Result.StructuredContent.Results[0].ID)

	status, refused := i.call(t, "search_memory", `{"query": "Anna", "limit": 0}`)
	require.Equal(t, toolFailed, status)
	require.True(t, refused.Result.IsError)
	require.Equal(t, "Input validation error: 0 is less than the minimum of 1", refused.Result.Content[0].Text)

	status, _ = i.call(t, "delete_memory", `{"memory_id": "`+added.Result.StructuredContent.ID+`", "confirm": true}`)
	require.Zero(t, status)
}

func TestInspector(t *testing.T) {
	packages := npm.Install(t)
	packages.Needs(t, 22)
	onEachStore(t, func(t *testing.T, settings []string) {
		t.Run("stdio", func(t *testing.T) {
			server := client.Command(t, t.TempDir(), settings)
			target := []string{server.Path}
			for _, setting := range server.Env {
				target = append(target, "-e", setting)
			}
			inspector{packages, t.TempDir(), target}.inspect(t)
		})
		server := client.Serve(t, t.TempDir(), settings...)
		for _, way := range []struct {
			name   string
			target []string
		}{
			{"sse", []string{"--transport", "sse", "--server-url", server.URL + "/sse"}},
			{"http, with a session", []string{"--transport", "http", "--protocol-era", "legacy", "--server-url", server.URL + "/mcp"}},
			{"http, without", []string{"--transport", "http", "--protocol-era", "modern", "--server-url", server.URL + "/mcp"}},
		} {
			t.Run(way.name, func(t *testing.T) { inspector{packages, t.TempDir(), way.target}.inspect(t) })
		}
	})
}
