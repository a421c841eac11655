// Package tests holds the checks that cross rooms.
package tests

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "zapomni"

// room is some packages that live under one rule.
type room struct {
	name string
	// holds lists its packages, as paths within the module; dir/... is all
	// packages below dir. Where several rooms match, the longest path decides.
	holds []string
	// imports lists the rooms it may import beside itself, inTests those that
	// its tests may import as well.
	imports, inTests []string
	// alone keeps its packages from importing each other.
	alone   bool
	because string
}

// rooms is the table of who may import whom.
var rooms = []room{
	{
		name:    "memory",
		holds:   []string{"memory"},
		imports: []string{"leaf"},
		because: "it is the subject; everything else serves it",
	},
	{
		name: "leaf",
		holds: []string{
			"memory/chunk", "memory/code", "memory/export", "memory/fusion", "memory/pace", "memory/rank", "memory/retry",
			"memory/secret", "memory/words",
		},
		alone:   true,
		because: "it reaches for nothing outside: cheap to test, safe anywhere",
	},
	{
		name:    "adapter",
		holds:   []string{"memory/embed", "memory/embed/...", "memory/extract", "db/..."},
		imports: []string{"memory", "leaf"},
		inTests: []string{"storetest"},
		alone:   true,
		because: "it speaks memory's words and hides someone else's",
	},
	{
		name:    "static",
		holds:   []string{"memory/embed/static", "memory/embed/static/..."},
		imports: []string{"adapter"},
		because: "it is made of the built-in model, and reads texts as that does",
	},
	{
		name:    "storetest",
		holds:   []string{"db/storetest"},
		imports: []string{"memory", "leaf"},
		because: "it asks every store the same, and knows none",
	},
	{
		name:    "transfer",
		holds:   []string{"db/transfer"},
		imports: []string{"memory", "leaf"},
		inTests: []string{"adapter", "storetest"},
		because: "it copies between any two stores, and knows none",
	},
	{
		name:    "db",
		holds:   []string{"db"},
		imports: []string{"memory", "leaf", "adapter"},
		inTests: []string{"storetest"},
		because: "it is the one list of backends",
	},
	{
		name:    "server",
		holds:   []string{"server", "server/..."},
		imports: []string{"memory"},
		because: "it asks for the methods a tool calls, never for a backend",
	},
	{
		name:    "transport",
		holds:   []string{"transport", "transport/..."},
		because: "it carries whatever handler it is given",
	},
	{
		name:    "tracing",
		holds:   []string{"transport/tracing", "transport/tracing/..."},
		because: "it sends spans, whoever makes them",
	},
	{
		name:  "config",
		holds: []string{"config"},
		imports: []string{
			"memory", "leaf", "adapter", "storetest", "transfer", "db", "server", "transport", "tracing", "tests",
		},
		because: "each room owns its settings; config only gathers them",
	},
	{
		name:    "cmd",
		holds:   []string{"cmd/..."},
		imports: []string{"memory", "leaf", "adapter", "storetest", "transfer", "db", "server", "transport", "tracing", "config", "tests"},
		because: "it puts the parts together",
	},
	{
		name:    "tests",
		holds:   []string{"tests", "tests/..."},
		imports: []string{"memory", "leaf", "adapter", "storetest", "transfer", "db", "server", "transport", "tracing", "config", "cmd"},
		because: "they put the parts together",
	},
}

// listed is what go list says of a package.
type listed struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

func TestLayersHold(t *testing.T) {
	for _, system := range []string{"linux", "darwin", "windows"} {
		t.Run(system, func(t *testing.T) {
			packages := listPackages(t, system)
			require.NotEmpty(t, packages)
			require.Empty(t, faults(packages))
		})
	}
}

func TestLayersRefuseWrongImports(t *testing.T) {
	for _, tc := range []struct{ name, from, to, want string }{
		{"memory to an adapter", "memory", "memory/embed", "may import leaf, and not memory/embed (adapter): it is the subject"},
		{"memory to a store", "memory", "db/embedded", "memory may import leaf, and not db/embedded (adapter)"},
		{"leaf to memory", "memory/chunk", "memory", "may import none of ours, and not memory (memory): it reaches for nothing"},
		{"leaf to leaf", "memory/rank", "memory/words", "may import none of ours, and not memory/words (leaf)"},
		{"adapter to adapter", "db/falkor", "db/embedded", "and not db/embedded (adapter): it speaks memory's words"},
		{"adapter to db", "db/falkor", "db", "db/falkor may import memory, leaf, and not db (db)"},
		{"part of an adapter to config", "db/embedded/lock", "config", "may import memory, leaf, and not config (config)"},
		{"adapter to storetest", "db/falkor", "db/storetest", "and not db/storetest (storetest)"},
		{"storetest to a store", "db/storetest", "db/embedded", "and not db/embedded (adapter): it asks every store the same"},
		{"server to db", "server", "db", "server may import memory, and not db (db): it asks for the methods a tool calls"},
		{"tool to a leaf", "server/tools", "memory/words", "server/tools may import memory, and not memory/words (leaf)"},
		{"tracing to a room that it traces", "transport/tracing", "transport", "transport/tracing may import none of ours, and not transport (transport): it sends spans"},
		{"transport to tracing", "transport", "transport/tracing", "may import none of ours, and not transport/tracing (tracing): it carries whatever"},
		{"transport to server", "transport", "server", "and not server (server): it carries whatever handler it is given"},
		{"config to a program", "config", "cmd/zapomni", "and not cmd/zapomni (cmd)"},
		{"import of no room", "server", "util", "and not util (no room)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := faults([]listed{{ImportPath: module + "/" + tc.from, Imports: []string{module + "/" + tc.to}}})
			require.Len(t, got, 1)
			require.Contains(t, got[0], tc.want)
		})
	}
}

