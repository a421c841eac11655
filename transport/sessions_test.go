package transport

import (
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// registry returns a registry with a clock that stands still.
func registry(limits sessionLimits) (r *sessions, clock *time.Time) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	r = newSessions(limits, slog.New(slog.DiscardHandler))
	r.now = func() time.Time { return now }
	return r, &now
}

// over is a connection that a caller sends a request over.
func over(by *caller) *connection {
	c := &connection{}
	c.caller.Store(by)
	return c
}

func TestSessionsEndWhenOfNoUse(t *testing.T) {
	for _, row := range []struct {
		name string
		kind string
		use  func(*sessions, *session)
		ends bool
	}{
		{"left alone", overHTTP, func(*sessions, *session) {}, true},
		{"used since", overHTTP, func(r *sessions, s *session) { r.meet(s, over(anyone)) }, false},
		{"with a stream", overHTTP, func(_ *sessions, s *session) { s.open(&stream{}) }, false},
		{"with a call under way", overHTTP, func(_ *sessions, s *session) { s.inFlight.Add(1) }, false},
		{"over SSE, where the stream tells", overSSE, func(*sessions, *session) {}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, clock := registry(sessionLimits{idle: time.Hour})
			s := r.make(row.kind, anyone, "127.0.0.1")
			require.NoError(t, r.add(s))
			*clock = clock.Add(59 * time.Minute)
			r.sweep()
			require.Equal(t, 1, r.counts().Registered)
			row.use(r, s)
			*clock = clock.Add(2 * time.Minute)
			r.sweep()
			_, known := r.find(s.id, row.kind, over(anyone))
			require.Equal(t, row.ends, !known)
		})
	}
}

func TestSessionsArePresentWhileAConnectionIs(t *testing.T) {
	r, _ := registry(sessionLimits{})
	s, other := r.make(overHTTP, anyone, "a"), r.make(overHTTP, anyone, "a")
	require.NoError(t, r.add(s))
	require.NoError(t, r.add(other))
	one, two := &connection{}, &connection{}
	r.meet(s, one)
	r.meet(s, two)
	r.meet(other, two)
	require.Equal(t, 2, r.counts().Present)
	r.part(two)
	require.Equal(t, 1, r.counts().Present)
	r.meet(other, one)
	require.Equal(t, 2, r.counts().Present)
	require.True(t, r.remove(s))
	require.False(t, r.remove(s))
	require.Equal(t, 1, r.counts().Present)
	require.NotContains(t, one.sessions, s, "a connection keeps no session alive")
	r.part(one)
	require.Zero(t, r.counts().Present)
	require.Equal(t, 1, r.counts().Registered)
}

func TestSessionsAreFoundByTheirOwnersOnly(t *testing.T) {
	r, _ := registry(sessionLimits{})
	s := r.make(overHTTP, &caller{name: "anna"}, "a")
	require.NoError(t, r.add(s))
	for _, row := range []struct {
		name, id, kind, owner string
		ok                    bool
	}{
		{"by its owner", s.id, overHTTP, "anna", true},
		{"by another", s.id, overHTTP, "bert", false},
		{"by nobody", s.id, overHTTP, "", false},
		{"over the other transport", s.id, overSSE, "anna", false},
		{"by a part of its id", s.id[:31], overHTTP, "anna", false},
		{"by something longer", s.id + "0", overHTTP, "anna", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, ok := r.find(row.id, row.kind, over(&caller{name: row.owner}))
			require.Equal(t, row.ok, ok)
		})
	}
}

func TestSessionsThatAreShutLetNobodyIn(t *testing.T) {
	r, _ := registry(sessionLimits{})
	r.shut()
	require.ErrorIs(t, r.add(r.make(overHTTP, anyone, "a")), errDoor)
}

func TestSessionsAreForThoseWhoAreHeld(t *testing.T) {
	r, _ := registry(sessionLimits{})
	anna := &caller{name: "anna"}
	s, kept := r.make(overHTTP, anna, "a"), r.make(overHTTP, anyone, "a")
	require.NoError(t, r.add(s))
	require.NoError(t, r.add(kept))
	r.holds = func(c *caller) bool { return c != anna }
	r.expel()
	<-s.flush
	require.Equal(t, []*session{kept}, r.all())
	require.ErrorIs(t, r.add(r.make(overHTTP, anna, "a")), errWrongToken, "a request that was let in just before")
}

func TestSessionTakesNoMoreOnceItIsClosed(t *testing.T) {
	r, _ := registry(sessionLimits{})
	s := r.make(overSSE, anyone, "a")
	require.True(t, s.enter(t.Context()))
	s.close()
	require.False(t, s.enter(t.Context()))
	ended := make(chan struct{})
	go func() {
		s.wind(t.Context(), time.Minute)
		close(ended)
	}()
	select {
	case <-s.flush:
		require.Fail(t, "a call is under way")
	default:
	}
	s.leave(r.now())
	<-ended
	<-s.flush
}

