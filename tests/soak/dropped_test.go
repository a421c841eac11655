package soak

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/tests/client"
)

// droppers is how many sessions are opened, used once and dropped.
const droppers = 1000

// atATime is how many of them are opened at once.
const atATime = 50

// open opens so many sessions and calls a tool once in each.
func open(t *testing.T, n int, connect func() (client.Web, error)) []client.Web {
	t.Helper()
	all := make([]client.Web, n)
	errs := make([]error, n)
	var group sync.WaitGroup
	places := make(chan struct{}, atATime)
	for i := range n {
		places <- struct{}{}
		group.Go(func() {
			defer func() { <-places }()
			var err error
			if all[i], err = connect(); err == nil {
				_, err = client.Search(all[i], map[string]any{"query": "Where did Anna move to?"})
			}
			errs[i] = err
		})
	}
	group.Wait()
	require.NoError(t, errors.Join(errs...))
	return all
}

// gauges are what has to be as it was.
var gauges = []string{
	"go_goroutines", "process_open_fds", "go_memstats_heap_objects", "go_memstats_heap_alloc_bytes", "process_resident_memory_bytes",
}

// settled waits until the sessions are gone and the collector has been through
// what they left, and returns the least that each gauge then says.
func settled(t *testing.T, server *client.Site) client.Metrics {
	t.Helper()
	const collections = 50
	lowest := make(client.Metrics)
	rounds := -1.0
	require.Eventually(t, func() bool {
		m, err := server.Metrics(t.Context())
		if err != nil || m["zapomni_sessions"] > 0 {
			return false
		}
		if rounds < 0 {
			rounds = m["go_gc_duration_seconds_count"]
		}
		for _, name := range gauges {
			if n, ok := lowest[name]; !ok || m[name] < n {
				lowest[name] = m[name]
			}
		}
		return m["go_gc_duration_seconds_count"] >= rounds+collections
	}, 2*time.Minute, time.Millisecond)
	return lowest
}

func TestSessionsThatAreDroppedLeaveNothingBehind(t *testing.T) {
	for _, row := range []struct {
		name    string
		connect func(*client.Site) func() (client.Web, error)
	}{
		{"streamable", func(s *client.Site) func() (client.Web, error) { return s.Streamable }},
		{"sse", func(s *client.Site) func() (client.Web, error) { return s.SSE }},
	} {
		t.Run(row.name, func(t *testing.T) {
			// With so little room the collector runs often, and the heap is about
			// what is in use.
			server := client.Serve(t, t.TempDir(), "GOGC=10", "ZAPOMNI_TRANSPORT_SESSION_IDLE_TIMEOUT=10s", "ZAPOMNI_LOG_LEVEL=WARNING")
			round := func(n int) client.Metrics {
				sessions := open(t, n, row.connect(server))
				m, err := server.Metrics(t.Context())
				require.NoError(t, err)
				require.InDelta(t, n, m["zapomni_sessions"], 0)
				for _, s := range sessions {
					s.Drop()
				}
				return settled(t, server)
			}
			before := round(atATime) // what is opened once, and stays, is there
			first, second := round(droppers), round(droppers)
			for _, name := range gauges {
				t.Logf("%s: %.0f, then %.0f and %.0f", name, before[name], first[name], second[name])
				require.LessOrEqual(t, second[name], allowed(first[name]), name)
			}
			for _, name := range []string{"go_goroutines", "process_open_fds"} {
				require.LessOrEqual(t, first[name], allowed(before[name]), name)
			}
		})
	}
}

// allowed is how much of something there may be where there was so much: 5 %
// more, or a few that come and go.
func allowed(n float64) float64 { return max(1.05*n, n+5) }
