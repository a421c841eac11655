package chaos

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/db/falkor"
	"zapomni/db/falkor/falkortest"
	"zapomni/memory"
)

const (
	// envSeed chooses other faults than those of every day.
	envSeed = "ZAPOMNI_CHAOS_SEED"
	// envSoak is how many times as many faults there are as usual.
	envSoak = "ZAPOMNI_CHAOS_SOAK"
)

func number(t *testing.T, env string, usual uint64) uint64 {
	t.Helper()
	text := os.Getenv(env)
	if text == "" {
		return usual
	}
	n, err := strconv.ParseUint(text, 10, 64)
	require.NoError(t, err, env)
	return n
}

// theSeed decides all that is drawn in a test.
func theSeed(t *testing.T) uint64 {
	t.Helper()
	seed := number(t, envSeed, 20)
	t.Logf("%s=%d", envSeed, seed)
	return seed
}

// events is a log that can be searched.
type events struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (e *events) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.buf.Write(p)
}

// lines returns the lines that have both texts.
func (e *events) lines(event, text string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for line := range strings.Lines(e.buf.String()) {
		if strings.Contains(line, `"msg":"`+event+`"`) && strings.Contains(line, text) {
			n++
		}
	}
	return n
}

// impatient are settings with which a fault is noticed, and what it hit is
// sent again, within moments.
func impatient(url, graph string) falkor.Config {
	c := falkor.Defaults()
	c.URL, c.Graph = falkor.Secret(url), graph
	c.Pool.SocketTimeout, c.Pool.SocketConnectTimeout = 300*time.Millisecond, 300*time.Millisecond
	c.Retry.InitialDelay, c.Retry.MaxDelay = 5*time.Millisecond, 200*time.Millisecond
	return c
}

// opened is a store that a test may break.
type opened struct {
	*falkor.Store
	events *events

	t       *testing.T
	before  int // goroutines
	servers []*falkortest.Server
}

func open(t *testing.T, c falkor.Config, servers ...*falkortest.Server) *opened {
	t.Helper()
	o := &opened{events: &events{}, t: t, before: runtime.NumGoroutine(), servers: servers}
	s, err := falkor.Open(t.Context(), c, slog.New(slog.NewJSONHandler(o.events, nil)))
	require.NoError(t, err)
	o.Store = s
	t.Cleanup(func() { _ = s.Close() }) // where the test ended early
	return o
}

// close closes the store, and waits until nothing of it is left: no goroutine
// here, and no connection at the servers.
func (o *opened) close() {
	o.t.Helper()
	require.NoError(o.t, o.Close())
	require.ErrorIs(o.t, o.Ping(o.t.Context()), memory.ErrUnavailable)
	until(o.t, "its goroutines have ended", func() bool { return runtime.NumGoroutine() <= o.before }, goroutines)
	for _, s := range o.servers {
		if s.Running() {
			until(o.t, "its connections are gone", func() bool { return len(connections(o.t, s)) == 0 }, nil)
		}
	}
}

func goroutines() string {
	var text bytes.Buffer
	_ = pprof.Lookup("goroutine").WriteTo(&text, 1)
	return text.String()
}

// until waits until what is so, at most as long as a recovery may take.
func until(t *testing.T, what string, is func() bool, say func() string) {
	t.Helper()
	for deadline := time.Now().Add(recovery); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			said := ""
			if say != nil {
				said = say()
			}
			require.Fail(t, "waited in vain until "+what, said)
		}
	}
}

// connections returns the numbers of the connections of stores at a server.
func connections(t *testing.T, s *falkortest.Server) []string {
	t.Helper()
	reply, err := s.Do("CLIENT", "LIST")
	require.NoError(t, err)
	var ids []string
	for line := range strings.Lines(fmt.Sprint(reply)) {
		if strings.Contains(line, "name=zapomni ") {
			id, _, _ := strings.Cut(strings.TrimPrefix(line, "id="), " ")
			ids = append(ids, id)
		}
	}
	return ids
}

// requireNothingLoose looks into a graph behind the store's back: each chunk
// belongs to a memory, and there are as many as the store counts.
func requireNothingLoose(t *testing.T, s *falkortest.Server, graph string, counts memory.Counts) {
	t.Helper()
	for _, row := range []struct {
		what, pattern string
		want          int
	}{
		{"memories", "(n:Memory)", counts.Memories},
		{"chunks", "(n:Chunk)", counts.Chunks},
		{"chunks of a memory", "(:Memory)-[:HAS_CHUNK]->(n:Chunk)", counts.Chunks},
	} {
		reply, err := s.Do("GRAPH.RO_QUERY", graph, "MATCH "+row.pattern+" RETURN count(n)")
		require.NoError(t, err)
		require.Contains(t, fmt.Sprint(reply), fmt.Sprintf(" [[%d]] ", row.want), row.what)
	}
}