func TestStrangersAreLimitedEachForItself(t *testing.T) {
	none := strangers{}
	require.Nil(t, none.limiter("a"))
	s := strangers{rate: 1}
	require.True(t, s.limiter("a").Allow())
	require.False(t, s.limiter("a").Allow())
	require.True(t, s.limiter("b").Allow())
}

// crowd opens n sessions of one client, as from its address, each longer away
// than the next.
func crowd(t *testing.T, r *sessions, clock *time.Time, address string, n int) []*session {
	t.Helper()
	var all []*session
	for range n {
		s := r.make(overHTTP, anyone, address)
		require.NoError(t, r.add(s))
		all = append(all, s)
		*clock = clock.Add(time.Second)
	}
	return all
}

func TestSessionsOfThoseWhoAreAwayMakeRoom(t *testing.T) {
	for _, row := range []struct {
		name   string
		limits sessionLimits
		by     string // who comes when a has come thrice, and then b twice
		gone   int    // which of these sessions goes, -1 for none
	}{
		{"of whoever has most, at the bound in all", sessionLimits{most: 5}, "c", 0},
		{"of whoever has most, though one who comes is away too", sessionLimits{most: 5}, "b", 0},
		{"of who comes, at its own bound", sessionLimits{most: 100, mostPerClient: 2}, "b", 3},
		{"of who comes, at both bounds", sessionLimits{most: 5, mostPerClient: 2}, "b", 3},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, clock := registry(sessionLimits{})
			all := append(crowd(t, r, clock, "a", 3), crowd(t, r, clock, "b", 2)...)
			r.limits = row.limits
			require.NoError(t, r.add(r.make(overHTTP, anyone, row.by)))
			for i, s := range all {
				_, known := r.find(s.id, overHTTP, over(anyone))
				require.Equal(t, i != row.gone, known, i)
			}
		})
	}
}

func TestSessionsGoOnTheAccountOfTheirMachine(t *testing.T) {
	for _, row := range []struct {
		name, address, want string
		owner               *caller
	}{
		{"IPv4", "192.0.2.7", "192.0.2.7", anyone},
		{"IPv4 in IPv6", "::ffff:192.0.2.7", "::ffff:192.0.2.7", anyone},
		{"IPv6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", anyone},
		{"another of its addresses", "2001:db8:1:2:ffff::1", "2001:db8:1:2::/64", anyone},
		{"on this link", "fe80::1%eth0", "fe80::/64", anyone},
		{"of no network", "pipe", "pipe", anyone},
		{"with a token", "192.0.2.7", "token:anna", newCaller("anna", "secret")},
	} {
		t.Run(row.name, func(t *testing.T) { require.Equal(t, row.want, payer(row.owner, row.address)) })
	}
}

func TestSessionsInUseMakeNoRoom(t *testing.T) {
	r, clock := registry(sessionLimits{most: 2})
	all := crowd(t, r, clock, "a", 2)
	here := &connection{}
	r.meet(all[0], here)
	require.True(t, all[1].enter(t.Context()))
	require.ErrorIs(t, r.add(r.make(overHTTP, anyone, "b")), errTooMany)
	r.part(here)
	require.NoError(t, r.add(r.make(overHTTP, anyone, "b")))
	_, known := r.find(all[1].id, overHTTP, over(anyone))
	require.True(t, known, "a call is under way")
}

func TestSessionKeepsNothingOfAStreamThatHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := serveOverWires(t, nil)
		c := client{w, t, ""}
		ended := c.stream("/mcp", c.session())
		s := w.sessions.all()[0]
		require.NotNil(t, s.pourer.Load())
		w.hangUp()
		<-ended
		synctest.Wait()
		require.Equal(t, 1, w.Sessions().Registered)
		require.Nil(t, s.pourer.Load(), "the buffers of a connection")
		require.NoError(t, w.stop(t, 10*time.Second))
	})
}

func TestSessionMayBeEndedByTwoAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := registry(sessionLimits{})
		s := r.make(overHTTP, anyone, "a")
		require.True(t, s.enter(t.Context()))
		began := time.Now()
		var ending sync.WaitGroup
		for range 2 {
			ending.Go(func() { s.wind(t.Context(), time.Hour) })
		}
		synctest.Wait()
		s.leave(r.now())
		ending.Wait()
		<-s.flush
		require.Zero(t, time.Since(began), "nobody waits for what another waits for")
	})
}

func TestSessionEndsInTimeThoughACallDoesNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := registry(sessionLimits{})
		s := r.make(overHTTP, anyone, "a")
		require.True(t, s.enter(t.Context()))
		began := time.Now()
		s.wind(t.Context(), time.Minute)
		<-s.flush
		require.Equal(t, time.Minute, time.Since(began))
	})
}
