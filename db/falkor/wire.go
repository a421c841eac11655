package falkor

import (
	"net"
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
	until int64
}

// plainWire is a wire that go-redis may look into, to see whether the other
// side has closed it.
type plainWire struct {
	*wire
	syscall.Conn
}

// add makes a wire of conn, until it is closed.
func (ws *wires) add(conn net.Conn) net.Conn {
	w := &wire{Conn: conn, in: ws}
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.open[w] = struct{}{}
	if visible, ok := conn.(syscall.Conn); ok {
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
	w.until = 0
	return w.Conn.SetDeadline(past()) == nil
}

// past is a time that is over. It is not the zero time, which means never.
func past() time.Time { return time.Unix(1, 0) }

func (w *wire) set(t time.Time, set func(time.Time) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.until = t.UnixNano()
	return set(t)
}

func (w *wire) SetDeadline(t time.Time) error      { return w.set(t, w.Conn.SetDeadline) }
func (w *wire) SetReadDeadline(t time.Time) error  { return w.set(t, w.Conn.SetReadDeadline) }
func (w *wire) SetWriteDeadline(t time.Time) error { return w.set(t, w.Conn.SetWriteDeadline) }

func (w *wire) Close() error {
	w.in.mu.Lock()
	delete(w.in.open, w)
	w.in.mu.Unlock()
	return w.Conn.Close()
}
