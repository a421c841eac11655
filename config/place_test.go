package config

import (
	"maps"
	"path/filepath"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

func TestPlaces(t *testing.T) {
	abs := func(parts ...string) string { // absolute on the system that runs the test
		root, err := filepath.Abs(string(filepath.Separator))
		require.NoError(t, err)
		return filepath.Join(append([]string{root}, parts...)...)
	}
	home := abs("home", "ada")
	for _, row := range []struct {
		name, goos   string
		env          map[string]string
		data, config string
	}{
		{
			"linux", "linux",
			map[string]string{"HOME": home},
			filepath.Join(home, ".local", "share", "zapomni"), filepath.Join(home, ".config", "zapomni"),
		},
		{
			"linux with XDG", "linux",
			map[string]string{"HOME": home, "XDG_DATA_HOME": abs("d"), "XDG_CONFIG_HOME": abs("c")},
			abs("d", "zapomni"), abs("c", "zapomni"),
		},
		{
			"linux with relative XDG", "linux",
			map[string]string{"HOME": home, "XDG_DATA_HOME": "d", "XDG_CONFIG_HOME": "c"},
			filepath.Join(home, ".local", "share", "zapomni"), filepath.Join(home, ".config", "zapomni"),
		},
		{
			"macOS", "darwin",
			map[string]string{"HOME": home, "XDG_DATA_HOME": abs("d")},
			filepath.Join(home, "Library", "Application Support", "zapomni"), filepath.Join(home, "Library", "Application Support", "zapomni"),
		},
		{
			"windows", "windows",
			map[string]string{"USERPROFILE": home, "LOCALAPPDATA": abs("l"), "APPDATA": abs("r")},
			abs("l", "zapomni"), abs("r", "zapomni"),
		},
		{
			"windows with a profile alone", "windows",
			map[string]string{"USERPROFILE": home},
			filepath.Join(home, "AppData", "Local", "zapomni"), filepath.Join(home, "AppData", "Roaming", "zapomni"),
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := machine{goos: row.goos, env: row.env}
			data, err := m.dataDir()
			require.NoError(t, err)
			require.Equal(t, row.data, data)
			config, err := m.configDir()
			require.NoError(t, err)
			require.Equal(t, row.config, config)
		})
	}
}

func TestLoadFindsTheDataDirectory(t *testing.T) {
	home, dir, other := t.TempDir(), t.TempDir(), t.TempDir()
	at := filepath.Join
	for _, row := range []struct {
		name     string
		flags    []string
		env      map[string]string
		data, db string
	}{
		{
			"platform's place", nil, nil,
			at(home, ".local", "share", "zapomni"), at(home, ".local", "share", "zapomni", "zapomni.db"),
		},
		{
			"flag first",
			[]string{"--data-dir", other},
			map[string]string{"ZAPOMNI_DATA_DIR": "/x", "DATA_DIR": "/y"},
			other, at(other, "zapomni.db"),
		},
		{
			"own variable second", nil,
			map[string]string{"ZAPOMNI_DATA_DIR": other, "DATA_DIR": "/y"},
			other, at(other, "zapomni.db"),
		},
		{
			"shared variable third", nil,
			map[string]string{"DATA_DIR": other},
			other, at(other, "zapomni.db"),
		},
		{
			"home", nil,
			map[string]string{"DATA_DIR": "~/memories"},
			at(home, "memories"), at(home, "memories", "zapomni.db"),
		},
		{
			"home alone", nil,
			map[string]string{"DATA_DIR": "~"},
			home, at(home, "zapomni.db"),
		},
		{
			"another one's home is a plain name", nil,
			map[string]string{"DATA_DIR": "~bob"},
			at(dir, "~bob"), at(dir, "~bob", "zapomni.db"),
		},
		{
			"relative", nil,
			map[string]string{"DATA_DIR": "../data/"},
			at(dir, "..", "data"), at(dir, "..", "data", "zapomni.db"),
		},
		{
			"database elsewhere", nil,
			map[string]string{"ZAPOMNI_DB_PATH": at(other, "m.db")},
			at(home, ".local", "share", "zapomni"), at(other, "m.db"),
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := machine{goos: "linux", dir: dir, env: map[string]string{"HOME": home}}
			maps.Copy(m.env, row.env)
			fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
			Flags(fs)
			require.NoError(t, fs.Parse(row.flags))
			c, _, err := load(fs, m)
			require.NoError(t, err)
			require.Equal(t, row.data, c.DB.DataDir)
			require.Equal(t, row.db, c.DB.Embedded.Path)
		})
	}
}

func TestLoadWithoutAHome(t *testing.T) {
	dir := t.TempDir()
	for _, row := range []struct {
		name string
		env  map[string]string
		want string // part of the error; empty for none
	}{
		{"has no place for data", nil, "ZAPOMNI_DATA_DIR: the data directory has no place: HOME is not set"},
		{"cannot read a tilde", map[string]string{"DATA_DIR": "~/x"}, `DATA_DIR: "~/x" has no meaning: HOME is not set`},
		{"takes a directory", map[string]string{"DATA_DIR": dir}, ""},
		{"takes a database file", map[string]string{"ZAPOMNI_DB_PATH": filepath.Join(dir, "m.db")}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, _, err := load(nil, machine{goos: "linux", dir: dir, env: row.env})
			if row.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, row.want)
		})
	}
}
