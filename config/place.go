package config

import (
	"fmt"
	"path/filepath"
	"strings"
)

// A machine is what decides where files lie: the system, the directory that
// the program was started in, and the environment.
type machine struct {
	goos string
	dir  string
	env  map[string]string
}

// dataDir is the platform's own place for a program's files.
func (m machine) dataDir() (string, error) {
	switch m.goos {
	case "windows":
		return m.under("LOCALAPPDATA", "AppData", "Local")
	case "darwin":
		return m.under("", "Library", "Application Support")
	default:
		return m.under("XDG_DATA_HOME", ".local", "share")
	}
}

// configDir is the platform's own place for a program's configuration.
func (m machine) configDir() (string, error) {
	switch m.goos {
	case "windows":
		return m.under("APPDATA", "AppData", "Roaming")
	case "darwin":
		return m.under("", "Library", "Application Support")
	default:
		return m.under("XDG_CONFIG_HOME", ".config")
	}
}

// under is our directory in the one that the variable names, or else in the
// one that rest leads to from home.
func (m machine) under(variable string, rest ...string) (string, error) {
	// A relative one counts as unset: so the XDG specification has it.
	if dir := m.env[variable]; dir != "" && (m.goos == "windows" || filepath.IsAbs(dir)) {
		return filepath.Join(dir, "zapomni"), nil
	}
	home, err := m.home()
	if err != nil {
		return "", err
	}
	return filepath.Join(append(append([]string{home}, rest...), "zapomni")...), nil
}

func (m machine) home() (string, error) {
	variable := "HOME"
	if m.goos == "windows" {
		variable = "USERPROFILE"
	}
	if dir := m.env[variable]; dir != "" {
		return dir, nil
	}
	return "", fmt.Errorf("%s is not set", variable)
}

// resolve makes a path absolute: ~ is the home directory, and what is
// relative starts where the program was started. Empty stays empty.
func (m machine) resolve(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	rest, tilde := strings.CutPrefix(path, "~")
	if tilde && (rest == "" || strings.ContainsAny(rest[:1], `/\`)) {
		home, err := m.home()
		if err != nil {
			return "", fmt.Errorf("%q has no meaning: %w", path, err)
		}
		return filepath.Join(home, rest), nil
	}
	if filepath.IsAbs(path) {
		return filepath.Clean(path), nil
	}
	return filepath.Join(m.dir, path), nil
}
