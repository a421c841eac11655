package falkor

import (
	"context"
	"sync/atomic"
	"time"
)

// flight is the context of one attempt. It learns from the hooks of go-redis
// how far a new connection for it has come: what fails before the end of the
// handshake was never sent, though it looks like an answer that was lost.
type flight struct {
	context.Context
	wires     *wires
	deadline  time.Time
	handshake atomic.Uint32
	landed    atomic.Bool
}

// fly begins an attempt that may take as long as limit. The caller lands it.
func (ws *wires) fly(ctx context.Context, limit time.Duration) *flight {
	return &flight{Context: ctx, wires: ws, deadline: ws.unique(ends(ctx, limit))}
}

// ends is when an attempt that may take as long as limit is over, or ctx is.
func ends(ctx context.Context, limit time.Duration) time.Time {
	end := time.Now().Add(limit)
	if own, ok := ctx.Deadline(); ok && own.Before(end) {
		return own
	}
	return end
}

// Deadline is over as soon as the context is.
func (f *flight) Deadline() (time.Time, bool) {
	if f.Err() != nil {
		return past(), true
	}
	return f.deadline, true
}

type flightKey struct{}

// Value finds the flight itself, for markHandshake.
func (f *flight) Value(key any) any {
	if key == (flightKey{}) {
		return f
	}
	return f.Context.Value(key)
}

// watch interrupts the flight when its context ends. The function that it
// returns ends the watch.
func (f *flight) watch() (land func()) {
	if f.Done() == nil {
		return func() {}
	}
	stop := context.AfterFunc(f.Context, f.abort)
	return func() {
		stop()
		f.landed.Store(true)
	}
}

// abort interrupts the connection, or comes back for it where the flight is
// between two.
func (f *flight) abort() {
	for !f.landed.Load() && !f.wires.interrupt(f.deadline) {
		time.Sleep(deadlineStep)
	}
}

// The phases of the handshake that a new connection needs. Both are zero for a
// connection that was open already.
const (
	handshakeBegun uint32 = iota + 1
	handshakeDone
)

func markHandshake(ctx context.Context, phase uint32) {
	if f, ok := ctx.Value(flightKey{}).(*flight); ok {
		f.handshake.Store(phase)
	}
}

// unsent tells whether the attempt ended within a handshake.
func (f *flight) unsent() bool { return f.handshake.Load() == handshakeBegun }
