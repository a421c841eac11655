package transport

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// pourer writes events into one response, each within the time that a client
// has for it. It may be used from many goroutines: a client that does not read
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
	last := p.waiting.Add(-1) == 0 // who sends what all have written
	if p.closed {
		return false
	}
	if err := p.write(event, last); err != nil {
		p.closed = true
		if p.cancel != nil {
			p.cancel()
		}
		return false
	}
	return true
}

func (p *pourer) write(event []byte, flush bool) error {
	if now := time.Now(); p.allowed.Sub(now) < stallTime-time.Second { // each time would cost more than the write
		p.allowed = now.Add(stallTime)
		if err := p.control.SetWriteDeadline(p.allowed); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return err
		}
	}
	if _, err := p.w.Write(event); err != nil || !flush {
		return err
	}
	return p.control.Flush()
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
