package transport

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are what Prometheus can ask for, in a registry of their own. One is
// made with NewMetrics and given to one transport.
type Metrics struct {
	registry *prometheus.Registry
	handler  http.Handler
	calls    *prometheus.CounterVec
	took     *prometheus.HistogramVec
}

// NewMetrics returns the metrics of the process and of tool calls. Those of
// sessions join when a transport serves them, more by Gauge and Counter.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "zapomni_tool_calls_total", Help: "Calls of tools, by how they ended: ok or error.",
		}, []string{"tool", "outcome"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "zapomni_tool_duration_seconds", Help: "How long calls of tools took.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"tool"}),
	}
	m.registry.MustRegister(m.calls, m.took, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.handler = promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4})
	return m
}

// ToolCalled counts a call. The tool is one of those there are.
func (m *Metrics) ToolCalled(tool string, took time.Duration, failed bool) {
	outcome := "ok"
	if failed {
		outcome = "error"
	}
	m.calls.WithLabelValues(tool, outcome).Inc()
	m.took.WithLabelValues(tool).Observe(took.Seconds())
}

// Gauge adds a number that goes up and down, read when it is asked for.
func (m *Metrics) Gauge(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read))
}

// Counter adds a number that only goes up, read when it is asked for.
func (m *Metrics) Counter(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, read))
}

// ServeHTTP writes all of them.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.handler.ServeHTTP(w, r) }

// watch adds what the registry of sessions knows.
func (m *Metrics) watch(s *sessions) {
	of := func(read func(SessionCounts) float64) func() float64 {
		return func() float64 { return read(s.counts()) }
	}
	m.Gauge("zapomni_sessions", "Sessions that a client may come back to.", of(func(c SessionCounts) float64 { return float64(c.Registered) }))
	m.Gauge("zapomni_sessions_present", "Sessions whose client is connected.", of(func(c SessionCounts) float64 { return float64(c.Present) }))
	m.Gauge("zapomni_streams_open", "Streams that are open.", of(func(c SessionCounts) float64 { return float64(c.Streams) }))
	m.Gauge("zapomni_sessions_peak", "Most sessions at a time.", of(func(c SessionCounts) float64 { return float64(c.Peak) }))
	m.Counter("zapomni_sessions_created_total", "Sessions since the start.", of(func(c SessionCounts) float64 { return float64(c.Created) }))
	m.Counter("zapomni_sessions_closed_total", "Sessions that have ended.", of(func(c SessionCounts) float64 { return float64(c.Closed) }))
	m.Counter("zapomni_requests_total", "Requests of the protocol that were answered.", of(func(c SessionCounts) float64 { return float64(c.Requests) }))
	m.Counter("zapomni_request_errors_total", "Requests that were answered with an error of the protocol.", of(func(c SessionCounts) float64 { return float64(c.Errors) }))
}
