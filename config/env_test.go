package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDotenvForgives(t *testing.T) {
	for _, row := range []struct {
		name string
		text string
		want map[string]string
		bad  int
	}{
		{"comments, quotes and export", "# all\n\nexport A=1 # one\nB='x y'\nc=\"z\"\r\n", map[string]string{"A": "1", "B": "x y", "C": "z"}, 0},
		{"byte order mark", "\ufeff# all\nA=1\n", map[string]string{"A": "1"}, 0},
		{"several lines in quotes", "A=\"1\n2\"\nB=3", map[string]string{"A": "1\n2", "B": "3"}, 0},
		{"no expansion in single quotes", "A=1\nB='$A'\nC=$A", map[string]string{"A": "1", "B": "$A", "C": "1"}, 0},
		{"hash within a value", "A=a#b##c # one\nB=#b\nC=\"a#b\"#c\n# D=d#e\n## E=e", map[string]string{"A": "a#b##c", "B": "#b", "C": "a#b"}, 0},
		{"what follows a bad line", "A=1\nif then else\nB=2", map[string]string{"A": "1", "B": "2"}, 1},
		{"open quotes", "A=\"1\nB=2", map[string]string{"B": "2"}, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, ".env"), row.text)
			env, warnings := dotenv(dir)
			require.Equal(t, row.want, env)
			require.Len(t, warnings, row.bad)
		})
	}
}

func TestDotenvMayBeADirectory(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, ".env"), 0o700))
	env, warnings := dotenv(dir)
	require.Empty(t, env)
	require.Empty(t, warnings)
}

func TestLoadLeavesForeignVariablesAlone(t *testing.T) {
	_, warnings, err := given{
		environ: []string{"EDITOR=vi", "DB_POOL=x", "=C:=C:\\"},
		dotenv:  "SECRET_KEY=1\nDB_USER=me\nZAPOMNI_UNHEARD_OF=1",
	}.load(t)
	require.NoError(t, err)
	require.Empty(t, warnings)
}
