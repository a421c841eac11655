// Package browser holds the dashboard against a real browser: Chromium,
// without a window, that clicks and types as a person does.
package browser

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
	"zapomni/server"
	"zapomni/tests/npm"
	"zapomni/transport"
	"zapomni/transport/dashboard"
)

const token = "secret-of-the-test"

func TestMain(m *testing.M) { os.Exit(npm.Main(m.Run)) }

// browser returns the path of a browser. Where there is none, the test skips,
// unless it must not.
func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const missing = "chromium is not installed"
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

// TestDashboard runs page.mjs, and shows each of its checks as a test.
func TestDashboard(t *testing.T) {
	chromium, packages := browser(t), npm.Install(t)
	m := library(t)
	out := packages.Run(t, nil, "page.mjs", chromium, serve(t, m), serve(t, m, token), token, os.Getenv("ZAPOMNI_SCREENSHOTS"))
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
		"is narrow", "draws thousands", "forgets the workspace that was left", "logs in",
	}, names)
}

func TestTheLayoutPushesNearlyAsItShould(t *testing.T) {
	packages := npm.Install(t)
	content, err := os.ReadFile("../../transport/dashboard/static/assets/quadtree.js")
	require.NoError(t, err)
	quadtree := filepath.Join(t.TempDir(), "quadtree.mjs")
	require.NoError(t, os.WriteFile(quadtree, content, 0o600))
	var got struct {
		Off    float64
		Finite bool
	}
	out := packages.Run(t, nil, "repulsion.mjs", quadtree)
	require.NoError(t, json.Unmarshal([]byte(out), &got), out)
	require.Less(t, got.Off, 0.12)
	require.True(t, got.Finite)
}

func TestTheLockNamesNoPlaceToLoadFrom(t *testing.T) { npm.LocksNoPlace(t) }
