package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/cmd/zapomni/clients"
)

// userFile is where a client on this machine has its configuration, below h.
func (h home) userFile(t *testing.T, client string) string {
	t.Helper()
	c, err := clients.Find(client)
	require.NoError(t, err)
	path, err := c.UserFile(clients.System{GOOS: runtime.GOOS, Env: world{environ: h.environ}.variable})
	require.NoError(t, err)
	name, err := filepath.Rel(h.dir, path)
	require.NoError(t, err)
	return name
}

func TestInstallTellsEachClientAndUninstallTakesItBack(t *testing.T) {
	for _, tc := range []struct{ client, project, want string }{
		{"claude-desktop", "", `{"mcpServers": {"zapomni": {"command": "/opt/zapomni", "args": [], "env": {}}}}`},
		{"claude-code", ".mcp.json", `{"mcpServers": {"zapomni": {"type": "stdio", "command": "/opt/zapomni", "args": [], "env": {}}}}`},
		{"cursor", ".cursor/mcp.json", `{"mcpServers": {"zapomni": {"command": "/opt/zapomni", "args": [], "env": {}}}}`},
		{"vscode", ".vscode/mcp.json", `{"servers": {"zapomni": {"type": "stdio", "command": "/opt/zapomni", "args": []}}}`},
	} {
		try := func(file string, flags ...string) func(*testing.T) {
			return func(t *testing.T) {
				h := newHome(t)
				if file == "" {
					file = h.userFile(t, tc.client)
				}
				out := h.fine(t, append([]string{"install", tc.client}, flags...)...)
				require.Contains(t, out, "will start /opt/zapomni as zapomni.\nWritten: "+filepath.Join(h.dir, file)+"\n")
				require.JSONEq(t, tc.want, h.read(t, file))

				require.Contains(t, h.fine(t, append([]string{"install", tc.client}, flags...)...), "has zapomni already: nothing to do")
				out = h.fine(t, append([]string{"uninstall", tc.client}, flags...)...)
				require.Contains(t, out, "will not start zapomni any more.\nRemoved: ")
				require.NoFileExists(t, filepath.Join(h.dir, file))
				require.Contains(t, h.fine(t, append([]string{"uninstall", tc.client}, flags...)...), "has no zapomni: nothing to do")
			}
		}
		t.Run(tc.client, try(""))
		if tc.project != "" {
			t.Run(tc.client+" in a project", try(tc.project, "--project"))
		}
	}
}

func TestInstallNamesItsBackup(t *testing.T) {
	h := newHome(t)
	h.write(t, ".cursor/mcp.json", `{"mcpServers": {"zapomni": {"command": "python"}}} // mine`)
	out := h.fine(t, "install", "cursor")
	require.Contains(t, out, "Another server of that name was replaced.\n")
	require.Contains(t, out, "Before:  "+filepath.Join(h.dir, ".cursor", "mcp.json.backup")+"\n")
	require.Contains(t, h.read(t, ".cursor/mcp.json.backup"), "python")
	require.Contains(t, h.read(t, ".cursor/mcp.json"), "// mine")
}

// passed returns what a client is told to set for the program, which was
// installed with some flags.
func (h home) passed(t *testing.T, flags ...string) map[string]string {
	t.Helper()
	h.fine(t, append([]string{"install", "vscode", "--project"}, flags...)...)
	got := decoded[struct {
		Servers map[string]struct{ Env map[string]string }
	}](t, h.read(t, ".vscode/mcp.json"))
	require.Len(t, got.Servers, 1)
	return slices.Collect(maps.Values(got.Servers))[0].Env
}

func TestInstallPassesPlacesOn(t *testing.T) {
	for _, file := range []string{"c.yaml", "~/c.yaml"} {
		h := newHome(t)
		h.write(t, "c.yaml", "log: {level: debug}")
		require.Equal(t, map[string]string{
			"ZAPOMNI_DATA_DIR": filepath.Join(h.dir, "d"),
			"ZAPOMNI_CONFIG":   filepath.Join(h.dir, "c.yaml"),
		}, h.passed(t, "--name", "notes", "--data-dir", "~/d", "--config", file))
	}
}

