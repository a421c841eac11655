package tracing

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/transport/tracing/tracingtest"
)

// lines keeps what is logged by several goroutines.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// enabled is the settings of a test that traces to a URL.
func enabled(url string) Config {
	c := Defaults()
	c.Enabled, c.Endpoint = true, url
	return c
}

func open(t *testing.T, c Config) (*Traces, *lines) {
	t.Helper()
	log := &lines{}
	traces, err := Open(t.Context(), c, "1.2.3", slog.New(slog.NewTextHandler(log, nil)))
	require.NoError(t, err)
	return traces, log
}

// one makes a span.
func one(t *testing.T, traces *Traces) {
	t.Helper()
	_, span := traces.Tracer().Start(t.Context(), "one")
	span.End()
}

func TestOffStartsNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	traces, log := open(t, Defaults())
	require.Nil(t, traces)
	require.Nil(t, traces.Tracer())
	require.NoError(t, traces.Stop(t.Context()))
	require.Equal(t, before, runtime.NumGoroutine())
	require.Empty(t, log.String())
}

func TestStopSendsWhatIsLeft(t *testing.T) {
	c := tracingtest.Collect(t)
	traces, _ := open(t, enabled(c.URL))
	one(t, traces)
	require.NoError(t, traces.Stop(t.Context()))
	require.Len(t, c.Spans(), 1)
	require.Equal(t, map[string]string{"service.name": "zapomni", "service.version": "1.2.3"}, c.Spans()[0].Resource)
}

func TestHeadersAreSent(t *testing.T) {
	c := tracingtest.Collect(t)
	config := enabled(c.URL + "/")
	config.Headers = []string{"api-key=a%20secret", " x-team = two "}
	traces, log := open(t, config)
	one(t, traces)
	require.NoError(t, traces.Stop(t.Context()))
	require.Len(t, c.Headers(), 1)
	require.Equal(t, "a secret", c.Headers()[0].Get("Api-Key"))
	require.Equal(t, "two", c.Headers()[0].Get("X-Team"))
	require.NotContains(t, log.String(), "secret")
}

func TestRatioOfZeroKeepsNone(t *testing.T) {
	c := tracingtest.Collect(t)
	config := enabled(c.URL)
	config.SampleRatio = 0
	traces, _ := open(t, config)
	one(t, traces)
	require.NoError(t, traces.Stop(t.Context()))
	require.Empty(t, c.Spans())
}

// answering is a collector that answers with each of the statuses in turn, and
// then with the last of them.
func answering(t *testing.T, statuses ...int) (url string, asked *atomic.Int64) {
	t.Helper()
	asked = new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := int(asked.Add(1))
		w.WriteHeader(statuses[min(n, len(statuses))-1])
	}))
	t.Cleanup(s.Close)
	return s.URL, asked
}

func TestABatchIsSentAgainWhereThatIsWorthIt(t *testing.T) {
	for _, row := range []struct {
		name     string
		statuses []int
		asked    int64
	}{
		{"taken", []int{200}, 1},
		{"busy", []int{503, 429, 200}, 3},
		{"refused", []int{400}, 1},
		{"led elsewhere", []int{307}, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			url, asked := answering(t, row.statuses...)
			traces, _ := open(t, enabled(url))
			one(t, traces)
			require.NoError(t, traces.provider.ForceFlush(t.Context()))
			require.Equal(t, row.asked, asked.Load())
			require.NoError(t, traces.Stop(t.Context()))
		})
	}
}

func TestALossIsLoggedOnce(t *testing.T) {
	url, asked := answering(t, 400, 400, 200)
	traces, log := open(t, enabled(url))
	for range 3 {
		one(t, traces)
		require.NoError(t, traces.provider.ForceFlush(t.Context()))
	}
	require.NoError(t, traces.Stop(t.Context()))
	require.Equal(t, int64(3), asked.Load())
	require.Equal(t, 1, strings.Count(log.String(), "traces_not_sent"), log.String())
	require.Equal(t, 1, strings.Count(log.String(), "traces_sent_again"), log.String())
}

func TestStopDoesNotWaitForACollectorThatHangs(t *testing.T) {
	gone := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = r.Body.Read(make([]byte, 1<<20)) // so that the end of the connection is seen
		<-r.Context().Done()
		close(gone)
	}))
	defer s.Close()
	traces, log := open(t, enabled(s.URL))
	one(t, traces)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	require.NoError(t, traces.Stop(ctx))
	require.Less(t, time.Since(began), flushTime)
	require.Contains(t, log.String(), "traces_given_up")
	<-gone // nothing goes on after it
}

func TestStopEndsTheWaitForACollectorThatIsAway(t *testing.T) {
	url, asked := answering(t, 503)
	traces, log := open(t, enabled(url))
	one(t, traces)
	began := time.Now()
	require.NoError(t, traces.Stop(t.Context()))
	require.Less(t, time.Since(began), flushTime)
	require.Equal(t, int64(1), asked.Load())
	require.Contains(t, log.String(), "503")
}
