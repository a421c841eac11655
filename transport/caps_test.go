package transport

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestClientsThatAreOfNoUseLeaveRoom has one client take all the sessions there
// are, and another wait until there is room.
func TestClientsThatAreOfNoUseLeaveRoom(t *testing.T) {
	for _, row := range []struct {
		name   string
		open   func(client) // takes a session
		leave  bool         // its connections are cut
		within time.Duration
	}{
		{"a session whose client is gone", func(c client) { c.session() }, true, 0},
		{"a session whose client keeps still", func(c client) { c.session() }, false, keepAliveTime},
		{"a stream of events whose client is gone", func(c client) { c.stream("/sse", "") }, true, 0},
		{"a stream of a session whose client is gone", func(c client) { c.stream("/mcp", c.session()) }, true, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := httpDefaults()
				c.Tokens, c.MaxSessions = []string{"anna:secret-of-anna", "bert:secret-of-bert"}, 2
				w := serverOverWires(t, patient(), c, nil)
				anna, bert := client{w, t, "secret-of-anna"}, client{w, t, "secret-of-bert"}
				row.open(anna)
				row.open(anna)
				synctest.Wait()
				require.Equal(t, http.StatusTooManyRequests, bert.post("/mcp", "", initialize))
				if row.leave {
					w.hangUp()
				}
				time.Sleep(row.within)
				synctest.Wait()
				require.Equal(t, http.StatusOK, bert.post("/mcp", "", initialize))
				require.NoError(t, w.stop(t, 10*time.Second))
			})
		})
	}
}

func TestStreamsOfClientsThatListenLeaveNoRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := httpDefaults()
		c.MaxSessions = 1
		w := serverOverWires(t, patient(), c, nil)
		anna := client{w, t, ""}
		anna.stream("/mcp", anna.session())
		time.Sleep(time.Hour - time.Minute)
		require.Equal(t, http.StatusTooManyRequests, anna.post("/mcp", "", initialize))
		time.Sleep(2*time.Minute + keepAliveTime)
		require.Equal(t, http.StatusOK, anna.post("/mcp", "", initialize), "the stream has had its time")
		require.NoError(t, w.stop(t, 10*time.Second))
	})
}
