package falkor

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// wires are the open connections. A caller whose context ends would otherwise
// wait for the answer, since go-redis heeds deadlines alone: so each attempt
// reads with a deadline that no other one has, and by it the connection that
// it is on is found and interrupted.
type wires struct {
	mu   sync.Mutex
	open map[*wire]struct{}
	next atomic.Int64
}

func newWires() *wires { return &wires{open: map[*wire]struct{}{}} }

// wire is a connection that knows until when it is being read.
type wire struct {
	net.Conn
	in *wires

	mu    sync.Mutex
	until int64 // as go-redis or allow said last; 0 after an interruption
	told  int64 // by go-redis, last
	armed int64 // what the socket has; 0 for what is not known

	closed atomic.Bool
	asked  atomic.Bool // and nothing came since
	// patient says that a deadline which has come does no harm but to what
	// waits. Through encryption, a write that it ended is the last one.
	patient bool
}

// plainWire is a wire that go-redis may look into, to see whether the other
// side has closed it.
type plainWire struct {
	*wire
	syscall.Conn
}

// add makes a wire of conn, until it is closed.
func (ws *wires) add(conn net.Conn) net.Conn {
	visible, plain := conn.(syscall.Conn)
	w := &wire{Conn: conn, in: ws, patient: plain}
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.open[w] = struct{}{}
	if plain {
		return plainWire{w, visible}
	}
	return w
}

// interrupt ends what the connection with that deadline is waiting for, and
// tells whether there is one.
func (ws *wires) interrupt(deadline time.Time) bool {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for w := range ws.open {
		if w.interrupt(deadline.UnixNano()) {
			return true
		}
	}
	return false
}

// of returns the connection that go-redis last used with that deadline, or nil.
func (ws *wires) of(deadline time.Time) *wire {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for w := range ws.open {
		if w.wasTold(deadline.UnixNano()) {
			return w
		}
	}
	return nil
}

// shut closes the connection that go-redis last used with that deadline.
func (ws *wires) shut(deadline time.Time) {
	if w := ws.of(deadline); w != nil {
		_ = w.Close() // it is of no use in any case
	}
}

// deadlineStep is by how much a deadline may come early, to be like no other.
const deadlineStep = time.Millisecond

// unique returns a deadline just before t that none of the last million was.
func (ws *wires) unique(t time.Time) time.Time {
	step := int64(deadlineStep)
	return t.Add(time.Duration(ws.next.Add(1)%step - t.UnixNano()%step - step))
}

func (w *wire) interrupt(until int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.until != until {
		return false
	}
	w.end()
	return true
}

// end lets what is waiting fail.
func (w *wire) end() {
	w.until, w.armed = 0, 0
	_ = w.Conn.SetDeadline(past()) // a closed one waits for nothing
}

func (w *wire) wasTold(until int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.told == until
}

// past is a time that is over. It is not the zero time, which means never.
func past() time.Time { return time.Unix(1, 0) }

func (w *wire) set(t time.Time, set func(time.Time) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.until, w.armed = t.UnixNano(), 0
	if !t.IsZero() {
		w.told = w.until
	}
	return set(t)
}

func (w *wire) SetDeadline(t time.Time) error      { return w.set(t, w.Conn.SetDeadline) }
func (w *wire) SetReadDeadline(t time.Time) error  { return w.set(t, w.Conn.SetReadDeadline) }
func (w *wire) SetWriteDeadline(t time.Time) error { return w.set(t, w.Conn.SetWriteDeadline) }

// allow lets write and read take until t. A socket whose deadline comes
// earlier keeps it, and gets another one when that has come: to set a deadline
// is not for nothing, and most answers come long before it.
func (w *wire) allow(t time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.until = t.UnixNano()
	if w.armed == 0 || w.armed > w.until || !w.patient {
		w.arm()
	}
}

func (w *wire) arm() {
	w.armed = w.until
	_ = w.Conn.SetDeadline(time.Unix(0, w.until)) // a closed one says so when it is used
}

// cut ends what was allowed.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.end()
}

// extend tells whether err is the end of a deadline that came too early, and
// sets a later one.
func (w *wire) extend(err error) bool {
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.until <= time.Now().UnixNano() {
		return false
	}
	w.arm()
	return true
}

// write writes all of b.
func (w *wire) write(b []byte) error {
	for {
		n, err := w.Write(b)
		if err == nil || !w.extend(err) {
			return err
		}
		b = b[n:]
	}
}

// read waits for something to read.
func (w *wire) read(b []byte) (int, error) {
	for {
		n, err := w.Read(b)
		if n > 0 || err == nil || !w.extend(err) {
			return n, err
		}
	}
}

func (w *wire) Write(b []byte) (int, error) {
	w.asked.Store(true)
	return w.Conn.Write(b)
}

func (w *wire) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	if n > 0 {
		w.asked.Store(false)
	}
	return n, err
}

func (w *wire) Close() error {
	if w.closed.Swap(true) {
		return nil // by us; go-redis closes it once more
	}
	w.in.mu.Lock()
	delete(w.in.open, w)
	w.in.mu.Unlock()
	if w.asked.Load() {
		return w.abandon()
	}
	return w.Conn.Close()
}

// abandon closes a connection together with what the other side has not got
// yet. The system would otherwise go on sending it for minutes, and a write
// that its caller gave up on would undo later ones.
func (w *wire) abandon() error {
	conn := w.Conn
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn() // whose farewell would have to wait as well
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // it is closed in any case
	}
	return conn.Close()
}
