package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/config"
	"zapomni/db/embedded"
	"zapomni/db/falkor"
	"zapomni/db/falkor/falkortest"
	"zapomni/db/transfer"
	"zapomni/memory"
)

// openFile opens an embedded store.
func openFile(t *testing.T, path string) memory.Store {
	t.Helper()
	c := embedded.Defaults()
	c.Path = path
	s, err := embedded.Open(t.Context(), c, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// library puts n memories into each of some workspaces, through the core.
func library(t *testing.T, s memory.Store, n int, ws ...memory.Workspace) {
	t.Helper()
	p := memory.New(s, memory.Defaults())
	for _, w := range ws {
		if w != memory.DefaultWorkspace {
			_, err := p.CreateWorkspace(t.Context(), memory.WorkspaceInfo{ID: w, Name: "The " + string(w), Description: "of " + string(w)})
			require.NoError(t, err)
		}
		for i := range n {
			_, err := p.Add(t.Context(), memory.Draft{
				Workspace: w, Text: fmt.Sprintf("Note %d of %s. %s", i, w, strings.Repeat("And a line beside it.\n", i%60)),
				Metadata: map[string]any{"tags": []string{"a", string(w)}, "source": "test", "timestamp": "2024-05-17"},
			})
			require.NoError(t, err)
		}
	}
}

// requireMigrated requires that to holds all that from does, in its order.
func requireMigrated(t *testing.T, from, to memory.Store) {
	t.Helper()
	infos, err := from.Workspaces(t.Context())
	require.NoError(t, err)
	for _, info := range infos {
		ids, _, err := from.List(t.Context(), info.ID, "", 1_000_000)
		require.NoError(t, err)
		got, _, err := to.List(t.Context(), info.ID, "", 1_000_000)
		require.NoError(t, err)
		require.Equal(t, ids, got)
		for _, id := range ids {
			a, err := from.Get(t.Context(), info.ID, id)
			require.NoError(t, err)
			b, err := to.Get(t.Context(), info.ID, id)
			require.NoError(t, err)
			require.Equal(t, transfer.SumOf(a), transfer.SumOf(b), id)
		}
		if info.ID != memory.DefaultWorkspace {
			there, err := to.Workspace(t.Context(), info.ID)
			require.NoError(t, err)
			require.Equal(t, info, there)
		}
	}
}

func TestMigrateCopiesTheStore(t *testing.T) {
	h := newHome(t)
	first, second := openFile(t, filepath.Join(h.dir, "a", "zapomni.db")), openFile(t, filepath.Join(h.dir, "b", "zapomni.db"))
	library(t, first, 20, memory.DefaultWorkspace, "work")
	got := h.run(t, "migrate", "--data-dir", "a", "--from", "embedded", "--to", "embedded:b")
	require.Zero(t, got.status, got.err)
	requireMigrated(t, first, second)
	for _, want := range []string{"From:", "Workspaces:  2, 1 of them new\n", "Copied:      40 memories\n", "Verified:    40 memories\n"} {
		require.Contains(t, got.out, want)
	}
	require.Contains(t, got.err, `"event":"migration_progress","stage":"copying"`)
	require.Contains(t, got.err, `"event":"migration_progress","stage":"verifying"`)

	again := h.run(t, "migrate", "--json", "--from", "embedded:a/zapomni.db", "--to", "embedded:"+filepath.Join(h.dir, "b"))
	require.Zero(t, again.status, again.err)
	require.Equal(t, migrated{
		From: "embedded " + filepath.Join(h.dir, "a", "zapomni.db"), To: "embedded " + filepath.Join(h.dir, "b", "zapomni.db"), Complete: true,
		Workspaces: 2, Skipped: 40, Verified: 40, Described: []string{}, Conflicts: []problem{}, Failures: []problem{},
	}, decoded[migrated](t, again.out))
}

func TestMigrateTellsConflicts(t *testing.T) {
	h := newHome(t)
	first, second := openFile(t, filepath.Join(h.dir, "a.db")), openFile(t, filepath.Join(h.dir, "b.db"))
	library(t, first, mostTold+2, memory.DefaultWorkspace)
	ids, _, err := first.List(t.Context(), memory.DefaultWorkspace, "", 1000)
	require.NoError(t, err)
	for _, id := range ids {
		m, err := first.Get(t.Context(), memory.DefaultWorkspace, id)
		require.NoError(t, err)
		m.Source = "elsewhere"
		require.NoError(t, second.Put(t.Context(), m))
	}
	args := []string{"migrate", "--from", "embedded:a.db", "--to", "embedded:b.db", "--log-level", "ERROR"}
	got := h.run(t, args...)
	require.Equal(t, exitError, got.status)
	require.Contains(t, got.out, "In conflict:  52 memories\n")
	require.Equal(t, mostTold, strings.Count(got.err, "zapomni: in conflict: memory "))
	require.Contains(t, got.err, string(ids[0]))
	require.Contains(t, got.err, "zapomni: in conflict: 2 more, which --json lists\n")
	require.True(t, strings.HasSuffix(got.err, "52 in conflict, 0 failed; --overwrite replaces those in conflict\n"), got.err)

	listed := h.run(t, append(args, "--json")...)
	require.Equal(t, exitError, listed.status)
	require.Len(t, decoded[migrated](t, listed.out).Conflicts, 52)

	require.Contains(t, h.fine(t, append(args, "--overwrite")...), "Replaced:    52 memories\n")
	requireMigrated(t, first, second)
}

func TestMigrateRefusesPlacesItCannotUse(t *testing.T) {
	h := newHome(t)
	h.fine(t, "add", "hello", "--data-dir", "a")
	require.NoError(t, os.Symlink("a", filepath.Join(h.dir, "link")))
	h.write(t, "empty.db", "")
	for _, tc := range []struct {
		name, from, to string
		status         int
		want           string
	}{
		{"nothing", "", "embedded", exitUsage, "--from should be embedded, embedded:PATH"},
		{"a word", "embedded", "sqlite", exitUsage, `--to should be embedded, embedded:PATH, falkordb, a redis:// URL, or python:URL to read from, got "sqlite"`},
		{"no path", "embedded:", "embedded", exitUsage, "--from should be"},
		{"the Python version to write", "embedded", "python:redis://localhost", exitUsage, "--to: the graph of the Python version can only be read"},
		{"a file of the Python version", "python:embedded", "embedded", exitUsage, "--from should be"},
		{"an unknown scheme", "http://localhost", "embedded", exitUsage, "--from: url must be like redis://"},
		{"a URL that lacks a slash", "redis:/u:hunter2@localhost", "embedded", exitUsage, "--from: the URL cannot be read"},
		{"a URL that is none", "redis://u:hunter2@[::1", "embedded", exitUsage, "--from: the URL cannot be read"},
		{"an unknown option", "redis://localhost?grpah=x", "embedded", exitUsage, "--from: url must be like redis://"},
		{"itself", "embedded:a", "embedded:a/zapomni.db", exitUsage, "source and destination are the same file"},
		{"itself by a link", "embedded:a", "embedded:link", exitUsage, "source and destination are the same file"},
		{"itself where nothing is", "embedded:c", "embedded:c/", exitUsage, "source and destination are the same file"},
		{"a source that is not there", "embedded:nowhere", "embedded:b", exitError, "open the source: there is no store"},
		{"a source that is empty", "embedded:empty.db", "embedded:b", exitError, "open the source: there is no store"},
		{"a server that is not there", "unix:///nowhere/socket", "embedded:b", exitError, "open the source: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := h.run(t, "migrate", "--from", tc.from, "--to", tc.to, "--log-level", "CRITICAL")
			require.Equal(t, tc.status, got.status, got.err)
			require.Contains(t, got.err, tc.want)
			require.NotContains(t, got.err, "hunter2")
			require.NoFileExists(t, filepath.Join(h.dir, "nowhere"))
		})
	}
	require.Contains(t, h.run(t, "migrate").err, `required flag(s) "from", "to" not set`)
	require.Empty(t, h.read(t, "empty.db"), "the source is only read")
}

func TestMigrateFindsTheFileOfAStore(t *testing.T) {
	h := newHome(t)
	h.write(t, "there/x", "")
	h.write(t, "odd", "")
	a := &app{world: world{dir: h.dir, environ: h.environ}}
	for _, tc := range []struct{ name, path, want string }{
		{"a directory", "there", "there/zapomni.db"},
		{"a file", "odd", "odd"},
		{"a directory that is not there", "new", "new/zapomni.db"},
		{"a directory with an extension", "new.d/", "new.d/zapomni.db"},
		{"a file that is not there", "new.db", "new.db"},
		{"the home directory", "~", "zapomni.db"},
		{"a file below it", "~/x.db", "x.db"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			require.Equal(t, filepath.Join(h.dir, filepath.FromSlash(tc.want)), a.fileOf(filepath.FromSlash(tc.path)))
		})
	}
}

