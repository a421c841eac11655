package falkortest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// long is an answer that is long enough to be cut.
var long = strings.Repeat("x", 1000)

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", loopback+":0")
	require.NoError(t, err)
	return l
}

func connect(t *testing.T, addr string) (net.Conn, error) {
	t.Helper()
	return new(net.Dialer).DialContext(t.Context(), "tcp", addr)
}

// fake answers each request with long, and counts them.
type fake struct {
	net.Listener
	seen atomic.Int32
}

func newFake(t *testing.T) *fake {
	t.Helper()
	l := listen(t)
	f := &fake{Listener: l}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() { f.serve(conn) })
		}
	})
	t.Cleanup(running.Wait)
	t.Cleanup(func() { _ = l.Close() })
	return f
}

func (f *fake) serve(conn net.Conn) {
	defer conn.Close()
	for r := bufio.NewReader(conn); ; {
		if _, _, err := readRequest(r); err != nil {
			return
		}
		f.seen.Add(1)
		if _, err := fmt.Fprintf(conn, "$%d\r\n%s\r\n", len(long), long); err != nil {
			return
		}
	}
}

func newFakeAndProxy(t *testing.T) (*fake, *Proxy) {
	t.Helper()
	f := newFake(t)
	return f, NewProxy(t, f.Addr().String())
}

// caller is a client that waits for each answer.
type caller struct {
	net.Conn
	r *bufio.Reader
}

func dial(t *testing.T, p *Proxy) caller {
	t.Helper()
	conn, err := connect(t, p.Addr())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return caller{Conn: conn, r: bufio.NewReader(conn)}
}

func (c caller) call(words ...string) (any, error) { return ask(c.Conn, c.r, words...) }

func TestProxyPasses(t *testing.T) {
	f, p := newFakeAndProxy(t)
	c := dial(t, p)
	for range 3 {
		reply, err := c.call("GRAPH.QUERY", "g", "RETURN 1")
		require.NoError(t, err)
		require.Equal(t, long, reply)
	}
	require.EqualValues(t, 3, f.seen.Load())
	require.Equal(t, map[Fault]int{Pass: 3}, p.Counts())
	require.Zero(t, p.Faults())
}

func TestProxyPassesWhatIsNotTheProtocol(t *testing.T) {
	l := listen(t)
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err == nil {
			_, _ = io.Copy(conn, conn)
		}
	}()
	c := dial(t, NewProxy(t, l.Addr().String()))
	const hello = "\x16\x03\x01 as TLS begins"
	_, err := c.Write([]byte(hello))
	require.NoError(t, err)
	echo := make([]byte, len(hello))
	_, err = io.ReadFull(c.r, echo)
	require.NoError(t, err)
	require.Equal(t, hello, string(echo))
}

func TestProxyFaults(t *testing.T) {
	for _, tc := range []struct {
		fault Fault
		want  error
		seen  int32
	}{
		{Reset, syscall.ECONNRESET, 0},
		{Refuse, syscall.ECONNRESET, 0},
		{LoseAnswer, syscall.ECONNRESET, 1},
		{CutAnswer, io.ErrUnexpectedEOF, 1},
	} {
		t.Run(tc.fault.String(), func(t *testing.T) {
			f, p := newFakeAndProxy(t)
			p.Next(tc.fault)
			_, err := dial(t, p).call("PING")
			require.ErrorIs(t, err, tc.want)
			require.Equal(t, tc.seen, f.seen.Load())
			require.Equal(t, map[Fault]int{tc.fault: 1}, p.Counts())
			require.Equal(t, 1, p.Faults())
		})
	}
}

func TestProxyGoesOnAfterAFault(t *testing.T) {
	_, p := newFakeAndProxy(t)
	p.Next(Reset)
	_, err := dial(t, p).call("PING")
	require.Error(t, err)
	reply, err := dial(t, p).call("PING")
	require.NoError(t, err)
	require.Equal(t, long, reply)
}

func TestProxyDelays(t *testing.T) {
	f, p := newFakeAndProxy(t)
	const longest = time.Second
	p.Set(Schedule{Seed: 1, Odds: map[Fault]float64{Delay: 1}, Delay: longest})
	began := time.Now()
	_, err := dial(t, p).call("PING")
	require.NoError(t, err)
	require.Greater(t, time.Since(began), longest/100)
	require.EqualValues(t, 1, f.seen.Load())
	require.Equal(t, map[Fault]int{Delay: 1}, p.Counts())
}

