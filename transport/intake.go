package transport

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
)

// intake is the reader that mcp-go listens to. Two goroutines meet in it: pump
// reads lines, which may block for ever, and Read hands them on one at a time,
// so that the next Read says that the line before has been taken up. Its end
// comes once every request that was handed on has its answer.
type intake struct {
	lines *lineReader
	out   *output
	due   *ledger
	log   *slog.Logger
	queue int // how many answers may be due before calls have to wait

	messages chan message
	over     chan struct{} // closed when the input has ended
	err      error         // why, nil for a regular end; to be read after over
	stop     chan struct{} // closed to take no more lines
	abandon  chan struct{} // closed to wait for no more answers

	rest []byte // of the line that is being handed on
}

// message is a line that is to be handed on.
type message struct {
	head
	line []byte
}

// pump reads the input until it ends or a line finds no taker.
func (in *intake) pump() {
	defer close(in.over)
	for {
		l, err := in.lines.next()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				in.err = fmt.Errorf("read input: %w", err)
			}
			return
		}
		m, ok := in.examine(l)
		if !ok {
			continue
		}
		select {
		case in.messages <- m: // which says that the one before is copied
			in.lines.keep()
		case <-in.stop:
			return
		}
	}
}

// examine returns the message in a line, or refuses it and reports false.
func (in *intake) examine(l line) (message, bool) {
	if l.tooLong > 0 {
		in.refuse("too long", tooLongAnswer(readHead(l.text), l.tooLong, in.lines.max))
		debug.FreeOSMemory()
		return message{}, false
	}
	if len(bytes.TrimSpace(l.text)) == 0 {
		return message{}, false
	}
	h := readHead(l.text)
	if f, ok := findFault(l.text); ok {
		in.refuse("not UTF-8", unfitAnswer(h, f.describe(l.text)))
		return message{}, false
	}
	if why := misshapen(l.text, deepest, mostValues); why != "" {
		in.refuse("misshapen", unfitAnswer(h, why))
		return message{}, false
	}
	if h.malformed {
		in.refuse("malformed", malformedAnswer(h))
		return message{}, false
	}
	return message{h, l.text}, true
}

func (in *intake) refuse(why string, answer any) {
	in.log.Warn("message_refused", "reason", why)
	if err := in.out.send(answer); err != nil {
		in.log.Debug("refusal_not_sent", "error", err)
	}
}

// Read hands on what is left of a line, or waits for the next.
func (in *intake) Read(p []byte) (int, error) {
	if len(in.rest) == 0 {
		in.rest = nil // a huge line can go now
		m, err := in.next()
		if err != nil {
			return 0, err
		}
		in.rest = m.line
	}
	n := copy(p, in.rest)
	in.rest = in.rest[n:]
	return n, nil
}

func (in *intake) next() (message, error) {
	select {
	case <-in.stop: // goes before a line that is waiting
		return message{}, in.end(nil)
	default:
	}
	select {
	case m := <-in.messages:
		if m.answered() {
			if err := in.makeRoom(m); err != nil {
				return message{}, err
			}
		}
		in.note(m)
		return m, nil
	case <-in.over:
		return message{}, in.end(in.err)
	case <-in.stop:
		return message{}, in.end(nil)
	case <-in.out.broken:
		return message{}, in.out.failure()
	}
}

// note enters a message into the ledger.
func (in *intake) note(m message) {
	var id []byte
	if m.answered() {
		id = canonical(m.id)
	}
	in.due.hand(id, len(m.line))
}

// makeRoom waits until a request can be handed on. mcp-go would run a call that
// finds its queue full in the read loop, where it holds up the answers to those
// before it as well. Any other request gets a goroutine of its own there; it may
// pass the calls that fill the queue, but not without bound.
func (in *intake) makeRoom(m message) error {
	share := 2
	if m.call() {
		share = 1
	}
	for {
		count, bytes := in.due.open()
		if count == 0 || count < share*in.queue && bytes+len(m.line) <= share*in.lines.max {
			return nil
		}
		select {
		case <-in.due.settled:
		case <-in.stop:
			return in.end(nil)
		case <-in.out.broken:
			return in.out.failure()
		}
	}
}

// end waits for the answers that are due and returns how the input ends.
func (in *intake) end(err error) error {
	for {
		if count, _ := in.due.open(); count == 0 {
			break
		}
		select {
		case <-in.due.settled:
		case <-in.abandon:
			return io.EOF
		case <-in.out.broken:
			return in.out.failure()
		}
	}
	if err != nil {
		return err
	}
	return io.EOF
}
