package falkor

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// events is what was logged.
type events struct {
	t   *testing.T
	mu  sync.Mutex
	buf bytes.Buffer
}

func (e *events) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.buf.Write(p)
}

func (e *events) text() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.buf.String()
}

// named returns the lines of one event, without their times.
func (e *events) named(event string) []map[string]any {
	var found []map[string]any
	for line := range strings.Lines(e.text()) {
		fields := map[string]any{}
		require.NoError(e.t, json.Unmarshal([]byte(line), &fields))
		if fields["msg"] == event {
			delete(fields, "msg")
			delete(fields, "time")
			found = append(found, fields)
		}
	}
	return found
}

// names lists the events in order, but for those of go-redis.
func (e *events) names() []string {
	var names []string
	for line := range strings.Lines(e.text()) {
		fields := map[string]any{}
		require.NoError(e.t, json.Unmarshal([]byte(line), &fields))
		if name, _ := fields["msg"].(string); name != "go_redis" {
			names = append(names, name)
		}
	}
	return names
}

func logged(t *testing.T) (*slog.Logger, *events) {
	t.Helper()
	e := &events{t: t}
	return slog.New(slog.NewJSONHandler(e, &slog.HandlerOptions{Level: slog.LevelDebug})), e
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
