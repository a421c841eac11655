package client

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// readyMade is the variable that names a program that is built already.
const readyMade = "ZAPOMNI_PROGRAM"

// program is what the tests of a directory run. It is built once, as that
// takes seconds, and not before it is asked for.
var program struct {
	once sync.Once
	path string
	dir  string // was made for it; empty: none was
	err  error
}

// Program builds the program, once for each directory of tests, and returns
// its path. ZAPOMNI_PROGRAM names one that is built already.
func Program(tb testing.TB) string {
	tb.Helper()
	program.once.Do(func() { program.path, program.err = build() })
	require.NoError(tb, program.err)
	return program.path
}

// Main runs the tests of a directory, removes the program if one was built for
// them, and returns their exit status. It is for TestMain.
func Main(m *testing.M) int {
	defer func() {
		if program.dir != "" {
			_ = os.RemoveAll(program.dir) // what is left is in a place for such files
		}
	}()
	return m.Run()
}

func build() (path string, err error) {
	if path := os.Getenv(readyMade); path != "" {
		return filepath.Abs(path)
	}
	if err := showSources(); err != nil {
		return "", err
	}
	if program.dir, err = os.MkdirTemp("", "zapomni-program-*"); err != nil {
		return "", err
	}
	// Tests may start it as a user who may do less.
	if err := os.Chmod(program.dir, 0o755); err != nil {
		return "", err
	}
	path = filepath.Join(program.dir, "zapomni.exe") // the suffix does no harm elsewhere
	_, err = goCommand("build", "-o", path, "zapomni/cmd/zapomni")
	return path, err
}

// showSources opens what the program is built from. The go command remembers
// how tests ended until a file changes that they opened: without this it would
// not run them again when only the program has changed.
func showSources() error {
	const ours = `{{with .Module}}{{if .Main}}{{$.Dir}}{{"\n"}}{{.GoMod}}{{end}}{{end}}`
	list, err := goCommand("list", "-deps", "-f", ours, "zapomni/cmd/zapomni")
	if err != nil {
		return err
	}
	for path := range strings.Lines(list) {
		file, err := os.Open(strings.TrimSuffix(path, "\n"))
		if err != nil {
			return err
		}
		if err := file.Close(); err != nil {
			return err
		}
	}
	return nil
}

// goCommand runs the go command and returns its output.
func goCommand(args ...string) (string, error) {
	var complaint strings.Builder
	cmd := exec.CommandContext(context.Background(), "go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w: %s", args[0], err, complaint.String())
	}
	return string(out), nil
}