func TestProxySwallows(t *testing.T) {
	f, p := newFakeAndProxy(t)
	p.Next(Swallow)
	c := dial(t, p)
	require.NoError(t, c.SetDeadline(time.Now().Add(50*time.Millisecond)))
	for range 2 {
		_, err := c.call("PING")
		var timeout net.Error
		require.ErrorAs(t, err, &timeout, "the connection stays open")
		require.True(t, timeout.Timeout())
		require.NoError(t, c.SetDeadline(time.Now().Add(50*time.Millisecond)))
	}
	require.Zero(t, f.seen.Load())
	_, err := dial(t, p).call("PING")
	require.NoError(t, err, "another connection works")
}

func TestProxyRefusesAndAcceptsAgain(t *testing.T) {
	_, p := newFakeAndProxy(t)
	accept := p.Refuse()
	other := p.Refuse()
	_, err := connect(t, p.Addr())
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	accept()
	accept() // counts once
	_, err = connect(t, p.Addr())
	require.ErrorIs(t, err, syscall.ECONNREFUSED, "the other still refuses")
	other()
	_, err = dial(t, p).call("PING")
	require.NoError(t, err)
}

func TestProxyAcceptsWhenAScheduledRefusalIsOver(t *testing.T) {
	_, p := newFakeAndProxy(t)
	p.Set(Schedule{Odds: map[Fault]float64{Refuse: 1}, Most: 1, Refuse: 100 * time.Millisecond})
	_, err := dial(t, p).call("PING")
	require.Error(t, err)
	await(t, "the proxy accepts", func() error {
		conn, err := connect(t, p.Addr())
		if err != nil {
			return err
		}
		return conn.Close()
	})
	_, err = dial(t, p).call("PING")
	require.NoError(t, err)
}

func TestProxyDisconnects(t *testing.T) {
	_, p := newFakeAndProxy(t)
	c := dial(t, p)
	_, err := c.call("PING")
	require.NoError(t, err)
	require.Equal(t, 1, p.Connections())
	p.Disconnect()
	_, err = c.call("PING")
	require.Error(t, err)
	await(t, "no connection is left", func() error {
		if n := p.Connections(); n > 0 {
			return fmt.Errorf("%d are", n)
		}
		return nil
	})
}

func TestProxySparesOtherCommands(t *testing.T) {
	_, p := newFakeAndProxy(t)
	p.Set(Schedule{Odds: map[Fault]float64{Reset: 1}, Only: []string{"GRAPH.QUERY"}})
	c := dial(t, p)
	_, err := c.call("HELLO", "3")
	require.NoError(t, err)
	_, err = c.call("graph.query", "g", "RETURN 1")
	require.Error(t, err)
	require.Equal(t, map[Fault]int{Pass: 1, Reset: 1}, p.Counts())
}

func TestProxyWithoutServerResets(t *testing.T) {
	f, p := newFakeAndProxy(t)
	require.NoError(t, f.Close())
	conn, err := connect(t, p.Addr())
	if err == nil {
		defer conn.Close()
		_, err = conn.Read(make([]byte, 1))
	}
	require.ErrorIs(t, err, syscall.ECONNRESET)
}

func TestProxyCloseLeavesNothing(t *testing.T) {
	f := newFake(t)
	before := runtime.NumGoroutine()
	p := NewProxy(t, f.Addr().String())
	p.Set(Schedule{Odds: map[Fault]float64{Delay: 1}, Delay: time.Hour, Refuse: time.Hour})
	for i, next := range [][]Fault{nil, {Swallow}, {Refuse}} {
		p.Next(next...)
		_, err := dial(t, p).Write(command("PING"))
		require.NoError(t, err)
		await(t, "the request has met its fault", func() error {
			if n := p.Faults(); n != i+1 {
				return fmt.Errorf("%d have", n)
			}
			return nil
		})
	}
	p.Close()
	p.Close()
	require.Zero(t, p.Connections())
	await(t, "the goroutines have ended", func() error {
		if n := runtime.NumGoroutine(); n > before {
			return fmt.Errorf("%d goroutines more", n-before)
		}
		return nil
	})
}
