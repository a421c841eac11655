package soak

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zapomni/tests/client"
)

// duration is the variable that says how long the soak takes.
const duration = "ZAPOMNI_SOAK"

const (
	// workers are the clients at a time. Each opens one session after the other.
	workers = 16
	// callsEach is how many rounds of calls a session is good for.
	callsEach = 20
	// kept is how many memories each worker leaves alone: with a store that
	// stays as large as it is, memory has to.
	kept = 20
)

// warm is how many calls it takes until all caches are full. How long that takes
// is up to the machine.
const warm = 40_000

// sentences is how many of them a memory has. It is long, and all of it is
// found, so that the caches of the server are full soon.
const sentences = 60

// worker is a client that comes again and again.
type worker struct {
	number int
	server *client.Site
	calls  *atomic.Int64
	notes  int
	ids    []string // of the memories that it has left, oldest first
}

// session opens a session, uses it and leaves, in a way that differs from time
// to time.
func (w *worker) session(turn int) (err error) {
	connect := w.server.Streamable
	if (w.number+turn)%2 == 0 {
		connect = w.server.SSE
	}
	s, err := connect()
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	for range callsEach {
		if err := w.round(s); err != nil {
			s.Drop()
			return err
		}
	}
	if turn%3 == 0 {
		s.Drop()
		return nil
	}
	return s.End()
}

// round adds a memory, finds it, and deletes the oldest one.
func (w *worker) round(s client.Web) error {
	w.notes++
	word := fmt.Sprintf("w%dn%d", w.number, w.notes%(2*kept)) // the last memory with it is deleted by then
	text := strings.Repeat("The "+word+" sails at noon, and whoever is late goes by the coast road. ", sentences)
	id, err := client.Add(s, map[string]any{"text": text})
	if err != nil {
		return fmt.Errorf("add: %w", err)
	}
	w.ids = append(w.ids, id)
	hits, err := client.Search(s, map[string]any{"query": word, "limit": 3})
	if err != nil {
		return fmt.Errorf("search: %w", err)
	}
	if len(hits) == 0 || hits[0].ID != id {
		return fmt.Errorf("%s was added and is not found first: %v", word, hits)
	}
	w.calls.Add(2)
	if len(w.ids) <= kept {
		return nil
	}
	if err := client.Delete(s, w.ids[0]); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	w.ids = w.ids[1:]
	w.calls.Add(1)
	return nil
}

// sampled asks the server for its metrics for as long as that, once there have
// been enough calls to fill its caches, and ends when ctx is done.
func sampled(ctx context.Context, server *client.Site, calls *atomic.Int64, long time.Duration) (all []client.Metrics, err error) {
	tick := time.NewTicker(max(long/400, 50*time.Millisecond))
	defer tick.Stop()
	for calls.Load() < warm && ctx.Err() == nil {
		<-tick.C
	}
	ctx, cancel := context.WithTimeout(ctx, long)
	defer cancel()
	for {
		select {
		case <-ctx.Done():
			return all, nil
		case <-tick.C:
			m, err := server.Metrics(ctx)
			if ctx.Err() != nil {
				return all, nil
			}
			if err != nil {
				return all, err
			}
			all = append(all, m)
		}
	}
}

// flat is what must not grow, and how it is read off some samples: memory at
// its most, as what caches hold goes up and down, and what is counted at its
// least, as requests come and go.
var flat = map[string]func(...float64) float64{
	"go_memstats_next_gc_bytes": most, "process_resident_memory_bytes": most,
	"go_goroutines": least, "process_open_fds": least,
}

func most(values ...float64) float64  { return slices.Max(values) }
func least(values ...float64) float64 { return slices.Min(values) }

// of returns what the samples say of a gauge.
func of(samples []client.Metrics, name string) []float64 {
	values := make([]float64, 0, len(samples))
	for _, m := range samples {
		values = append(values, m[name])
	}
	return values
}

// use lets all workers work until ctx is done, or one of them fails, and counts
// their calls.
func use(ctx context.Context, server *client.Site, called *atomic.Int64) (sessions int64, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var opened atomic.Int64
	errs := make([]error, workers)
	var all sync.WaitGroup
	for i := range workers {
		all.Go(func() {
			w := &worker{number: i, server: server, calls: called}
			for turn := 0; ctx.Err() == nil && errs[i] == nil; turn++ {
				errs[i] = w.session(turn)
				opened.Add(1)
			}
			if errs[i] != nil {
				cancel()
			}
		})
	}
	all.Wait()
	return opened.Load(), errors.Join(errs...)
}

func TestSoak(t *testing.T) {
	given := os.Getenv(duration)
	if given == "" {
		t.Skipf("%s says how long it takes, as 2m: \"make soak\" sets it", duration)
	}
	long, err := time.ParseDuration(given)
	require.NoError(t, err, duration)
	server := client.Serve(t, t.TempDir(), "ZAPOMNI_TRANSPORT_SESSION_IDLE_TIMEOUT=10s", "ZAPOMNI_LOG_LEVEL=WARNING")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var calls atomic.Int64
	var samples []client.Metrics
	var unasked error
	var watch sync.WaitGroup
	began := time.Now()
	watch.Go(func() {
		defer stop()
		samples, unasked = sampled(ctx, server, &calls, long)
	})
	sessions, err := use(ctx, server, &calls)
	stop()
	watch.Wait()
	require.NoError(t, err)
	require.NoError(t, unasked)
	t.Logf("%d calls in %d sessions, %.0f a second", calls.Load(), sessions, float64(calls.Load())/time.Since(began).Seconds())

	last, err := server.Metrics(t.Context())
	require.NoError(t, err)
	require.Zero(t, last["zapomni_request_errors_total"])
	require.GreaterOrEqual(t, last["zapomni_tool_calls_total"], float64(calls.Load()))
	third := len(samples) / 3
	require.Positive(t, third)
	early, late := samples[:third], samples[2*third:]
	for name, read := range flat {
		was, is := read(of(early, name)...), read(of(late, name)...)
		t.Logf("%s: %.0f, later %.0f", name, was, is)
		// When the collector runs decides how high a peak is.
		assert.LessOrEqual(t, is, 1.1*was+5, name)
	}
	server.Stop(t)
	require.Empty(t, strings.TrimSpace(server.Stderr.String()), "it has nothing to warn of")
}
