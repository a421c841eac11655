// Package clients writes this program into the configuration of the programs
// that start it: assistants which speak the Model Context Protocol.
//
// Nothing of theirs is lost: other entries, unknown keys, their order and
// comments stay as they are, what cannot be read is refused and left alone,
// the file as it was is kept beside the new one, and the new one appears whole
// or not at all.
package clients

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// Client is a program that starts servers.
type Client struct {
	ID    string // as a user types it: "claude-desktop"
	Title string // as its makers write it
	// Next says what makes the client take notice of a change.
	Next string

	key     string // of the object that holds the servers
	typed   bool   // an entry says that it is for stdio
	bareEnv bool   // an entry has an env even if it is empty
	user    func(System) (string, error)
	project []string // file below the directory of a project; nil if there is none
}

// All lists the clients that are known.
func All() []Client {
	return []Client{
		{
			ID: "claude-desktop", Title: "Claude Desktop", key: "mcpServers", bareEnv: true,
			Next: "Quit Claude Desktop, its icon in the tray or menu bar included, and start it again.",
			user: func(s System) (string, error) { return s.settings("Claude", "claude_desktop_config.json") },
		},
		{
			ID: "claude-code", Title: "Claude Code", key: "mcpServers", typed: true, bareEnv: true,
			Next:    "Start a new session of claude; /mcp there lists the servers.",
			user:    claudeCode,
			project: []string{".mcp.json"},
		},
		{
			ID: "cursor", Title: "Cursor", key: "mcpServers", bareEnv: true,
			Next:    "Restart Cursor, then look at its settings for MCP: the server is listed there.",
			user:    func(s System) (string, error) { return s.home(".cursor", "mcp.json") },
			project: []string{".cursor", "mcp.json"},
		},
		{
			ID: "vscode", Title: "VS Code", key: "servers", typed: true,
			Next:    `Restart VS Code, then run "MCP: List Servers" from its command palette and start the server.`,
			user:    func(s System) (string, error) { return s.settings("Code", "User", "mcp.json") },
			project: []string{".vscode", "mcp.json"},
		},
	}
}

// IDs lists the clients as a user types them.
func IDs() []string {
	all := All()
	ids := make([]string, len(all))
	for i, c := range all {
		ids[i] = c.ID
	}
	return ids
}

// Find returns the client with the ID.
func Find(id string) (Client, error) {
	for _, c := range All() {
		if c.ID == id {
			return c, nil
		}
	}
	return Client{}, fmt.Errorf("there is no client %q: choose one of %s", id, strings.Join(IDs(), ", "))
}

// UserFile is the file that holds the user's servers of all projects.
func (c Client) UserFile(s System) (string, error) {
	path, err := c.user(s)
	if err != nil {
		return "", fmt.Errorf("find the configuration of %s: %w", c.Title, err)
	}
	return path, nil
}

// ProjectFile is the file that holds the servers of the project in dir.
func (c Client) ProjectFile(dir string) (string, error) {
	if c.project == nil {
		return "", fmt.Errorf("%s has no configuration of single projects", c.Title)
	}
	return filepath.Join(append([]string{dir}, c.project...)...), nil
}

func claudeCode(s System) (string, error) {
	const name = ".claude.json"
	if dir := s.Env("CLAUDE_CONFIG_DIR"); dir != "" {
		return filepath.Join(dir, name), nil
	}
	return s.home(name)
}

// System says where programs keep their settings.
type System struct {
	GOOS string
	Env  func(name string) string
}

// settings is a file in the system's place for the settings of programs.
func (s System) settings(parts ...string) (string, error) {
	switch s.GOOS {
	case "windows":
		if dir := s.Env("APPDATA"); dir != "" {
			return filepath.Join(append([]string{dir}, parts...)...), nil
		}
		return s.home(append([]string{"AppData", "Roaming"}, parts...)...)
	case "darwin":
		return s.home(append([]string{"Library", "Application Support"}, parts...)...)
	default:
		if dir := s.Env("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
			return filepath.Join(append([]string{dir}, parts...)...), nil
		}
		return s.home(append([]string{".config"}, parts...)...)
	}
}

func (s System) home(parts ...string) (string, error) {
	variable := "HOME"
	if s.GOOS == "windows" {
		variable = "USERPROFILE"
	}
	dir := s.Env(variable)
	if dir == "" {
		return "", errors.New(variable + " is not set")
	}
	return filepath.Join(append([]string{dir}, parts...)...), nil
}
