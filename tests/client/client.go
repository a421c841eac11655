// Package client runs the built program as a client of its own would: it
// starts the process, speaks the protocol over its standard streams, and ends
// it or kills it. It is for tests and benchmarks that want the real thing.
package client

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Conn is a running server and the connection to it. It may be used from many
// goroutines.
type Conn struct {
	*Process

	ended   chan struct{} // closed when its output has ended
	lastID  atomic.Int64
	mu      sync.Mutex
	waiting map[int64]chan reply
}

type reply struct {
	ID     *int64          `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  *Error          `json:"error"`
}

// Error is an error of the protocol, not one of a tool.
type Error struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (e *Error) Error() string { return fmt.Sprintf("%d: %s", e.Code, e.Message) }

// Start runs the program on a data directory, with env added to the
// environment, and does not wait for anything. It is killed when the test ends.
func Start(tb testing.TB, dataDir string, env ...string) *Conn {
	tb.Helper()
	return Connect(tb, Command(tb, dataDir, env, "serve"))
}

// Connect is Start for what Command prepared.
func Connect(tb testing.TB, cmd *exec.Cmd) *Conn {
	tb.Helper()
	c := &Conn{Process: Run(tb, cmd), ended: make(chan struct{}), waiting: make(map[int64]chan reply)}
	go c.deliver()
	tb.Cleanup(c.Kill)
	return c
}

// deliver hands each answer to the call that waits for it.
func (c *Conn) deliver() {
	defer close(c.ended)
	for line := range c.lines {
		var m reply
		if json.Unmarshal(line, &m) != nil || m.ID == nil {
			continue
		}
		c.mu.Lock()
		answer := c.waiting[*m.ID]
		delete(c.waiting, *m.ID)
		c.mu.Unlock()
		if answer != nil {
			answer <- m
		}
	}
}

// Call sends a request and waits for its answer.
func (c *Conn) Call(method string, params any) (json.RawMessage, error) {
	id, answer := c.lastID.Add(1), make(chan reply, 1)
	line, err := encode(id, method, params)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.waiting[id] = answer
	c.mu.Unlock()
	if err := c.Send(string(line) + "\n"); err != nil {
		return nil, err
	}
	m, err := c.await(answer)
	if err == nil && m.Error != nil {
		err = m.Error
	}
	return m.Result, err
}

func (c *Conn) await(answer <-chan reply) (reply, error) {
	select {
	case m := <-answer:
		return m, nil
	case <-time.After(patience):
		return reply{}, ErrSlow
	case <-c.ended:
	}
	select {
	case m := <-answer: // it was the last word
		return m, nil
	default:
		return reply{}, ErrEnded
	}
}

// Initialize opens the session as a client does.
func (c *Conn) Initialize() error {
	if _, err := c.Call("initialize", introduction()); err != nil {
		return err
	}
	return c.Send(initialized + "\n")
}

// Tool calls a tool.
func (c *Conn) Tool(name string, arguments any) (Result, error) { return Tool(c, name, arguments) }

// Add keeps a text and returns its ID.
func (c *Conn) Add(arguments map[string]any) (string, error) { return Add(c, arguments) }

// Search returns what search_memory finds, best first.
func (c *Conn) Search(arguments map[string]any) ([]Hit, error) { return Search(c, arguments) }

// Kill ends the process at once, as a crash would. Calls whose answers were on
// their way get them.
func (c *Conn) Kill() {
	if c.Cmd.ProcessState != nil {
		return
	}
	_ = c.Cmd.Process.Kill()
	<-c.ended
	c.Process.Kill()
}

// CloseInput ends the input, as a client does that goes, and waits for the
// process to end. It returns an error if its exit status is not 0.
func (c *Conn) CloseInput() error {
	if err := c.EndInput(); err != nil {
		return err
	}
	select {
	case <-c.ended:
	case <-time.After(patience):
		return ErrSlow
	}
	status, err := c.Wait()
	if err == nil && status != 0 {
		err = fmt.Errorf("exit status %d", status)
	}
	return err
}