func TestMigrateCarriesNoSecretToAnotherServer(t *testing.T) {
	c := config.Defaults()
	c.DB.Falkor.Password, c.DB.Falkor.User, c.DB.Falkor.Graph = "hunter2", "anna", "mine"
	c.DB.Falkor.TLS.CertFile, c.DB.Falkor.TLS.KeyFile = "cert", "key"
	a := new(app)
	for _, tc := range []struct {
		name, url, shown string
		want             func(*falkor.Config)
	}{
		{"plain", "redis://other:1234", "redis://other:1234 graph mine", func(w *falkor.Config) { w.URL = "redis://other:1234" }},
		{"with a graph", "unix:///a/b?graph=theirs&db=1", "unix:///a/b graph theirs", func(w *falkor.Config) { w.URL, w.Graph = "unix:///a/b?db=1", "theirs" }},
		{"with a password of its own", "python:redis://u:secret@h/2", "python redis://u:xxxxx@h/2 graph mine", func(w *falkor.Config) { w.URL = "redis://u:secret@h/2" }},
		{"with a password alone", "redis://secret@h", "redis://xxxxx@h graph mine", func(w *falkor.Config) { w.URL = "redis://secret@h" }},
		{"with TLS", "rediss://other", "rediss://other graph mine", func(w *falkor.Config) { w.URL, w.TLS = "rediss://other", c.DB.Falkor.TLS }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := a.place("--from", tc.url, c)
			require.NoError(t, err)
			want := falkor.Defaults()
			want.Graph = "mine"
			tc.want(&want)
			require.Equal(t, want, *p.falkor)
			require.Equal(t, tc.shown, p.name)
		})
	}
	configured, err := a.place("--from", "python", c)
	require.NoError(t, err)
	require.True(t, configured.python)
	require.Equal(t, c.DB.Falkor, *configured.falkor)
	require.Equal(t, "python falkordb graph mine", configured.name)
}

