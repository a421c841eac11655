package client

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Program builds the program, once for each directory of tests, and returns
// its path. ZAPOMNI_PROGRAM names one that is built already.
func Program(tb testing.TB) string {
	tb.Helper()
	path, err := build()
	require.NoError(tb, err)
	return path
}

// Main runs the tests of a directory, removes the program that was built for
// them, and returns their exit status. It is for TestMain.
func Main(m *testing.M) int {
	defer func() {
		if path, err := build(); err == nil && os.Getenv(readyMade) == "" {
			_ = os.RemoveAll(filepath.Dir(path)) // what is left is in a place for such files
		}
	}()
	return m.Run()
}

// readyMade is the variable that names a program that is built already.
const readyMade = "ZAPOMNI_PROGRAM"

//nolint:gochecknoglobals // set once, as building takes seconds.
var build = sync.OnceValues(func() (string, error) {
	if path := os.Getenv(readyMade); path != "" {
		return filepath.Abs(path)
	}
	dir, err := os.MkdirTemp("", "zapomni-program-*")
	if err != nil {
		return "", err
	}
	// Tests may start it as a user who may do less.
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "zapomni.exe") // the suffix does no harm elsewhere
	cmd := exec.CommandContext(context.Background(), "go", "build", "-o", path, "zapomni/cmd/zapomni")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", errors.Join(fmt.Errorf("build: %w: %s", err, out), os.RemoveAll(dir))
	}
	return path, nil
})
