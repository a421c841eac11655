package integration

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// tally is what became of the calls of many clients.
type tally struct {
	kept    atomic.Int64 // acknowledged
	refused atomic.Int64 // with the words that the server is shutting down
	closed  atomic.Int64 // not accepted any more
	strange sync.Map     // any other answer
}

func (c *tally) count(body string) {
	a, err := toldOf(body)
	switch {
	case err == nil && strings.HasPrefix(a.text, "Memory stored successfully."):
		c.kept.Add(1)
	case err == nil && strings.Contains(a.text, "shutting down"):
		c.refused.Add(1)
	default:
		c.strange.Store(body, err)
	}
}

// call keeps memories in one session of streamable HTTP until that is refused.
func (c *tally) call(ctx context.Context, w *web, session string) {
	for i := 0; ; i++ {
		message := calling(i, "add_memory", map[string]any{"text": fmt.Sprintf("Fact %d of %s.", i, session)})
		r, err := w.send(ctx, http.MethodPost, "/mcp", strings.NewReader(message), "Mcp-Session-Id", session)
		if err != nil || r.status != http.StatusOK {
			c.closed.Add(1)
			return
		}
		c.count(r.body)
	}
}

// callSSE does so over SSE, and then reads the answers to all that was accepted.
func (c *tally) callSSE(ctx context.Context, w *web, s *stream) (accepted, answered int) {
	for i := 0; ; i++ {
		message := calling(i, "add_memory", map[string]any{"text": fmt.Sprintf("Fact %d of %s.", i, s.endpoint)})
		r, err := w.send(ctx, http.MethodPost, s.endpoint, strings.NewReader(message))
		if err != nil || r.status != http.StatusAccepted {
			c.closed.Add(1)
			break
		}
		accepted++
		if i%8 == 7 { // some ahead of the answers, as eager clients are
			for ; answered < accepted-4; answered++ {
				body, ok := <-s.events
				if !ok {
					return accepted, answered
				}
				c.count(body)
			}
		}
	}
	for body := range s.events {
		c.count(body)
		answered++
	}
	return accepted, answered
}

func TestHTTPStopLosesNoCall(t *testing.T) {
	w := open(t)
	var c tally
	var clients sync.WaitGroup
	var lost atomic.Int64
	var sessions []string
	var streams []*stream
	for range 100 {
		sessions, streams = append(sessions, w.session(t)), append(streams, w.sse(t))
	}
	ctx := context.WithoutCancel(t.Context())
	for i := range sessions {
		clients.Go(func() { c.call(ctx, w, sessions[i]) })
		clients.Go(func() {
			accepted, answered := c.callSSE(ctx, w, streams[i])
			lost.Add(int64(accepted - answered))
		})
	}
	require.Eventually(t, func() bool { return c.kept.Load() > 300 }, patience, time.Millisecond)
	w.stop()
	require.NoError(t, within(t, w.ended))
	clients.Wait()

	c.strange.Range(func(body, err any) bool {
		require.Failf(t, "an answer that is none", "%v: %v", body, err)
		return true
	})
	require.Zero(t, lost.Load(), "accepted and not answered")
	require.Equal(t, int64(200), c.closed.Load(), "every client was refused in the end")
	require.Equal(t, int(c.kept.Load()), w.memories(t), "what is kept is what was acknowledged")
	t.Logf("%d kept, %d refused", c.kept.Load(), c.refused.Load())
}

func TestHTTPStopsInOrder(t *testing.T) {
	w := open(t)
	s := w.sse(t)
	release := w.holdWrites(t)
	defer release()
	w.post(t, s, calling(1, "add_memory", map[string]any{"text": "Just in time."}))
	require.Eventually(t, func() bool { return w.Counters().InFlight == 1 }, patience, time.Millisecond)
	w.stop()
	require.Eventually(t, func() bool {
		return w.request(t, http.MethodGet, "/health/ready", "").status == http.StatusServiceUnavailable
	}, patience, time.Millisecond, "not ready comes first")
	require.Equal(t, http.StatusServiceUnavailable, w.request(t, http.MethodGet, "/sse", "").status)
	require.Equal(t, http.StatusServiceUnavailable, w.request(t, http.MethodPost, "/mcp", initialize).status)
	require.Equal(t, http.StatusOK, w.request(t, http.MethodGet, "/health/live", "").status)
	w.post(t, s, calling(2, "add_memory", map[string]any{"text": "Too late."}))
	refused, err := toldOf(within(t, s.events))
	require.NoError(t, err)
	require.Contains(t, refused.text, "shutting down")
	require.Empty(t, w.ended, "a call is under way")
	release()
	kept, err := toldOf(within(t, s.events))
	require.NoError(t, err)
	require.Contains(t, kept.text, "Memory stored successfully.")
	require.NoError(t, within(t, w.ended))
	_, open := <-s.events
	require.False(t, open)

	var order []string
	for _, m := range regexp.MustCompile(`msg="?(part_stopped part=\w+|Starting graceful[^"]*|Closing all sessions|All sessions closed|SSE sessions closed)`).FindAllStringSubmatch(w.log.String(), -1) {
		order = append(order, m[1])
	}
	require.Equal(t, []string{
		"part_stopped part=ready", "part_stopped part=calls", "Starting graceful SSE shutdown...", "Closing all sessions",
		"All sessions closed", "SSE sessions closed", "part_stopped part=http",
	}, order)
}