func TestMigrateThatIsKilledGoesOn(t *testing.T) {
	for _, tc := range []struct {
		name string
		// to names the destination and opens it.
		to func(t *testing.T, h home) (string, memory.Store)
	}{
		{"embedded", func(t *testing.T, h home) (string, memory.Store) {
			return "embedded:b.db", openFile(t, filepath.Join(h.dir, "b.db"))
		}},
		{"falkordb", func(t *testing.T, _ home) (string, memory.Store) {
			server := falkortest.Shared(t)
			c := falkor.Defaults()
			c.URL, c.Graph = falkor.Secret(server.URL()), server.Graph(t)
			s, err := falkor.Open(t.Context(), c, slog.New(slog.DiscardHandler))
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			return server.URL() + "?graph=" + c.Graph, s
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := newHome(t)
			first := openFile(t, filepath.Join(h.dir, "a.db"))
			library(t, first, 200, memory.DefaultWorkspace, "work", "play")
			name, second := tc.to(t, h)
			killedMigrations(t, h, name, second)

			cmd := migrating(t, h, name)
			out, err := cmd.Output()
			require.NoError(t, err)
			got := decoded[migrated](t, string(out))
			require.True(t, got.Complete)
			require.Equal(t, 600, got.Verified)
			require.Equal(t, 600, got.Copied+got.Skipped)
			require.GreaterOrEqual(t, got.Skipped, 590)
			requireMigrated(t, first, second)
		})
	}
}

