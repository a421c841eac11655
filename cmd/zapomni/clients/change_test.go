package clients

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var ours = Entry{Name: "zapomni", Command: "/opt/zapomni"}

func fileOf(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mcp.json")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o640))
	return path
}

func contentOf(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(content)
}

func install(t *testing.T, c Client, path string, e Entry) (Change, string) {
	t.Helper()
	change, err := c.Install(path, e)
	require.NoError(t, err)
	backup, err := change.Apply()
	require.NoError(t, err)
	return change, backup
}

func uninstall(t *testing.T, c Client, path string) (Change, string) {
	t.Helper()
	change, err := c.Uninstall(path, "zapomni")
	require.NoError(t, err)
	backup, err := change.Apply()
	require.NoError(t, err)
	return change, backup
}

// names lists what is in the directory of a file.
func names(t *testing.T, path string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	all := make([]string, len(entries))
	for i, e := range entries {
		all[i] = e.Name()
	}
	return all
}

func TestInstallWritesTheShapeOfEachClient(t *testing.T) {
	for _, tc := range []struct{ client, bare, env string }{
		{
			"claude-desktop", `{"mcpServers": {"zapomni": {"command": "/opt/zapomni", "args": [], "env": {}}}}`,
			`{"mcpServers": {"zapomni": {"command": "/opt/zapomni", "args": [], "env": {"ZAPOMNI_DATA_DIR": "/d & e"}}}}`,
		},
		{
			"claude-code", `{"mcpServers": {"zapomni": {"type": "stdio", "command": "/opt/zapomni", "args": [], "env": {}}}}`,
			`{"mcpServers": {"zapomni": {"type": "stdio", "command": "/opt/zapomni", "args": [], "env": {"ZAPOMNI_DATA_DIR": "/d & e"}}}}`,
		},
		{
			"cursor", `{"mcpServers": {"zapomni": {"command": "/opt/zapomni", "args": [], "env": {}}}}`,
			`{"mcpServers": {"zapomni": {"command": "/opt/zapomni", "args": [], "env": {"ZAPOMNI_DATA_DIR": "/d & e"}}}}`,
		},
		{
			"vscode", `{"servers": {"zapomni": {"type": "stdio", "command": "/opt/zapomni", "args": []}}}`,
			`{"servers": {"zapomni": {"type": "stdio", "command": "/opt/zapomni", "args": [], "env": {"ZAPOMNI_DATA_DIR": "/d & e"}}}}`,
		},
	} {
		t.Run(tc.client, func(t *testing.T) {
			c := client(t, tc.client)
			path := filepath.Join(t.TempDir(), "new", "dir", "mcp.json")
			_, backup := install(t, c, path, ours)
			require.Empty(t, backup)
			require.JSONEq(t, tc.bare, contentOf(t, path))

			with := ours
			with.Env = map[string]string{"ZAPOMNI_DATA_DIR": "/d & e"}
			snippet, err := c.Snippet(with)
			require.NoError(t, err)
			require.JSONEq(t, tc.env, string(snippet))
			require.Contains(t, string(snippet), "/d & e")
		})
	}
}

func TestInstallKeepsAllElse(t *testing.T) {
	before := "{\n    // what I use\n    \"theme\": \"dark\",\n    \"mcpServers\": {\n        \"git\": {\"command\": \"git-mcp\"}, // daily\n    },\n    \"zeta\": [1, 2]\n}\n"
	want := "{\n    // what I use\n    \"theme\": \"dark\",\n    \"mcpServers\": {\n        \"git\": {\"command\": \"git-mcp\"}, // daily\n        \"zapomni\": {\n            \"command\": \"/opt/zapomni\",\n            \"args\": [],\n            \"env\": {}\n        },\n    },\n    \"zeta\": [1, 2]\n}\n"
	path := fileOf(t, before)
	change, backup := install(t, client(t, "cursor"), path, ours)

	require.Equal(t, want, contentOf(t, path))
	require.False(t, change.Replaces)
	require.Equal(t, change.Path+".backup", backup)
	require.Equal(t, before, contentOf(t, backup))
	for _, p := range []string{path, backup} {
		fi, err := os.Stat(p)
		require.NoError(t, err)
		if runtime.GOOS != "windows" {
			require.Equal(t, fs.FileMode(0o640), fi.Mode().Perm(), p)
		}
	}
}

func TestInstallTwiceChangesNothing(t *testing.T) {
	for _, c := range All() {
		t.Run(c.ID, func(t *testing.T) {
			path := fileOf(t, "{}")
			install(t, c, path, ours)
			first := contentOf(t, path)
			change, backup := install(t, c, path, ours)
			require.True(t, change.Nothing())
			require.Empty(t, backup)
			require.Equal(t, first, contentOf(t, path))
			require.Equal(t, []string{"mcp.json", "mcp.json.backup"}, names(t, path))
		})
	}
}

