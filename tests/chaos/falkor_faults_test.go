package chaos

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/db/falkor"
	"zapomni/db/falkor/falkortest"
	"zapomni/memory"
)

// hands is how many work at once where nothing else is said.
const hands = 8

// stage is a server, a proxy before it, and what happens to them.
type stage struct {
	server *falkortest.Server
	proxy  *falkortest.Proxy
	events *events // of the store
	random *rand.Rand
}

// scenario is one kind of fault.
type scenario struct {
	name   string
	faults int // how many there are
	set    func(*falkor.Config)
	hands  int // 0 is the usual number
	// alone is for faults that the next scenario would still feel: it has a
	// server of its own.
	alone bool
	// play brings so many faults about and returns when they are over.
	play func(t *testing.T, s *stage, l *load, faults int)
}

// oneOf lets one request in five meet one of the faults.
func oneOf(faults ...falkortest.Fault) func(*testing.T, *stage, *load, int) {
	return func(t *testing.T, s *stage, _ *load, n int) {
		t.Helper()
		odds := make(map[falkortest.Fault]float64)
		for _, f := range faults {
			odds[f] = 0.2 / float64(len(faults))
		}
		before := s.proxy.Faults()
		s.proxy.Set(falkortest.Schedule{
			Seed: s.random.Uint64(), Odds: odds, Most: n, Delay: 50 * time.Millisecond, Refuse: 20 * time.Millisecond,
		})
		require.Eventually(t, func() bool { return s.proxy.Faults()-before >= n }, time.Minute, time.Millisecond)
	}
}

// scenarios has a thousand faults.
func scenarios() []scenario {
	return []scenario{
		{name: "connections reset", faults: 150, play: oneOf(falkortest.Reset)},
		{name: "requests delayed", faults: 150, play: oneOf(falkortest.Delay)},
		{name: "connections half open", faults: 80, play: oneOf(falkortest.Swallow)},
		{name: "answers cut", faults: 150, play: oneOf(falkortest.CutAnswer)},
		{name: "answers lost", faults: 200, play: oneOf(falkortest.LoseAnswer)},
		{name: "connections refused", faults: 30, play: oneOf(falkortest.Refuse)},
		{name: "all of them at once", faults: 130, play: oneOf(
			falkortest.Reset, falkortest.Delay, falkortest.Swallow, falkortest.CutAnswer, falkortest.LoseAnswer, falkortest.Refuse)},
		{name: "connections killed by the server", faults: 80, play: killClients},
		{name: "all connections lost", faults: 16, play: disconnect},
		{name: "server frozen", faults: 5, set: patient, play: freeze},
		{name: "server killed", faults: 4, set: patient, alone: true, play: kill},
		{name: "too few connections", faults: 5, hands: 30, play: exhaust, set: func(c *falkor.Config) {
			c.Pool.MinSize, c.Pool.MaxSize, c.Pool.Timeout = 1, 3, 20*time.Millisecond
		}},
	}
}

func TestFaultsComeToAThousand(t *testing.T) {
	sum := 0
	for _, sc := range scenarios() {
		sum += sc.faults
	}
	require.Equal(t, 1000, sum)
}

// Nothing that was acknowledged is lost, nothing is there twice or by half,
// nothing is left behind, and the work goes on within seconds.
func TestFaultsHarmNoMemory(t *testing.T) {
	seed := theSeed(t)
	times := int(number(t, envSoak, 1))
	server := falkortest.Start(t)
	for i, sc := range scenarios() {
		t.Run(sc.name, func(t *testing.T) {
			server := server
			if sc.alone {
				server = startLoading(t)
			}
			for n := range times {
				playScenario(t, server, sc, seed+uint64(100*i+n))
			}
		})
	}
}

