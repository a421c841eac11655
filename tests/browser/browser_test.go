// Package browser holds the dashboard against a real browser: Chromium,
// without a window, that clicks and types as a person does.
package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
	"zapomni/server"
	"zapomni/transport"
	"zapomni/transport/dashboard"
)

const token = "secret-of-the-test"

// program returns the path of a program. Where there is none, the test skips,
// unless it must not.
func program(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing := fmt.Sprintf("%s is not installed", strings.Join(names, " or "))
	if os.Getenv("ZAPOMNI_REQUIRE_BROWSER") != "" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

// serve serves the dashboard as the program does, and returns its address. It
// demands the tokens, if any.
func serve(t *testing.T, m *memory.Processor, tokens ...string) string {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	tools, err := server.New(m, server.Options{Version: "1.2.3"}, log)
	require.NoError(t, err)
	c := transport.Defaults().HTTP
	c.Port, c.Tokens = 0, tokens
	web, err := transport.NewHTTP(tools.MCP(), c, transport.HTTPOptions{
		Name: "http", Version: "1.2.3",
		Health: func(context.Context) (map[string]any, error) {
			return map[string]any{"store": map[string]any{"kind": "embedded"}}, nil
		},
		Handlers: map[string]http.Handler{"/api/": server.API(m, log)},
		Public:   map[string]http.Handler{"/": dashboard.Handler(), "POST /keep": keeper(t, m)},
	}, log)
	require.NoError(t, err)
	require.NoError(t, web.Listen(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- web.Run(context.WithoutCancel(t.Context())) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer cancel()
		require.NoError(t, web.Stop(ctx))
		require.NoError(t, <-ended)
	})
	return "http://" + web.Addr().String()
}

// keeper keeps a memory when it is asked, as an assistant would.
func keeper(t *testing.T, m *memory.Processor) http.Handler {
	t.Helper()
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := keep(r.Context(), m, empty, kept{when: "2025-07-05", text: "a first thought", source: "notes"}); err != nil {
			t.Errorf("keep: %v", err)
		}
	})
}

func run(t *testing.T, dir string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir, cmd.WaitDelay = dir, time.Second
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	require.NoError(t, err, "%s failed:\n%s%s", strings.Join(args, " "), complaint.String(), out)
	return string(out)
}

// TestDashboard runs page.mjs, and shows each of its checks as a test.
func TestDashboard(t *testing.T) {
	node, npm := program(t, "node"), program(t, "npm")
	chromium := program(t, "chromium", "chromium-browser", "google-chrome")
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json", ".npmrc", "page.mjs"} {
		content, err := os.ReadFile(name)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	run(t, dir, npm, "ci", "--ignore-scripts", "--prefer-offline", "--no-progress")

	m := library(t)
	out := run(t, dir, node, "page.mjs", chromium, serve(t, m), serve(t, m, token), token, os.Getenv("ZAPOMNI_SCREENSHOTS"))
	var checks []struct {
		Name, Fault string
		Took        float64 // milliseconds
	}
	require.NoError(t, json.Unmarshal([]byte(out), &checks), out)
	names := make([]string, 0, len(checks))
	for _, c := range checks {
		names = append(names, c.Name)
		t.Run(c.Name, func(t *testing.T) {
			t.Logf("%.0f ms", c.Took)
			require.Empty(t, c.Fault)
		})
	}
	require.Equal(t, []string{
		"opens", "searches", "opens a hit", "clicks a node", "opens a tag", "switches the workspace", "shows an empty workspace",
		"filters by type", "filters by time", "goes by keyboard", "changes the theme", "shows what is added meanwhile",
		"is narrow", "draws thousands", "logs in",
	}, names)
}

func TestTheLayoutPushesNearlyAsItShould(t *testing.T) {
	node := program(t, "node")
	dir := t.TempDir()
	for name, from := range map[string]string{"repulsion.mjs": "repulsion.mjs", "quadtree.mjs": "../../transport/dashboard/static/assets/quadtree.js"} {
		content, err := os.ReadFile(from)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	var got struct {
		Off    float64
		Finite bool
	}
	out := run(t, dir, node, "repulsion.mjs", "./quadtree.mjs")
	require.NoError(t, json.Unmarshal([]byte(out), &got), out)
	require.Less(t, got.Off, 0.12)
	require.True(t, got.Finite)
}

func TestTheLockNamesNoPlaceToLoadFrom(t *testing.T) {
	content, err := os.ReadFile("package-lock.json")
	require.NoError(t, err)
	require.NotContains(t, string(content), `"resolved"`)
	require.Contains(t, string(content), `"integrity"`)
}