func TestInstallKeepsWhatAnEntryOfOursSays(t *testing.T) {
	path := fileOf(t, `{"mcpServers": {"zapomni": {"command": "C:\\old\\Zapomni.EXE", "args": ["--log-level", "DEBUG"], "env": {"A": "1"}, "disabled": true}}}`)
	e := ours
	e.Env = map[string]string{"ZAPOMNI_DATA_DIR": "/d", "A": "2"}
	change, _ := install(t, client(t, "cursor"), path, e)
	require.False(t, change.Replaces)
	require.JSONEq(t, `{"mcpServers": {"zapomni": {"command": "/opt/zapomni", "args": ["--log-level", "DEBUG"], "env": {"A": "2", "ZAPOMNI_DATA_DIR": "/d"}, "disabled": true}}}`, contentOf(t, path))
}

func TestInstallReplacesAnotherServerOfTheName(t *testing.T) {
	for _, other := range []string{
		`{"command": "python", "args": ["-m", "zapomni_mcp"]}`,
		`{"type": "http", "url": "http://127.0.0.1:8000/mcp"}`,
		`null`,
	} {
		path := fileOf(t, `{"mcpServers": {"zapomni": `+other+`}}`)
		change, _ := install(t, client(t, "cursor"), path, ours)
		require.True(t, change.Replaces, other)
		require.JSONEq(t, `{"mcpServers": {"zapomni": {"command": "/opt/zapomni", "args": [], "env": {}}}}`, contentOf(t, path))
	}
}

func TestWhatCannotBeReadIsLeftAlone(t *testing.T) {
	for _, tc := range []struct{ name, content, want string }{
		{"broken", "{\n  \"mcpServers\": {\n", "line 3, column 1: a string in double quotes is missing"},
		{"not JSON", "servers:\n  - a\n", "line 1, column 1: a value is missing"},
		{"a list of servers", `{"mcpServers": []}`, `"mcpServers" is not an object`},
		{"a list of all", `[]`, `the whole is not an object`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := fileOf(t, tc.content)
			_, err := client(t, "cursor").Install(path, ours)
			require.ErrorContains(t, err, tc.want)
			require.ErrorContains(t, err, "mcp.json is left as it is")
			require.ErrorContains(t, err, "\"zapomni\": {\n      \"command\": \"/opt/zapomni\"", "it says what to paste")
			require.Equal(t, tc.content, contentOf(t, path))
			require.Equal(t, []string{"mcp.json"}, names(t, path))
		})
	}
}

func TestUninstallRefusesWhatIsBroken(t *testing.T) {
	path := fileOf(t, `{"mcpServers": {`)
	_, err := client(t, "cursor").Uninstall(path, "zapomni")
	require.ErrorContains(t, err, "mcp.json is left as it is")
	require.Equal(t, `{"mcpServers": {`, contentOf(t, path)) //nolint:testifylint // half a document, no JSON
}

func TestUninstallUndoesInstall(t *testing.T) {
	for _, tc := range []struct{ name, before string }{
		{"nothing in it", ""},
		{"an empty object", "{}"},
		{"an empty object over lines", "{\n}\n"},
		{"no servers", "{\n  \"theme\": \"dark\"\n}\n"},
		{"no server", "{\n  \"mcpServers\": {\n  }\n}\n"},
		{"others and comments", "{\n\t// mine\n\t\"mcpServers\": {\n\t\t\"git\": {}, // daily\n\t},\n}"},
		{"one line", `{"a":1,"mcpServers":{"git":{}}}`},
		{"line ends of Windows", "\ufeff{\r\n  \"mcpServers\": {\r\n    \"git\": {}\r\n  }\r\n}\r\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path, c := fileOf(t, tc.before), client(t, "cursor")
			install(t, c, path, ours)
			uninstall(t, c, path)
			require.Equal(t, tc.before, contentOf(t, path))
		})
	}
}

func TestUninstallRemovesTheFileThatInstallMade(t *testing.T) {
	for _, c := range All() {
		path := filepath.Join(t.TempDir(), "mcp.json")
		install(t, c, path, ours)
		change, backup := uninstall(t, c, path)
		require.Nil(t, change.After, c.ID)
		require.Empty(t, backup)
		require.Empty(t, names(t, path))
	}
}

