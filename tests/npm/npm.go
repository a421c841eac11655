// Package npm installs what a directory of tests has pinned in its
// package-lock.json, and runs it. It is for tests that hold the server against
// what others have written in JavaScript.
package npm

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// required is the variable that lets a test fail where it would skip because
// Node.js is not installed.
const required = "ZAPOMNI_REQUIRE_NODE"

// patience is how long anything may take here. It is there to end a test that
// hangs.
const patience = 5 * time.Minute

// Packages are packages that have been installed, and what runs them.
type Packages struct {
	Dir  string // where node_modules is, and the modules of the test's directory
	Node string // the path of Node.js: the one among the packages, or else the machine's
}

// installed are the packages of the directory of tests that runs. They are
// installed once, as that takes seconds, and not before they are asked for.
var installed struct {
	once     sync.Once
	packages Packages
	err      error
}

// Install installs the packages of the test's directory, puts its modules
// beside them, and returns where. The test skips without Node.js.
func Install(tb testing.TB) Packages {
	tb.Helper()
	npm, node := Program(tb, "npm"), Program(tb, "node")
	installed.once.Do(func() { installed.packages, installed.err = install(npm, node) })
	require.NoError(tb, installed.err)
	return installed.packages
}

// Main runs the tests of a directory, removes the packages if some were
// installed, and returns what run returns. It is for TestMain.
func Main(run func() int) int {
	defer func() {
		if dir := installed.packages.Dir; dir != "" {
			_ = os.RemoveAll(dir) // what is left is in a place for such files
		}
	}()
	return run()
}

func install(npm, node string) (p Packages, err error) {
	if p.Dir, err = os.MkdirTemp("", "zapomni-packages-*"); err != nil {
		return p, err
	}
	modules, err := filepath.Glob("*.mjs")
	if err != nil {
		return p, err
	}
	for _, name := range append([]string{"package.json", "package-lock.json", ".npmrc"}, modules...) {
		content, err := os.ReadFile(name)
		if err != nil {
			return p, err
		}
		if err := os.WriteFile(filepath.Join(p.Dir, name), content, 0o600); err != nil {
			return p, err
		}
	}
	out, complaint, err := p.output(context.Background(), nil, npm, "ci", "--ignore-scripts", "--prefer-offline", "--no-progress")
	if err != nil {
		return p, fmt.Errorf("install the packages: %w:\n%s%s", err, complaint, out)
	}
	pinned, err := filepath.Glob(filepath.Join(p.Dir, "node_modules", "node-*-*", "bin", "node"))
	p.Node = append(pinned, node)[0]
	return p, err
}

// Program returns the path of a program of Node.js. The test skips without it.
func Program(tb testing.TB, name string) string {
	tb.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		missing(tb, name+" is not installed: it comes with Node.js 18 or newer")
	}
	return path
}

// Needs skips the test if Node.js is older than a major version.
func (p Packages) Needs(tb testing.TB, oldest int) {
	tb.Helper()
	version := strings.TrimSpace(p.Run(tb, nil, "--version"))
	major, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	have, err := strconv.Atoi(major)
	require.NoError(tb, err, version)
	if have < oldest {
		missing(tb, fmt.Sprintf("Node.js %s is too old: it takes %d", version, oldest))
	}
}

func missing(tb testing.TB, why string) {
	tb.Helper()
	if os.Getenv(required) != "" {
		tb.Fatal(why)
	}
	tb.Skip(why)
}

// Run runs Node.js in the directory, and returns what that prints. Without an
// env it has the environment of the test.
func (p Packages) Run(tb testing.TB, env []string, args ...string) string {
	tb.Helper()
	out, complaint, err := p.output(tb.Context(), env, p.Node, args...)
	require.NoError(tb, err, "%s failed:\n%s%s", strings.Join(args, " "), complaint, out)
	return out
}

// Try is Run for what may end with another status than 0. It returns that, and
// what was printed as an error, too.
func (p Packages) Try(tb testing.TB, env []string, args ...string) (status int, out, complaint string) {
	tb.Helper()
	out, complaint, err := p.output(tb.Context(), env, p.Node, args...)
	if exit := new(exec.ExitError); err != nil {
		require.ErrorAs(tb, err, &exit, complaint)
		status = exit.ExitCode()
	}
	return status, out, complaint
}

func (p Packages) output(ctx context.Context, env []string, program string, args ...string) (out, complaint string, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = p.Dir, env, time.Second
	var printed, said strings.Builder
	cmd.Stdout, cmd.Stderr = &printed, &said
	err = cmd.Run()
	return printed.String(), said.String(), err
}

// LocksNoPlace checks that the lock file of the test's directory names
// versions and checksums, and no place to load them from: a mirror that
// someone has used must not decide where others load from.
func LocksNoPlace(tb testing.TB) {
	tb.Helper()
	content, err := os.ReadFile("package-lock.json")
	require.NoError(tb, err)
	require.NotContains(tb, string(content), `"resolved"`)
	require.Contains(tb, string(content), `"integrity"`)
}
