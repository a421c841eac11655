package falkor

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// reading is a wire on which somebody waits for what never comes.
func reading(t *testing.T, ws *wires, deadline time.Time) (ended <-chan error) {
	t.Helper()
	here, there := net.Pipe()
	t.Cleanup(func() { here.Close(); there.Close() })
	w := ws.add(here)
	require.NoError(t, w.SetReadDeadline(deadline))
	done := make(chan error, 1)
	go func() {
		_, err := w.Read(make([]byte, 1))
		done <- err
	}()
	return done
}

func TestInterruptEndsNoOtherRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ws := newWires()
		end := time.Now().Add(time.Hour)
		mine, other := ws.unique(end), ws.unique(end)
		my, others := reading(t, ws, mine), reading(t, ws, other)
		require.True(t, ws.interrupt(mine))
		require.ErrorIs(t, <-my, os.ErrDeadlineExceeded)
		synctest.Wait()
		require.Empty(t, others)
		require.False(t, ws.interrupt(mine), "it was interrupted already")
		require.True(t, ws.interrupt(other))
		require.ErrorIs(t, <-others, os.ErrDeadlineExceeded)
	})
}

func TestDeadlinesAreLikeNoOther(t *testing.T) {
	ws := newWires()
	end := time.Now().Add(time.Minute)
	seen := map[int64]bool{}
	for range 10_000 {
		d := ws.unique(end)
		require.False(t, seen[d.UnixNano()])
		require.True(t, d.Before(end))
		require.Less(t, end.Sub(d), 3*deadlineStep)
		seen[d.UnixNano()] = true
	}
}

func TestClosedWireIsForgotten(t *testing.T) {
	ws := newWires()
	here, there := net.Pipe()
	defer there.Close()
	w := ws.add(here)
	require.Len(t, ws.open, 1)
	require.NoError(t, w.Close())
	require.Empty(t, ws.open)
	require.NoError(t, w.Close(), "it may be closed by us and by go-redis")
}

func TestFlightIsInterruptedWhereverItIs(t *testing.T) {
	for _, row := range []struct {
		name string
		when time.Duration // the caller leaves; the flight reads after a second
	}{
		{"while it reads", 2 * time.Second},
		{"before it reads", time.Second / 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(row.when, cancel)
				ws, start := newWires(), time.Now()
				f := ws.fly(ctx, time.Hour)
				land := f.watch()
				time.Sleep(time.Second)
				until, ok := f.Deadline()
				require.True(t, ok)
				require.ErrorIs(t, <-reading(t, ws, until), os.ErrDeadlineExceeded)
				require.Equal(t, max(row.when, time.Second), time.Since(start))
				land()
				time.Sleep(deadlineStep) // the watch notices
			})
		})
	}
}

func TestFlightEndsAtTheEarlierOfItsLimits(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, row := range []struct {
		name          string
		limit, within time.Duration
	}{{"its own", time.Second, time.Second}, {"its caller's", time.Hour, time.Minute}} {
		t.Run(row.name, func(t *testing.T) {
			until, ok := newWires().fly(ctx, row.limit).Deadline()
			require.True(t, ok)
			require.InDelta(t, row.within.Seconds(), time.Until(until).Seconds(), 0.5)
		})
	}
}

func TestHandshakeIsNotedInTheFlight(t *testing.T) {
	f := newWires().fly(t.Context(), time.Second)
	require.False(t, f.unsent(), "a connection that was open already")
	inner, cancel := context.WithTimeout(f, time.Second)
	defer cancel()
	markHandshake(inner, handshakeBegun)
	require.True(t, f.unsent())
	markHandshake(inner, handshakeDone)
	require.False(t, f.unsent())
	markHandshake(t.Context(), handshakeBegun) // of nobody's flight
}

// What was sent and not yet delivered is taken back with the connection.
func TestAbandonedRequestDoesNotArriveLater(t *testing.T) {
	for _, row := range []struct {
		name string
		wrap func(net.Conn) net.Conn
	}{
		{"plain", func(conn net.Conn) net.Conn { return conn }},
		{"encrypted", func(conn net.Conn) net.Conn {
			return tls.Client(conn, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // it is for this test alone
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it returns at once
			require.NoError(t, err)
			defer l.Close()
			here, err := net.Dial("tcp", l.Addr().String()) //nolint:noctx // it returns at once
			require.NoError(t, err)
			there, err := l.Accept()
			require.NoError(t, err)
			defer there.Close()

			// Through encryption only the connection below it may be written to
			// before somebody answers.
			w := newWires().add(row.wrap(here))
			request := make([]byte, 1<<20)
			require.NoError(t, w.SetDeadline(time.Now().Add(100*time.Millisecond)))
			if _, encrypted := w.(*wire); encrypted {
				_, err = w.Write(nil) // begins a handshake
				require.Error(t, err)
				require.NoError(t, here.SetDeadline(time.Time{}))
				_, err = here.Write(request)
			} else {
				_, err = w.Write(request)
			}
			if err != nil {
				t.Skip("the system does not take so much ahead of who reads it")
			}
			require.NoError(t, w.Close())
			arrived, err := io.Copy(io.Discard, there)
			require.Error(t, err, "all %d bytes arrived", arrived)
			require.Less(t, arrived, int64(len(request)))
		})
	}
}

func TestAnsweredConnectionIsClosedInPeace(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it returns at once
	require.NoError(t, err)
	defer l.Close()
	here, err := net.Dial("tcp", l.Addr().String()) //nolint:noctx // it returns at once
	require.NoError(t, err)
	there, err := l.Accept()
	require.NoError(t, err)
	defer there.Close()
	w := newWires().add(here)
	_, err = w.Write([]byte("question"))
	require.NoError(t, err)
	_, err = there.Write([]byte("answer"))
	require.NoError(t, err)
	_, err = w.Read(make([]byte, 9))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	all, err := io.ReadAll(there)
	require.NoError(t, err)
	require.Equal(t, "question", string(all))
}
