package transport

import (
	"maps"
	"math"
	"net/http"
	"time"
)

// health is GET /health. Those without a token, where one is needed, are told
// the status and no more.
func (t *HTTP) health(w http.ResponseWriter, r *http.Request) {
	counts := t.sessions.counts()
	facts := map[string]any{
		"status": "healthy", "version": t.options.Version, "transport": t.options.Name, "ready": t.ready.Load(),
		"uptime_seconds":     math.Round(time.Since(t.started).Seconds()*100) / 100,
		"active_connections": counts.Present, "active_sessions": counts.Present,
		"sessions": map[string]any{
			"registered": counts.Registered, "present": counts.Present, "open_streams": counts.Streams,
			"max": t.config.MaxSessions,
		},
		"metrics": map[string]any{
			"total_connections_created": counts.Created, "total_connections_closed": counts.Closed,
			"current_active_connections": counts.Present, "peak_connections": counts.Peak,
			"total_requests_processed": counts.Requests, "total_errors": counts.Errors,
		},
	}
	status := http.StatusOK
	if t.options.Health != nil {
		more, err := t.options.Health(r.Context())
		maps.Copy(facts, more)
		if err != nil {
			facts["status"], facts["error"] = "unhealthy", err.Error()
			status = http.StatusServiceUnavailable
		}
	}
	if _, err := t.guard.identify(r); err != nil {
		facts = map[string]any{"status": facts["status"]}
	}
	respond(w, status, encode(facts))
}

// live is GET /health/live: the process answers.
func (t *HTTP) live(w http.ResponseWriter, _ *http.Request) {
	respond(w, http.StatusOK, []byte(`{"status":"alive"}`))
}

// isReady is GET /health/ready: new sessions and calls are welcome.
func (t *HTTP) isReady(w http.ResponseWriter, r *http.Request) {
	if !t.ready.Load() {
		respond(w, http.StatusServiceUnavailable, []byte(`{"status":"not ready","reason":"shutting down"}`))
		return
	}
	if t.options.Health != nil {
		if _, err := t.options.Health(r.Context()); err != nil {
			respond(w, http.StatusServiceUnavailable, []byte(`{"status":"not ready","reason":"store"}`))
			return
		}
	}
	respond(w, http.StatusOK, []byte(`{"status":"ready"}`))
}