func TestLayersRefuseWrongImportsInTests(t *testing.T) {
	got := faults([]listed{{ImportPath: module + "/memory", XTestImports: []string{module + "/db/embedded"}}})
	require.Len(t, got, 1)
	require.Contains(t, got[0], "a test of memory may import leaf, and not db/embedded (adapter)")
}

func TestLayersRefusePackagesWithoutARoom(t *testing.T) {
	got := faults([]listed{{ImportPath: module + "/util"}})
	require.Equal(t, []string{"util is in no room: give it one in tests/layers_test.go"}, got)
}

func TestLayersAllowRightImports(t *testing.T) {
	for _, tc := range []struct{ name, from, to string }{
		{"memory to a leaf", "memory", "memory/chunk"},
		{"adapter to memory", "db/embedded", "memory"},
		{"adapter to a leaf", "db/embedded", "memory/words"},
		{"adapter to its own part", "db/embedded", "db/embedded/lock"},
		{"db to a backend", "db", "db/falkor"},
		{"server to its tools", "server", "server/tools"},
		{"config to a room", "config", "transport"},
		{"program to anything", "cmd/zapomni", "db/embedded"},
		{"tests to anything", "tests/e2e", "cmd/zapomni"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := faults([]listed{{ImportPath: module + "/" + tc.from, Imports: []string{module + "/" + tc.to}}})
			require.Empty(t, got)
		})
	}
}

func TestLayersAllowStoresToBeTested(t *testing.T) {
	imports := []string{module + "/db/storetest", module + "/db/falkor"}
	require.Empty(t, faults([]listed{{ImportPath: module + "/db/falkor", XTestImports: imports}}))
}

// faults says which of the packages break a rule, and which rule.
func faults(packages []listed) []string {
	var out []string
	for _, p := range packages {
		path := within(p.ImportPath)
		r, ok := roomOf(path)
		if !ok {
			out = append(out, path+" is in no room: give it one in tests/layers_test.go")
			continue
		}
		for _, to := range ours(p.Imports) {
			if !r.allows(path, to, r.imports) {
				out = append(out, r.fault(path, to))
			}
		}
		for _, to := range ours(p.TestImports, p.XTestImports) {
			if !r.allows(path, to, r.imports, r.inTests) {
				out = append(out, r.fault("a test of "+path, to))
			}
		}
	}
	return out
}

// allows says whether from, which is in r, may import to, when it may import
// the rooms that are named.
func (r room) allows(from, to string, named ...[]string) bool {
	other, ok := roomOf(to)
	switch {
	case !ok:
		return false
	case from == to:
		return true // an external test
	case other.name == r.name:
		return !r.alone || strings.HasPrefix(to, from+"/") || strings.HasPrefix(from, to+"/")
	}
	return slices.Contains(slices.Concat(named...), other.name)
}

func (r room) fault(from, to string) string {
	may, where := "none of ours", "no room"
	if len(r.imports) > 0 {
		may = strings.Join(r.imports, ", ")
	}
	if other, ok := roomOf(to); ok {
		where = other.name
	}
	return fmt.Sprintf("%s may import %s, and not %s (%s): %s", from, may, to, where, r.because)
}

// roomOf finds the room of a package.
func roomOf(path string) (found room, ok bool) {
	longest := -1
	for _, r := range rooms {
		for _, held := range r.holds {
			dir, below := strings.CutSuffix(held, "/...")
			match := path == held || below && strings.HasPrefix(path, dir+"/")
			if match && len(held) > longest {
				found, ok, longest = r, true, len(held)
			}
		}
	}
	return found, ok
}

// ours returns the paths of the imports that are ours, each once.
func ours(imports ...[]string) []string {
	set := map[string]bool{}
	for _, path := range slices.Concat(imports...) {
		if strings.HasPrefix(path, module+"/") {
			set[within(path)] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

func within(path string) string { return strings.TrimPrefix(path, module+"/") }

// listPackages reads the packages of the module as they are built for system.
func listPackages(t *testing.T, system string) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	var packages []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		}
		require.NoError(t, err)
		packages = append(packages, p)
	}
}
