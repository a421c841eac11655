package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

const hello = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}` + "\n"

// logged returns the lines of a log, as JSON.
func logged(t *testing.T, log string) []map[string]any {
	t.Helper()
	var all []map[string]any
	for line := range strings.Lines(log) {
		all = append(all, decoded[map[string]any](t, line))
	}
	return all
}

func TestServeAnswersUntilItsInputEnds(t *testing.T) {
	for _, args := range [][]string{nil, {"serve"}, {"--transport", "stdio"}, {"serve", "--transport=stdio"}} {
		got := newHome(t).pipe(t, hello, args...)
		require.Zero(t, got.status, got.err)
		answer := decoded[struct {
			Result struct {
				ServerInfo struct{ Name, Version string }
			}
		}](t, got.out)
		require.Equal(t, "zapomni-memory", answer.Result.ServerInfo.Name)
		require.Equal(t, versionOf(), answer.Result.ServerInfo.Version)
	}
}

func TestServeStopsInOrder(t *testing.T) {
	got := newHome(t).pipe(t, hello, "serve")
	var stopped []string
	var last map[string]any
	for _, line := range logged(t, got.err) {
		if line["event"] == "part_stopped" {
			require.Contains(t, line, "duration")
			stopped = append(stopped, line["part"].(string))
		}
		last = line
	}
	require.Equal(t, []string{"stdio", "calls", "vectors", "embedder", "store"}, stopped)
	require.Equal(t, "Server shutdown complete", last["event"])
	for _, key := range []string{"total_requests", "total_errors", "uptime_seconds", "error_rate"} {
		require.Contains(t, last, key)
	}
}

func TestServeLogsWhyItCannotStart(t *testing.T) {
	h := newHome(t)
	h.write(t, "file", "")
	for _, tc := range []struct {
		name    string
		environ string
		args    []string
		event   string
		want    string
	}{
		{"a setting", "LOG_LEVEL=LOUD", nil, "Configuration error", "LOG_LEVEL: level must be"},
		{"an address without a token", "ZAPOMNI_TRANSPORT_TYPE=sse", []string{"--host", "0.0.0.0"}, "Configuration error", "needs a token"},
		{"the tokens", "ZAPOMNI_TOKEN_FILE=nowhere", []string{"--transport", "http"}, "Runtime error", "token_file: open"},
		{"the certificate", "", []string{"--transport", "http", "--tls-cert", "file", "--tls-key", "file"}, "Runtime error", "tls_cert"},
		{"the file of the log", "LOG_FILE=" + h.dir, nil, "Configuration error", "log file: open"},
		{"the store", "", []string{"--data-dir", "file"}, "Connection error", "not a directory"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := home{h.dir, append(h.environ, tc.environ)}
			got := h.pipe(t, hello, append([]string{"serve"}, tc.args...)...)
			require.Equal(t, exitError, got.status)
			require.Empty(t, got.out)
			lines := logged(t, got.err)
			last := lines[len(lines)-1]
			require.Equal(t, tc.event, last["event"])
			require.Equal(t, "error", last["level"])
			require.Contains(t, last["error"], tc.want)
			require.NotEmpty(t, last["error_type"])
		})
	}
}

func TestServeSpeaksWhereTheLogIsSilent(t *testing.T) {
	h := newHome(t)
	h.write(t, "file", "")
	got := h.pipe(t, hello, "serve", "--log-level", "CRITICAL", "--data-dir", "file")
	require.Equal(t, exitError, got.status)
	require.True(t, strings.HasPrefix(got.err, "zapomni: open store"), got.err)
	require.Equal(t, 1, strings.Count(got.err, "\n"))
}

func TestServeThatIsToldToStopBeforeItHasStartedSucceeds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got := newHome(t).within(ctx, hello, "serve")
	require.Zero(t, got.status, got.err)
}

func TestKindIsTheFirstTypeThatTells(t *testing.T) {
	path := &fs.PathError{Op: "open", Path: "x", Err: fs.ErrPermission}
	for _, tc := range []struct {
		name string
		err  error
		want string
	}{
		{"only words", errors.Join(errors.New("x"), fmt.Errorf("a: %w", memory.ErrFull)), "error"},
		{"one of ours", fmt.Errorf("a: %w", &memory.UnknownWorkspaceError{}), "memory.UnknownWorkspaceError"},
		{"behind its meaning", fmt.Errorf("a: %w: %w", memory.ErrUnavailable, path), "fs.PathError"},
		{"time is up", fmt.Errorf("a: %w", context.DeadlineExceeded), "context.deadlineExceededError"},
	} {
		t.Run(tc.name, func(t *testing.T) { require.Equal(t, tc.want, kind(tc.err)) })
	}
}
