//go:build unix

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// harmless makes cmd run as a user who may not write everywhere.
func harmless(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	const nobody = 65534
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	require.NoError(t, os.Chmod(cmd.Dir, 0o755))
	require.NoError(t, os.Chmod(filepath.Dir(cmd.Dir), 0o755)) // which holds all directories of the test
}
