package embedded

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	lib "modernc.org/sqlite/lib"
)

func TestSQLiteIsFreeOfTheLogResetRace(t *testing.T) {
	t.Parallel()
	require.GreaterOrEqual(t, lib.SQLITE_VERSION_NUMBER, oldestSQLite)
	var running string
	require.NoError(t, openNew(t).reading.row(t.Context(), "SELECT sqlite_version()").Scan(&running))
	require.Equal(t, lib.SQLITE_VERSION, running)
}

// TestLibcIsTheOneThatSQLiteNames: the two are generated together, and go
// wrong together if one is upgraded alone.
func TestLibcIsTheOneThatSQLiteNames(t *testing.T) {
	t.Parallel()
	const libc = "modernc.org/libc"
	dir := goList(t, "{{.Dir}}", "modernc.org/sqlite")
	mod, err := os.Open(filepath.Join(dir, "go.mod"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, mod.Close()) })
	var named string
	for lines := bufio.NewScanner(mod); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) >= 2 && fields[0] == libc {
			named = fields[1]
		}
	}
	require.NotEmpty(t, named)
	require.Equal(t, named, goList(t, "{{.Version}}", libc))
}

func goList(t *testing.T, format, module string) string {
	t.Helper()
	out, err := exec.CommandContext(context.WithoutCancel(t.Context()), "go", "list", "-m", "-f", format, module).Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}
