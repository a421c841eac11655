package transport

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// pourer writes events into one response, each piece of them within the time
// that a client has for it. It may be used from many goroutines: a client that does not read
// holds up those that have something for it, and nobody else.
type pourer struct {
	w       http.ResponseWriter
	control *http.ResponseController
	cancel  context.CancelFunc // ends the response; may be nil
	waiting atomic.Int64       // who want to write

	mu      sync.Mutex
	closed  bool
	allowed time.Time // until when the client has
}

// send writes an event. It returns false if the client does not get it.
func (p *pourer) send(event []byte) bool {
	p.waiting.Add(1)
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pour(event, p.waiting.Add(-1) == 0) // the last sends what all have written
}

// beat writes an event whose only purpose is that there is one: not while
// another is being written.
func (p *pourer) beat(event []byte) bool {
	if !p.mu.TryLock() {
		return true
	}
	defer p.mu.Unlock()
	return p.pour(event, true)
}

func (p *pourer) pour(event []byte, flush bool) bool {
	if p.closed {
		return false
	}
	if err := p.write(event, flush); err != nil {
		p.closed = true
		if p.cancel != nil {
			p.cancel()
		}
		return false
	}
	return true
}

func (p *pourer) write(event []byte, flush bool) error {
	for piece := range slices.Chunk(event, pieceBytes) {
		if err := p.allow(); err != nil {
			return err
		}
		if _, err := p.w.Write(piece); err != nil {
			return err
		}
	}
	if !flush {
		return nil
	}
	return p.control.Flush()
}

// allow gives the client its time for what is written next.
func (p *pourer) allow() error {
	now := time.Now()
	if p.allowed.Sub(now) >= stallTime-time.Second { // to set it each time would cost more than the write
		return nil
	}
	p.allowed = now.Add(stallTime)
	if err := p.control.SetWriteDeadline(p.allowed); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// close lets nothing be written any more but the end of the response, for which
// the client has its time, too.
func (p *pourer) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		_ = p.control.SetWriteDeadline(time.Now().Add(stallTime))
	}
	p.closed = true
}