func TestInstallPassesSettingsOn(t *testing.T) {
	require.Equal(t, map[string]string{"ZAPOMNI_DB_SYNC": "full", "ZAPOMNI_LOG_LEVEL": "DEBUG"},
		newHome(t).passed(t, "--db-sync", "full", "--log-level", "DEBUG"))
	require.Empty(t, newHome(t).passed(t, "--config=", "--data-dir=", "--log-file="))
}

func TestInstallRefusesSettingsThatCannotServe(t *testing.T) {
	h := newHome(t)
	got := h.run(t, "install", "cursor", "--project", "--config", "missing.yaml")
	require.Equal(t, exitError, got.status)
	require.Contains(t, got.err, "settings: --config: read "+filepath.Join(h.dir, "missing.yaml"))
	require.NoFileExists(t, filepath.Join(h.dir, ".cursor", "mcp.json"))
}

func TestPrintOnlyShows(t *testing.T) {
	h := newHome(t)
	h.write(t, ".mcp.json", "broken")
	got := h.run(t, "install", "claude-code", "--project", "--print")
	require.Zero(t, got.status)
	require.JSONEq(t, `{"mcpServers": {"zapomni": {"type": "stdio", "command": "/opt/zapomni", "args": [], "env": {}}}}`, got.out)
	require.Equal(t, "Claude Code would get this in "+filepath.Join(h.dir, ".mcp.json")+":\n", got.err)
	require.Equal(t, "broken", h.read(t, ".mcp.json"))
}

func TestInstallLeavesABrokenFileAlone(t *testing.T) {
	for _, command := range []string{"install", "uninstall"} {
		h := newHome(t)
		h.write(t, ".cursor/mcp.json", `{"mcpServers": `)
		got := h.run(t, command, "cursor")
		require.Equal(t, exitError, got.status)
		require.Contains(t, got.err, "mcp.json is left as it is")
		require.Equal(t, `{"mcpServers": `, h.read(t, ".cursor/mcp.json"))
	}
}

func TestInstallRefusesAProgramThatWillBeGone(t *testing.T) {
	h := newHome(t)
	var out, errOut bytes.Buffer
	status := run(t.Context(), world{
		in: strings.NewReader(""), out: &out, err: &errOut, environ: h.environ, dir: h.dir,
		program: func() (string, error) { return "", errPassing },
	}, []string{"install", "cursor"})
	require.Equal(t, exitError, status)
	require.Equal(t, "zapomni: "+errPassing.Error()+"\n", errOut.String())
	require.NoFileExists(t, filepath.Join(h.dir, ".cursor", "mcp.json"))
}

func TestLastingPrefersTheLinkThatOutlivesTheFile(t *testing.T) {
	dir := t.TempDir()
	file, link, other := filepath.Join(dir, "zapomni-1.0"), filepath.Join(dir, "zapomni"), filepath.Join(dir, "other")
	for _, path := range []string{file, other} {
		require.NoError(t, os.WriteFile(path, nil, 0o700))
	}
	if err := os.Symlink(file, link); err != nil {
		t.Skip("no links here:", err)
	}
	for _, tc := range []struct{ name, called, want string }{
		{"called by the link", link, link},
		{"called by itself", file, file},
		{"called by the name of another program", other, file},
		{"called by what is not there", filepath.Join(dir, "gone"), file},
		{"called by nothing", "", file},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := lasting(file, tc.called)
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		})
	}
}

func TestLastingRefusesWhatGoRunBuilt(t *testing.T) {
	for _, path := range []string{
		"/tmp/go-build1234/b001/exe/zapomni",
		"/home/a/.cache/go-build/3f/" + strings.Repeat("3f", 32) + "-d/zapomni",
		"/cache/3f/" + strings.Repeat("3f", 32) + "-d/zapomni",
	} {
		_, err := lasting(path, path)
		require.ErrorIs(t, err, errPassing, path)
	}
	for _, path := range []string{"/usr/local/bin/zapomni", "/home/a-d/zapomni", "/src/go/bin/zapomni", "/home/a/go-builder/zapomni"} {
		got, err := lasting(path, path)
		require.NoError(t, err)
		require.Equal(t, path, got)
	}
}
