package config

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLogWritesThePromisedKeys(t *testing.T) {
	var out bytes.Buffer
	log, closer, err := Log{Level: "DEBUG", Format: "auto"}.New(&out)
	require.NoError(t, err)
	before := time.Now()
	log.With("host", "h").Warn("query_retry", "attempt", 1, slog.Group("inner", "level", "x")) //nolint:sloglint // a level in a group is not the line's.
	require.NoError(t, closer.Close())

	var line map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &line))
	at, err := time.Parse(time.RFC3339Nano, line["timestamp"].(string))
	require.NoError(t, err)
	require.WithinDuration(t, before, at, time.Minute)
	require.Equal(t, time.UTC, at.Location())
	delete(line, "timestamp")
	require.Equal(t, map[string]any{
		"event": "query_retry", "level": "warning", "host": "h", "attempt": 1.0, "inner": map[string]any{"level": "x"},
	}, line)
}

func TestLogHoldsBackWhatIsBelowItsLevel(t *testing.T) {
	for level, want := range map[string]string{
		"DEBUG":    "debug info warning error critical",
		"info":     "info warning error critical",
		"WARNING":  "warning error critical",
		"Warn":     "warning error critical",
		"ERROR":    "error critical",
		"CRITICAL": "critical",
	} {
		t.Run(level, func(t *testing.T) {
			var out bytes.Buffer
			log, _, err := Log{Level: level, Format: "json"}.New(&out)
			require.NoError(t, err)
			for _, l := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError, levelCritical} {
				log.Log(t.Context(), l, "tried")
			}
			var got []string
			for line := range strings.Lines(out.String()) {
				var record struct{ Level string }
				require.NoError(t, json.Unmarshal([]byte(line), &record))
				got = append(got, record.Level)
			}
			require.Equal(t, want, strings.Join(got, " "))
		})
	}
}

func TestLogWritesTextWithoutColourOffATerminal(t *testing.T) {
	var out bytes.Buffer
	log, _, err := Log{Level: "INFO", Format: "TEXT"}.New(&out)
	require.NoError(t, err)
	log.Info("store_opened", "memories", 3)
	require.Contains(t, out.String(), "INF store_opened memories=3")
	require.NotContains(t, out.String(), "\x1b")
}

func TestLogWritesToAFileAsWell(t *testing.T) {
	path := filepath.Join(t.TempDir(), "logs", "zapomni.log")
	var out bytes.Buffer
	for range 2 { // the second time appends
		log, closer, err := Log{Level: "INFO", Format: "text", File: path}.New(&out)
		require.NoError(t, err)
		log.Info("store_opened")
		log.Debug("query_run")
		require.NoError(t, closer.Close())
	}
	require.Equal(t, 2, strings.Count(out.String(), "store_opened"))
	written, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, 2, strings.Count(string(written), `"event":"store_opened"`))
	require.Equal(t, 2, strings.Count(string(written), "\n"))
	if info, err := os.Stat(path); runtime.GOOS != "windows" {
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
}

func TestLogRefuses(t *testing.T) {
	dir := t.TempDir()
	for _, row := range []struct {
		name string
		log  Log
		want string
	}{
		{"level", Log{Level: "loud", Format: "json"}, `level must be DEBUG, INFO, WARNING, ERROR or CRITICAL, got "loud"`},
		{"format", Log{Level: "INFO", Format: "xml"}, `format must be auto, json or text, got "xml"`},
		{"file that is a directory", Log{Level: "INFO", Format: "json", File: dir}, "log file: open " + dir},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, _, err := row.log.New(&bytes.Buffer{})
			require.ErrorContains(t, err, row.want)
		})
	}
}