func migrating(t *testing.T, h home, to string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary(t), "migrate", "--from", "embedded:a.db", "--to", to, "--json")
	cmd.Env, cmd.Dir = h.environ, h.dir
	return cmd
}

// killedMigrations kills one process after the other, each when the destination
// has so much.
func killedMigrations(t *testing.T, h home, to string, second memory.Store) {
	t.Helper()
	for _, at := range []struct {
		w memory.Workspace
		n int
	}{{memory.DefaultWorkspace, 1}, {memory.DefaultWorkspace, 100}, {"work", 40}, {"play", 70}, {"play", 190}} {
		cmd := migrating(t, h, to)
		require.NoError(t, cmd.Start())
		require.Eventually(t, func() bool {
			c, err := second.Counts(t.Context(), at.w)
			return err == nil && c.Memories >= at.n
		}, 30*time.Second, 100*time.Microsecond)
		require.NoError(t, cmd.Process.Kill())
		require.Error(t, cmd.Wait())
	}
}

func TestMigrateToFalkorDBAndBack(t *testing.T) {
	server := falkortest.Shared(t)
	h := newHome(t)
	first, last := openFile(t, filepath.Join(h.dir, "a.db")), openFile(t, filepath.Join(h.dir, "b.db"))
	library(t, first, 40, memory.DefaultWorkspace, "work")
	require.NoError(t, first.Put(t.Context(), memory.Memory{
		ID: memory.NewID(), Workspace: "work", Text: "\x00 \x1a0 'quoted' \\ 🐍", CreatedAt: time.UnixMicro(-1).UTC(), ValidFrom: time.UnixMicro(1).UTC(),
		Chunks: []memory.Chunk{{Start: 0, End: 4, Vector: []float32{0.1, -0.2, 1e-30, 3.4028235e38}}, {Start: 2, End: 8}},
	}))
	u := server.URL() + "?graph=" + server.Graph(t)
	require.Contains(t, h.fine(t, "migrate", "--from", "embedded:a.db", "--to", u, "--log-level", "ERROR"), "Verified:    81 memories\n")
	require.Contains(t, h.fine(t, "migrate", "--from", u, "--to", "embedded:b.db", "--log-level", "ERROR"), "Verified:    81 memories\n")
	requireMigrated(t, first, last)
}

func TestMigrateRefusesAGraphThatBothWouldUse(t *testing.T) {
	server := falkortest.Shared(t)
	graph := server.Graph(t)
	_, err := server.Do("GRAPH.QUERY", graph, "CREATE (:Memory {id: 'x'})")
	require.NoError(t, err)
	u := server.URL() + "?graph=" + graph
	for _, tc := range []struct{ name, from, to string }{
		{"itself", u, u},
		{"that of the Python version", "python:" + u, u},
		{"that of a workspace", u, u + ":work"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := newHome(t).run(t, "migrate", "--from", tc.from, "--to", tc.to, "--log-level", "ERROR")
			require.Equal(t, exitUsage, got.status)
			require.Contains(t, got.err, "source and destination share a graph")
		})
	}
}

func TestMigrateMakesNoSource(t *testing.T) {
	server := falkortest.Shared(t)
	for _, tc := range []struct{ name, from, want string }{
		{"of this version", "", "there is no graph "},
		{"of the Python version", "python:", "there is no such graph"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			graph := server.Graph(t)
			got := newHome(t).run(t, "migrate", "--from", tc.from+server.URL()+"?graph="+graph, "--to", "embedded", "--log-level", "CRITICAL")
			require.Equal(t, exitError, got.status)
			require.Contains(t, got.err, "open the source: ")
			require.Contains(t, got.err, tc.want)
			there, err := server.Do("EXISTS", graph)
			require.NoError(t, err)
			require.Zero(t, there)
		})
	}
}

