package clients

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func client(t *testing.T, id string) Client {
	t.Helper()
	c, err := Find(id)
	require.NoError(t, err)
	return c
}

func TestUserFileIsWhereTheClientReadsIt(t *testing.T) {
	linux := map[string]string{"HOME": "/home/a"}
	xdg := map[string]string{"HOME": "/home/a", "XDG_CONFIG_HOME": "/cfg"}
	mac := map[string]string{"HOME": "/Users/a", "XDG_CONFIG_HOME": "/cfg"}
	windows := map[string]string{"USERPROFILE": `C:\Users\a`, "APPDATA": `C:\Roaming`, "HOME": "/home/a"}
	bare := map[string]string{"USERPROFILE": `C:\Users\a`}
	for _, tc := range []struct {
		name, client, goos string
		env                map[string]string
		want               []string
	}{
		{"Claude Desktop on Linux", "claude-desktop", "linux", linux, []string{"/home/a", ".config", "Claude", "claude_desktop_config.json"}},
		{"Claude Desktop on Linux with a place for settings", "claude-desktop", "linux", xdg, []string{"/cfg", "Claude", "claude_desktop_config.json"}},
		{"Claude Desktop on macOS", "claude-desktop", "darwin", mac, []string{"/Users/a", "Library", "Application Support", "Claude", "claude_desktop_config.json"}},
		{"Claude Desktop on Windows", "claude-desktop", "windows", windows, []string{`C:\Roaming`, "Claude", "claude_desktop_config.json"}},
		{"Claude Desktop on Windows without a place for settings", "claude-desktop", "windows", bare, []string{`C:\Users\a`, "AppData", "Roaming", "Claude", "claude_desktop_config.json"}},
		{"Claude Code", "claude-code", "darwin", mac, []string{"/Users/a", ".claude.json"}},
		{"Claude Code elsewhere", "claude-code", "linux", map[string]string{"CLAUDE_CONFIG_DIR": "/other"}, []string{"/other", ".claude.json"}},
		{"Cursor", "cursor", "linux", xdg, []string{"/home/a", ".cursor", "mcp.json"}},
		{"Cursor on Windows", "cursor", "windows", windows, []string{`C:\Users\a`, ".cursor", "mcp.json"}},
		{"VS Code on Linux", "vscode", "linux", linux, []string{"/home/a", ".config", "Code", "User", "mcp.json"}},
		{"VS Code on macOS", "vscode", "darwin", mac, []string{"/Users/a", "Library", "Application Support", "Code", "User", "mcp.json"}},
		{"VS Code on Windows", "vscode", "windows", windows, []string{`C:\Roaming`, "Code", "User", "mcp.json"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := System{GOOS: tc.goos, Env: func(name string) string { return tc.env[name] }}
			got, err := client(t, tc.client).UserFile(s)
			require.NoError(t, err)
			require.Equal(t, filepath.Join(tc.want...), got)
		})
	}
}

func TestUserFileNeedsAHome(t *testing.T) {
	for _, tc := range []struct{ goos, want string }{
		{"linux", "find the configuration of Cursor: HOME is not set"},
		{"windows", "find the configuration of Cursor: USERPROFILE is not set"},
	} {
		_, err := client(t, "cursor").UserFile(System{GOOS: tc.goos, Env: func(string) string { return "" }})
		require.EqualError(t, err, tc.want)
	}
}

func TestProjectFileIsInTheProject(t *testing.T) {
	for id, want := range map[string]string{
		"claude-code": ".mcp.json",
		"cursor":      filepath.Join(".cursor", "mcp.json"),
		"vscode":      filepath.Join(".vscode", "mcp.json"),
	} {
		got, err := client(t, id).ProjectFile("here")
		require.NoError(t, err)
		require.Equal(t, filepath.Join("here", want), got)
	}
	_, err := client(t, "claude-desktop").ProjectFile("here")
	require.EqualError(t, err, "Claude Desktop has no configuration of single projects")
}

func TestFindNamesTheClientsThereAre(t *testing.T) {
	_, err := Find("emacs")
	require.EqualError(t, err, `there is no client "emacs": choose one of claude-desktop, claude-code, cursor, vscode`)
}

func TestCheckNameRefusesWhatClientsRefuse(t *testing.T) {
	for _, name := range []string{"zapomni", "my_memory-2"} {
		require.NoError(t, CheckName(name), name)
	}
	for _, name := range []string{"", "my memory", "память", "a/b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"} {
		require.Error(t, CheckName(name), name)
	}
}