// startLoading starts a server that keeps its data. When it is back it answers,
// for a while, that it is loading: it takes its time over each of some keys.
func startLoading(t *testing.T) *falkortest.Server {
	t.Helper()
	server := falkortest.Start(t, falkortest.AppendOnly(),
		falkortest.Arg("--key-load-delay", "2000", "--loading-process-events-interval-bytes", "1024"))
	for i := range 100 {
		_, err := server.Do("SET", fmt.Sprint("ballast", i), strings.Repeat("sand", 512))
		require.NoError(t, err)
	}
	_, err := server.Do("BGREWRITEAOF")
	require.NoError(t, err)
	until(t, "the ballast is in", func() bool {
		reply, err := server.Do("INFO", "persistence")
		info := fmt.Sprint(reply)
		return err == nil && strings.Contains(info, "aof_rewrite_in_progress:0") && strings.Contains(info, "aof_rewrites:1")
	}, nil)
	return server
}

func playScenario(t *testing.T, server *falkortest.Server, sc scenario, seed uint64) {
	t.Helper()
	s := &stage{server: server, proxy: falkortest.NewProxy(t, server.Addr()), random: rand.New(rand.NewPCG(seed, 0))}
	c := impatient("redis://"+s.proxy.Addr(), fmt.Sprintf("chaos%d", seed))
	if sc.set != nil {
		sc.set(&c)
	}
	n := sc.hands
	if n == 0 {
		n = hands
	}
	store := open(t, c, server)
	s.events = store.events
	l := startLoad(t, store.Store, seed, n)
	l.awaitDone(20)
	sc.play(t, s, l, sc.faults)
	l.requireRecovery()
	l.finish()
	counts, err := store.Counts(t.Context(), memory.DefaultWorkspace)
	require.NoError(t, err)
	requireNothingLoose(t, server, c.Graph, counts)
	store.close()
	s.proxy.Close()
	_, err = server.Do("GRAPH.DELETE", c.Graph)
	require.NoError(t, err)
}

// killClients lets the server close connections, whatever they are at.
func killClients(t *testing.T, s *stage, l *load, n int) {
	t.Helper()
	for n > 0 {
		ids := connections(t, s.server)
		if len(ids) == 0 {
			l.awaitDone(1)
			continue
		}
		killed, err := s.server.Do("CLIENT", "KILL", "ID", ids[s.random.IntN(len(ids))])
		require.NoError(t, err)
		if killed == int64(1) {
			n--
			l.awaitDone(int64(s.random.IntN(10)))
		}
	}
}

// disconnect resets all connections at once.
func disconnect(t *testing.T, s *stage, l *load, n int) {
	t.Helper()
	for range n {
		s.proxy.Disconnect()
		l.awaitDone(int64(20 + s.random.IntN(40)))
	}
}

// patient goes on as long as a server may be away.
func patient(c *falkor.Config) { c.Retry.Budget = 20 * time.Second }

// freeze stops the server for three seconds, and then more often for moments.
func freeze(t *testing.T, s *stage, l *load, n int) {
	t.Helper()
	for i := range n {
		frozen := 3 * time.Second
		if i > 0 {
			frozen = time.Duration(s.random.Int64N(int64(600 * time.Millisecond)))
		}
		s.server.Pause()
		time.Sleep(frozen)
		s.server.Resume()
		l.requireRecovery()
	}
	// The server gives up what it was at for too long, as it sees it.
	require.LessOrEqual(t, l.failed.Load(), int64(n*hands), "whoever else waited was served")
}

// kill ends the server and starts it again on its data.
func kill(t *testing.T, s *stage, l *load, n int) {
	t.Helper()
	for range n {
		l.awaitDone(int64(20 + s.random.IntN(100)))
		s.server.Kill()
		s.server.Restart()
		l.requireRecovery()
	}
	require.Zero(t, l.failed.Load(), "whoever waited was served")
	require.Positive(t, s.events.lines("query_retry", "LOADING"))
}

// exhaust keeps the connections busy for so long that callers give up waiting
// for one.
func exhaust(t *testing.T, s *stage, l *load, n int) {
	t.Helper()
	for range n {
		before := l.failed.Load()
		s.proxy.Set(falkortest.Schedule{
			Seed: s.random.Uint64(), Odds: map[falkortest.Fault]float64{falkortest.Delay: 1}, Delay: 200 * time.Millisecond,
		})
		require.Eventually(t, func() bool { return l.failed.Load() >= before+10 }, time.Minute, time.Millisecond)
		s.proxy.Set(falkortest.Schedule{})
	}
}
