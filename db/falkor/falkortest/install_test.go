package falkortest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// nowhere makes a module without FalkorDB the working directory.
func nowhere(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(root, "go.mod"), []byte("module x\n"), 0o600))
	below := filepath.Join(root, "a", "b")
	require.NoError(t, os.MkdirAll(below, 0o700))
	t.Chdir(below)
	t.Setenv(envDir, "")
	t.Setenv(envRequire, "")
	t.Setenv(envTally, "")
	return root
}

// put makes the files that an installation has.
func put(t *testing.T, dir string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "bin"), 0o700))
	for _, name := range []string{"falkordb.so", "bin/valkey-server", "bin/valkey-sentinel"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
}

func look(tb testing.TB) { installed(tb) }

func TestInstallationIsFoundInTheRootOfTheRepository(t *testing.T) {
	root := nowhere(t)
	put(t, filepath.Join(root, ".falkordb"))
	require.Equal(t, filepath.Join(root, ".falkordb", "falkordb.so"), installed(t).module())
}

func TestInstallationIsFoundWhereTheEnvironmentSays(t *testing.T) {
	nowhere(t)
	dir := t.TempDir()
	put(t, dir)
	t.Setenv(envDir, dir)
	require.Equal(t, filepath.Join(dir, "bin", "valkey-server"), installed(t).program("valkey-server"))
}

func TestMissingInstallationSkipsAndSaysHowToGetIt(t *testing.T) {
	nowhere(t)
	r := record(t, look)
	require.Empty(t, r.fatals)
	require.Len(t, r.skips, 1)
	require.Contains(t, r.skips[0], "install it with tests/falkordb/setup.sh")
}

func TestMissingInstallationFailsWhereItIsRequired(t *testing.T) {
	nowhere(t)
	t.Setenv(envRequire, "1")
	r := record(t, look)
	require.Empty(t, r.skips)
	require.Len(t, r.fatals, 1)
}

func TestWrongDirectoryFails(t *testing.T) {
	nowhere(t)
	t.Setenv(envDir, t.TempDir())
	r := record(t, look)
	require.Empty(t, r.skips)
	require.Len(t, r.fatals, 1)
	require.Contains(t, r.fatals[0], "as "+envDir+" says")
}

func TestTallyHasALineForEachTestWithAServer(t *testing.T) {
	root := nowhere(t)
	put(t, filepath.Join(root, ".falkordb"))
	file := filepath.Join(root, "tally")
	t.Setenv(envTally, file)
	installed(t)
	t.Run("below", func(t *testing.T) { installed(t) })
	got, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "a/b "+t.Name()+"\na/b "+t.Name()+"/below\n", string(got))
}
