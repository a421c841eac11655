package transport

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

var errEnded = errors.New("the connection has ended")

// output passes whole messages on, one write each, and takes the answers among
// them off the ledger. After the first write that failed none is tried again.
type output struct {
	w      io.Writer
	due    *ledger
	mu     sync.Mutex
	err    error         // of the write that failed; to be read after broken
	broken chan struct{} // closed when a write has failed
	ended  atomic.Bool
}

func newOutput(w io.Writer, due *ledger) *output {
	return &output{w: w, due: due, broken: make(chan struct{})}
}

// Write takes one message of mcp-go that ends in a newline.
func (o *output) Write(message []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, err := o.pass(message)
	if err != nil {
		return n, err
	}
	if id, ok := answerID(message); ok {
		o.due.settle(id)
	}
	return n, nil
}

// send writes an answer of our own, to a message that was never handed on.
func (o *output) send(answer any) error {
	message, err := json.Marshal(answer)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	_, err = o.pass(append(message, '\n'))
	return err
}

func (o *output) pass(message []byte) (int, error) {
	if o.ended.Load() {
		return 0, errEnded
	}
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.w.Write(message)
	if err != nil {
		o.err = fmt.Errorf("write answer: %w", err)
		close(o.broken)
		return n, o.err
	}
	return n, nil
}

// failure is the error of the write that failed, nil as long as none has.
func (o *output) failure() error {
	select {
	case <-o.broken:
		return o.err
	default:
		return nil
	}
}

// end lets nothing through any more. It does not wait for a write that hangs.
func (o *output) end() { o.ended.Store(true) }
