package falkor

import (
	"bytes"
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// lane is a connection that stays out of go-redis' pool while it is busy. A
// query on it is one write and one read, where go-redis would look first
// whether the connection is alive, set four deadlines and look for messages
// that nobody subscribed to: more work than the query itself.
//
// go-redis opens and closes the connection, and has it back when the lane has
// been idle for a moment.
type lane struct {
	conn  *redis.Conn
	wire  *wire
	since time.Time // out of the pool
	used  time.Time // last
	buf   []byte
}

const (
	// hotFor is how long a connection is believed to be alive after an answer.
	// After that go-redis looks.
	hotFor = 5 * time.Millisecond
	// smallReply is what is copied out of a lane's buffer. A longer reply has a
	// buffer of its own.
	smallReply = 4 << 10
)

func newLane(conn *redis.Conn, w *wire, now time.Time) *lane {
	return &lane{conn: conn, wire: w, since: now, used: now, buf: make([]byte, smallReply)}
}

// isHot tells whether l may be used without a look at it. Once in a while go-redis
// has to see a connection, or takes it for an idle one.
func (l *lane) isHot(now time.Time, longest time.Duration) bool {
	return now.Sub(l.used) < hotFor && now.Sub(l.since) < longest
}

// giveBack returns the connection to go-redis.
func (l *lane) giveBack() { _ = l.conn.Close() }

// drop closes a connection on which an answer may still come.
func (l *lane) drop(ctx context.Context) {
	_ = l.wire.Close()
	_ = l.conn.Ping(context.WithoutCancel(ctx)).Err() // fails at once, and so go-redis finds out
	_ = l.conn.Close()
}

// ask sends request and returns the reply, whose memory is the caller's. It
// takes no longer than until, or than ctx. After an error the lane is of no
// use; with keep it is.
func (l *lane) ask(ctx context.Context, request []byte, until time.Time) (raw []byte, keep bool, err error) {
	l.wire.allow(until)
	stop := func() bool { return true }
	if ctx.Done() != nil {
		stop = context.AfterFunc(ctx, l.wire.cut)
	}
	raw, alone, err := l.exchange(request)
	return raw, stop() && alone, err
}

// exchange sends request and returns the reply, and whether it came alone:
// what follows it would pass for the next one.
func (l *lane) exchange(request []byte) (raw []byte, alone bool, err error) {
	if err := l.wire.write(request); err != nil {
		return nil, false, err
	}
	var f frame
	text := l.buf[:0]
	for {
		if len(text) == cap(text) {
			text = append(make([]byte, 0, 4*cap(text)), text...)
		}
		n, err := l.wire.read(text[len(text):cap(text)])
		text = text[:len(text)+n]
		if n > 0 {
			whole, err := f.in(text)
			if err != nil {
				return nil, false, err
			}
			if whole {
				return l.cutOut(text, f), f.pos == len(text), nil
			}
		}
		if err != nil {
			return nil, false, err
		}
	}
}

// cutOut returns the reply, in memory that nothing else uses.
func (l *lane) cutOut(text []byte, f frame) []byte {
	if cap(text) > smallReply {
		return text[f.start:f.pos]
	}
	return bytes.Clone(text[f.start:f.pos])
}
