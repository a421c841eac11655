package transport

import (
	"runtime/debug"
	"sync"
	"time"
)

// hugeLine is the length in bytes from which a line's memory is given back to
// the system once it is done with, and not only to the next line.
const hugeLine = 8 << 20

// ledger keeps which requests were handed on and not answered yet.
type ledger struct {
	mu       sync.Mutex
	due      map[string]debt
	count    int
	bytes    int
	answered time.Time // when the last answer went out
	latest   string    // the request that was handed on last, empty for other messages

	// settled receives a token when something was taken off, for the one
	// goroutine that waits.
	settled chan struct{}
}

// debt is what is due under one id; clients do reuse ids by mistake.
type debt struct{ count, bytes int }

func newLedger() *ledger {
	return &ledger{due: map[string]debt{}, settled: make(chan struct{}, 1)}
}

// hand notes that a message of that many bytes is handed on. An empty id means
// that no answer is due.
func (l *ledger) hand(id []byte, bytes int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.latest = string(id)
	if l.latest == "" {
		return
	}
	d := l.due[l.latest]
	l.due[l.latest] = debt{d.count + 1, d.bytes + bytes}
	l.count++
	l.bytes += bytes
}

// settle notes that the answer with that id is out. An answer without one
// says that the latest message could not be read.
func (l *ledger) settle(id []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answered = time.Now()
	if isNull(id) {
		id = []byte(l.latest)
	}
	d, ok := l.due[string(id)]
	if !ok {
		return
	}
	bytes := d.bytes / d.count
	if d.count == 1 {
		delete(l.due, string(id))
	} else {
		l.due[string(id)] = debt{d.count - 1, d.bytes - bytes}
	}
	l.count--
	l.bytes -= bytes
	if bytes >= hugeLine {
		go debug.FreeOSMemory()
	}
	select {
	case l.settled <- struct{}{}:
	default:
	}
}

// open is how many answers are due, and how many bytes their requests have.
func (l *ledger) open() (count, bytes int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count, l.bytes
}

// lastAnswer is when the last answer went out, zero if none has.
func (l *ledger) lastAnswer() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.answered
}