func TestUninstallTakesOnlyOurEntryOfAFileThatChanged(t *testing.T) {
	path, c := filepath.Join(t.TempDir(), "mcp.json"), client(t, "cursor")
	install(t, c, path, ours)
	changed := strings.Replace(contentOf(t, path), `"mcpServers": {`, "\"mcpServers\": {\n    \"git\": {}, // new", 1)
	require.NoError(t, os.WriteFile(path, []byte(changed), 0o600))

	_, backup := uninstall(t, c, path)
	want := "{\n  \"mcpServers\": {\n    \"git\": {} // new\n  }\n}\n"
	require.Equal(t, want, contentOf(t, path))
	require.Equal(t, changed, contentOf(t, backup))
}

func TestUninstallDoesNotBringBackTheServerThatWasReplaced(t *testing.T) {
	path, c := fileOf(t, `{"mcpServers": {"zapomni": {"command": "python"}, "git": {}}}`), client(t, "cursor")
	install(t, c, path, ours)
	uninstall(t, c, path)
	require.JSONEq(t, `{"mcpServers": {"git": {}}}`, contentOf(t, path))
}

func TestUninstallOfNothingDoesNothing(t *testing.T) {
	for _, content := range []string{"{}", `{"mcpServers": {"git": {}}}`, `{"mcpServers": []}`, ""} {
		path := fileOf(t, content)
		change, _ := uninstall(t, client(t, "cursor"), path)
		require.True(t, change.Nothing())
		require.Equal(t, []string{"mcp.json"}, names(t, path))
	}
	missing := filepath.Join(t.TempDir(), "mcp.json")
	change, _ := uninstall(t, client(t, "cursor"), missing)
	require.True(t, change.Nothing())
	require.NoFileExists(t, missing)
}

func TestBackupsAreNumberedAndEachIsKeptOnce(t *testing.T) {
	path, c := fileOf(t, `{"a": 1}`), client(t, "cursor")
	for range 3 {
		install(t, c, path, ours)
		uninstall(t, c, path)
	}
	require.Equal(t, []string{"mcp.json", "mcp.json.backup", "mcp.json.backup.1"}, names(t, path))

	require.NoError(t, os.WriteFile(path, []byte(`{"a": 2}`), 0o600))
	change, backup := install(t, c, path, ours)
	require.Equal(t, change.Path+".backup.2", backup)
	require.Equal(t, `{"a": 1}`, contentOf(t, path+".backup"))
}

func TestALinkStaysOne(t *testing.T) {
	path := fileOf(t, "{}")
	link := filepath.Join(t.TempDir(), "link.json")
	if err := os.Symlink(path, link); err != nil {
		t.Skip("no links here:", err)
	}
	install(t, client(t, "cursor"), link, ours)
	fi, err := os.Lstat(link)
	require.NoError(t, err)
	require.NotZero(t, fi.Mode()&fs.ModeSymlink)
	require.Contains(t, contentOf(t, path), "zapomni")
}

func TestALinkThatLeadsNowhereIsLeftAlone(t *testing.T) {
	link := filepath.Join(t.TempDir(), "mcp.json")
	if err := os.Symlink(filepath.Join(t.TempDir(), "elsewhere", "mcp.json"), link); err != nil {
		t.Skip("no links here:", err)
	}
	_, err := client(t, "cursor").Install(link, ours)
	require.ErrorContains(t, err, "mcp.json is a link to what is not there")
	fi, err := os.Lstat(link)
	require.NoError(t, err)
	require.NotZero(t, fi.Mode()&fs.ModeSymlink)
	require.Equal(t, []string{"mcp.json"}, names(t, link))
}

func TestApplyRefusesAFileThatChangedMeanwhile(t *testing.T) {
	path := fileOf(t, "{}")
	change, err := client(t, "cursor").Install(path, ours)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte(`{"a": 1}`), 0o600))
	_, err = change.Apply()
	require.ErrorContains(t, err, "was changed by another program meanwhile: try again")
	require.Equal(t, `{"a": 1}`, contentOf(t, path))
}

func TestADirectoryThatCannotBeWrittenToIsAnError(t *testing.T) {
	t.Run("below a file", func(t *testing.T) {
		change, err := client(t, "cursor").Install(filepath.Join(fileOf(t, "{}"), "mcp.json"), ours)
		if err == nil {
			_, err = change.Apply()
		}
		require.Error(t, err)
	})
	t.Run("no file can be made beside it", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), strings.Repeat("a", 250)) // the longest names have 255
		require.NoError(t, os.WriteFile(path, []byte("{}"), 0o600))
		change, err := client(t, "cursor").Install(path, ours)
		require.NoError(t, err)
		_, err = change.Apply()
		require.Error(t, err)
		require.Equal(t, "{}", contentOf(t, path))
	})
}
