package falkortest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

const (
	// envDir names the directory that the setup script filled, where that is
	// not .falkordb in the root of the repository.
	envDir = "ZAPOMNI_FALKORDB_DIR"
	// envRequire, when set to anything, makes a missing FalkorDB a failure.
	envRequire = "ZAPOMNI_REQUIRE_FALKORDB"
	// envTally names a file that gets a line for each test that was given a
	// server, so that a run can prove that it had one.
	envTally = "ZAPOMNI_FALKORDB_TALLY"
)

// installation is a directory as tests/falkordb/setup.sh fills it.
type installation string

func (i installation) program(name string) string { return filepath.Join(string(i), "bin", name) }
func (i installation) module() string             { return filepath.Join(string(i), "falkordb.so") }

// environment is that of a server: it finds its libraries, and reads nothing
// of whoever runs the tests.
func (i installation) environment() []string {
	return []string{"LD_LIBRARY_PATH=" + filepath.Join(string(i), "lib"), "PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
}

// installed finds FalkorDB, or skips the test, or fails it where FalkorDB is
// required.
func installed(tb testing.TB) installation {
	tb.Helper()
	dir, err := find()
	switch {
	case err == nil:
		tally(tb)
		return installation(dir)
	case os.Getenv(envRequire) != "" || os.Getenv(envDir) != "":
		tb.Fatal(err)
	default:
		tb.Skip(err)
	}
	return ""
}

func find() (string, error) {
	if runtime.GOOS == "windows" {
		return "", errors.New("FalkorDB does not run on Windows: set TEST_FALKORDB_ADDR to one elsewhere")
	}
	dir, hint := os.Getenv(envDir), "as "+envDir+" says"
	if dir == "" {
		root, err := repository()
		if err != nil {
			return "", err
		}
		dir, hint = filepath.Join(root, ".falkordb"), "install it with tests/falkordb/setup.sh"
	}
	for _, name := range []string{"falkordb.so", "bin/valkey-server", "bin/valkey-sentinel"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return "", fmt.Errorf("FalkorDB is not in %s, %s: %w", dir, hint, err)
		}
	}
	return filepath.Abs(dir)
}

// repository returns the directory above the test's that has the go.mod.
func repository() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		_, err := os.Stat(filepath.Join(dir, "go.mod"))
		if err == nil {
			return dir, nil
		}
		if !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			return "", fmt.Errorf("find go.mod above %s: %w", start, err)
		}
	}
}

// tally writes down that a test of the package in the working directory has a
// server.
func tally(tb testing.TB) {
	tb.Helper()
	path := os.Getenv(envTally)
	if path == "" {
		return
	}
	line, err := tallyLine(tb.Name())
	if err != nil {
		tb.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // the line has been written by then
	if _, err := f.WriteString(line); err != nil {
		tb.Fatal(err)
	}
}

// tallyLine is the directory of the package, within the repository, and the
// name of the test.
func tallyLine(test string) (string, error) {
	root, err := repository()
	if err != nil {
		return "", err
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	if dir, err = filepath.Rel(root, dir); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %s\n", filepath.ToSlash(dir), test), nil
}
