package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mark3labs/mcp-go/server"
)

// StdioOptions are the bounds of a connection. The zero value of each field
// means its default.
type StdioOptions struct {
	// MaxLine is the longest message in bytes, 64 MiB by default and 1 GiB at
	// most. A longer one is passed over while it is read and answered with an
	// error.
	MaxLine int
	// Drain is how long the end of the connection waits for the next answer
	// that is due before it gives the rest up, 3 s by default.
	Drain time.Duration
	// Workers is how many tool calls run at a time, 16 by default and 100 at
	// most.
	Workers int
	// Queue is how many requests may be without an answer before the next tool
	// call waits, and with it all that follows: 4096 by default and 10000 at
	// most. A call also waits while the requests without an answer have more
	// than MaxLine bytes together. Other requests wait at twice as much of either.
	Queue int
}

func (o StdioOptions) filled() StdioOptions {
	fill := func(v *int, otherwise, most int) {
		if *v <= 0 {
			*v = otherwise
		}
		*v = min(*v, most)
	}
	fill(&o.MaxLine, 64<<20, 1<<30)
	fill(&o.Workers, 16, 100)
	fill(&o.Queue, 4096, 10000)
	if o.Drain <= 0 {
		o.Drain = 3 * time.Second
	}
	return o
}

// StdioConn serves one client over a pair of streams, one message a line. It can
// be run once, and mcp-go keeps its one stdio session in the process: run no
// two at a time.
//
// Requests run side by side. A client that sends one without waiting for the
// answer to another must expect either to come first.
//
// When the input ends, or Stop is called, no line is taken any more and the
// requests that were taken are answered; then Run returns. What cannot be
// decoded without loss is refused: a line with invalid UTF-8 or with half a
// surrogate pair, with the offset of the fault.
type StdioConn struct {
	mcp     *server.MCPServer
	options StdioOptions
	log     *slog.Logger
	in      *intake
	out     *output

	started  atomic.Bool
	done     chan struct{} // closed when Run has returned
	stopOnce sync.Once
	quitOnce sync.Once
}

// unwindTime is how long calls may take to return after their context has ended.
const unwindTime = time.Second

var errStuck = errors.New("calls do not return though their context has ended, or nobody reads their answers")

// NewStdio returns a connection that serves s to the client which writes to in
// and reads from out. Neither is closed. A read that blocks cannot be
// interrupted, so one may be left waiting on in when Run has returned.
func NewStdio(s *server.MCPServer, in io.Reader, out io.Writer, options StdioOptions, log *slog.Logger) *StdioConn {
	options = options.filled()
	due := newLedger()
	output := newOutput(out, due)
	return &StdioConn{
		mcp:     s,
		options: options,
		log:     log,
		out:     output,
		in: &intake{
			lines:    newLineReader(in, options.MaxLine),
			out:      output,
			due:      due,
			log:      log,
			queue:    options.Queue,
			messages: make(chan message),
			over:     make(chan struct{}),
			stop:     make(chan struct{}),
			abandon:  make(chan struct{}),
		},
		done: make(chan struct{}),
	}
}

// Part is the connection as a part of the program, with the name stdio.
func (s *StdioConn) Part() Part { return Part{Name: "stdio", Run: s.Run, Stop: s.Stop} }

// Run serves until the input ends, Stop is called or ctx is done, which are
// all regular ends and no error. It returns an error when the input cannot be
// read or the output cannot be written.
func (s *StdioConn) Run(ctx context.Context) error {
	s.started.Store(true)
	defer close(s.done)
	defer s.halt()
	defer s.out.end()
	defer context.AfterFunc(ctx, s.halt)()
	// Calls in flight outlive the word to stop; cancelling is the last resort.
	calls, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()

	listener := server.NewStdioServer(s.mcp)
	for _, option := range []server.StdioOption{
		server.WithErrorLogger(log.New(complaints{s}, "", 0)),
		server.WithWorkerPoolSize(s.options.Workers),
		server.WithQueueSize(s.options.Queue),
	} {
		option(listener)
	}
	ended := make(chan error, 1)
	go s.in.pump()
	go func() { ended <- listener.Listen(calls, s.in, s.out) }()

	select {
	case err := <-ended:
		return err
	case <-s.in.over:
		return s.drain(cancel, ended)
	case <-s.in.stop:
		return s.drain(cancel, ended)
	case <-s.out.broken:
		return s.unwind(cancel, ended)
	}
}

// drain waits for Listen to end by itself, for as long as answers keep coming.
func (s *StdioConn) drain(cancel func(), ended <-chan error) error {
	began := time.Now()
	for left := s.options.Drain; left > 0; {
		select {
		case err := <-ended:
			return err
		case <-s.in.abandon:
			left = 0
		case <-time.After(left):
			left = s.options.Drain - min(time.Since(began), time.Since(s.in.due.lastAnswer()))
		}
	}
	count, _ := s.in.due.open()
	s.log.Warn("answers_given_up", "count", count)
	s.quit()
	return s.unwind(cancel, ended)
}

// unwind cancels the calls and waits for Listen to end, though not for ever.
func (s *StdioConn) unwind(cancel func(), ended <-chan error) error {
	cancel()
	select {
	case <-ended: //nolint:errcheck // failure knows whether answers were lost.
		return s.out.failure()
	case <-time.After(unwindTime):
		return errors.Join(s.out.failure(), errStuck)
	}
}

// Stop takes no more lines, at once, and returns when what was taken has been
// answered. If ctx is done before, the calls are cancelled and Stop returns
// the error of ctx. It may be called before Run, which then returns at once.
func (s *StdioConn) Stop(ctx context.Context) error {
	s.halt()
	if !s.started.Load() {
		return nil
	}
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
		s.quit()
		return fmt.Errorf("answer the calls in flight: %w", ctx.Err())
	}
}

func (s *StdioConn) halt() { s.stopOnce.Do(func() { close(s.in.stop) }) }
func (s *StdioConn) quit() { s.quitOnce.Do(func() { close(s.in.abandon) }) }

// complaints takes what mcp-go has to say about the connection into the log.
type complaints struct{ *StdioConn }

func (c complaints) Write(p []byte) (int, error) {
	if c.out.failure() == nil { // otherwise every answer would complain
		detail := bytes.ToValidUTF8(bytes.TrimSpace(p[:min(len(p), 300)]), nil)
		c.log.Warn("stdio_trouble", "detail", string(detail))
	}
	return len(p), nil
}