func TestMigrateReadsThePythonVersion(t *testing.T) {
	server := falkortest.Shared(t)
	h := newHome(t)
	graph := server.Graph(t)
	for _, query := range []string{
		`UNWIND range(1, 20) AS i CREATE (:Memory {id: '00000000-0000-4000-8000-0000000000' + toString(10 + i), text: 'Note ' + toString(i) + ' of Lisbon',
			tags: ['a'], source: 'chat', metadata: '{"tags": ["a"], "source": "chat", "timestamp": "2025-01-31T12:00:00+00:00"}',
			workspace_id: CASE i % 2 WHEN 0 THEN 'work' ELSE 'default' END, created_at: '2025-01-31T12:00:' + toString(60 - i) + '.000000+00:00'})`,
		`CREATE (:Workspace {id: 'work', name: 'Work', description: 'of Anna', created_at: '2025-01-01T00:00:00+00:00'})`,
		`CREATE (:Memory {id: '10000000-0000-4000-8000-000000000000', text: 'Old', created_at: '2025-01-01T00:00:00', is_current: false, transaction_to: '2025-01-02T00:00:00'})`,
		`CREATE (:Memory {id: 'odd', text: 'Odd'}), (:Memory {id: '20000000-0000-4000-8000-000000000000', created_at: '2025-01-01T00:00:00', workspace_id: 'No Name', text: 'x'})`,
		`CREATE (:Entity {name: 'Lisbon'})`,
	} {
		_, err := server.Do("GRAPH.QUERY", graph, query)
		require.NoError(t, err)
	}
	args := []string{"migrate", "--from", "python:" + server.URL() + "?graph=" + graph, "--to", "embedded", "--log-level", "ERROR"}
	got := h.run(t, args...)
	require.Equal(t, exitError, got.status)
	for _, want := range []string{"Copied:      20 memories\n", "Failed:      2 memories\n", "Left out:    1 old versions, 1 entities\n", "Verified:    20 memories\n"} {
		require.Contains(t, got.out, want)
	}
	require.Contains(t, got.err, `memory "odd (node `)
	require.Contains(t, got.err, `memory "20000000-0000-4000-8000-000000000000" of workspace "No Name": Workspace ID must be`)
	require.Len(t, decoded[answer](t, h.fine(t, "search", "--json", "--workspace", "work", "Lisbon")).Hits, 10)

	again := h.run(t, append(args, "--json")...)
	require.Equal(t, exitError, again.status)
	require.Equal(t, 20, decoded[migrated](t, again.out).Skipped)
}

func TestMeterDrawsABarForAPerson(t *testing.T) {
	var out bytes.Buffer
	synctest.Test(t, func(*testing.T) {
		m := &meter{stop: make(chan struct{})}
		m.draw(&out)
		for _, p := range []transfer.Progress{
			{Stage: transfer.Copying, Total: 10},
			{Stage: transfer.Copying, Done: 5, Total: 10},
			{Stage: transfer.Copying, Done: 12, Total: 10},
			{Stage: transfer.Verifying},
			{Stage: transfer.Verifying, Done: 3, Total: 12},
		} {
			m.set(p)
			time.Sleep(look + look/2)
		}
		m.end()
	})
	require.Contains(t, out.String(), "copying  50% |███████████████               | (5/10)")
	require.Contains(t, out.String(), "verifying")
	require.True(t, strings.HasSuffix(out.String(), "\r"), "the line is cleared: %q", out.String())
}

func TestMeterLogsNowAndThen(t *testing.T) {
	var out bytes.Buffer
	synctest.Test(t, func(*testing.T) {
		m := &meter{log: slog.New(slog.NewTextHandler(&out, nil)), stop: make(chan struct{})}
		for i := range 11 {
			m.set(transfer.Progress{Stage: transfer.Copying, Done: i, Total: 11})
			time.Sleep(time.Second)
		}
		m.end()
	})
	require.Equal(t, 3, strings.Count(out.String(), "migration_progress"))
	require.Contains(t, out.String(), "stage=copying count=10 total=11")
}

func TestMigrateIsInterruptedBySignals(t *testing.T) {
	h := newHome(t)
	h.fine(t, "add", "hello")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got := h.within(ctx, "", "migrate", "--from", "embedded", "--to", "embedded:b")
	require.Equal(t, exitError, got.status)
	require.Contains(t, got.err, "context canceled")
}
