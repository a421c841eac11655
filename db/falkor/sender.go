package falkor

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"zapomni/db/falkor/reply"
	"zapomni/memory"
)

// sender makes one attempt at a statement. Its errors are *attemptErrors.
type sender struct {
	pool   *pool
	wires  *wires
	socket time.Duration // longest wait for an answer
	// limit is the longest time in milliseconds that the server allows for a
	// query, 0 for any.
	limit *atomic.Int64

	waitReplicas int
	waitTime     time.Duration
}

// attemptError is why an attempt failed, and what that means.
type attemptError struct {
	fault
	cause error
}

func (e *attemptError) Error() string { return e.cause.Error() }

func (e *attemptError) Unwrap() error { return e.cause }

// Query sends s once.
func (s *sender) Query(ctx context.Context, q Statement) (Result, error) {
	r, err := encode(q)
	if err != nil {
		return Result{}, s.failed(ctx, err, true)
	}
	defer r.release()
	result, err := s.answer(ctx, q, r)
	if err != nil && faultOf(err).class == limited && s.learnLimit(ctx, q.Graph) {
		return s.answer(ctx, q, r)
	}
	return result, err
}

// answer sends a request and reads the reply.
func (s *sender) answer(ctx context.Context, q Statement, r *request) (Result, error) {
	raw, err := s.ask(ctx, q, r)
	if err != nil {
		return Result{}, err
	}
	parsed, err := reply.Parse(raw)
	if err != nil {
		return Result{}, s.failed(ctx, err, false)
	}
	return Result{Result: parsed}, nil
}

// ask sends a request on a lane, or through go-redis where there is none.
func (s *sender) ask(ctx context.Context, q Statement, r *request) ([]byte, error) {
	if err := s.pool.take(ctx); err != nil {
		return nil, s.failed(ctx, err, true)
	}
	defer s.pool.free()
	r.frame(s.serverTime(ctx))
	alone := q.Effect == Reads || s.waitReplicas == 0
	if l := s.pool.hotLane(ctx, time.Now()); l != nil {
		if alone {
			return s.askOn(ctx, l, r)
		}
		l.giveBack()
	}
	command := redis.NewRawCmd(ctx, r.args()...)
	err := s.fly(ctx, func(f *flight, node *redis.Client) error { //nolint:contextcheck // a flight is ctx, and more
		if alone && s.pool.single != nil {
			return s.begin(f, node, command)
		}
		err := s.on(f, node, q.Effect, command)
		if isDemoted(command.Val()) {
			s.wires.shut(f.deadline) // go-redis sees that before it uses it again
		}
		return err
	}, route{q.Graph, q.Effect, q.primary})
	if err != nil {
		return nil, err
	}
	return command.Val(), nil
}

// askOn sends a request on a lane.
func (s *sender) askOn(ctx context.Context, l *lane, r *request) (raw []byte, err error) {
	keep := false
	defer func() {
		if keep {
			s.pool.leave(l)
		} else {
			l.drop(ctx)
		}
	}()
	raw, keep, err = l.ask(ctx, r.whole(), ends(ctx, s.socket))
	if err != nil {
		return nil, s.failed(ctx, err, false)
	}
	l.used, keep = time.Now(), keep && !isDemoted(raw)
	return raw, nil
}

// isDemoted tells whether raw is the answer of a server that is no master now.
// Whatever its connection is asked next is answered alike, where a new one may
// lead to the master.
func isDemoted(raw []byte) bool {
	return bytes.HasPrefix(raw, []byte("-READONLY ")) || bytes.HasPrefix(raw, []byte("-MASTERDOWN ")) ||
		bytes.HasPrefix(raw, []byte("-UNBLOCKED "))
}

// begin carries out command through go-redis, and makes a lane of the
// connection that it was on.
func (s *sender) begin(f *flight, node *redis.Client, command *redis.RawCmd) error {
	conn := node.Conn()
	kept := false
	defer func() {
		if !kept {
			_ = conn.Close()
		}
	}()
	if err := conn.Process(f, command); err != nil {
		return err
	}
	w := s.wires.of(f.deadline)
	if w == nil {
		return nil
	}
	kept = true
	l := newLane(conn, w, time.Now())
	if isDemoted(command.Val()) {
		l.drop(f)
		return nil
	}
	s.pool.leave(l)
	return nil
}

// learnLimit asks the server for the longest time that it allows, and tells
// whether that was news.
func (s *sender) learnLimit(ctx context.Context, graph string) bool {
	answer, err := s.Do(ctx, route{graph: graph}, []any{"GRAPH.CONFIG", "GET", "TIMEOUT_MAX"})
	if pair, ok := answer.([]any); ok && err == nil && len(pair) == 2 {
		if limit, ok := pair[1].(int64); ok {
			return s.limit.Swap(limit) != limit
		}
	}
	return false
}

// Do sends any other command once and returns its answer as go-redis reads it.
func (s *sender) Do(ctx context.Context, r route, args []any) (any, error) {
	command := redis.NewCmd(ctx, args...)
	if err := s.send(ctx, r, command); err != nil && !errors.Is(err, redis.Nil) {
		return nil, err
	}
	return command.Val(), nil
}

// send carries out command on a connection of go-redis.
func (s *sender) send(ctx context.Context, r route, command redis.Cmder) error {
	if err := s.pool.take(ctx); err != nil {
		return s.failed(ctx, err, true)
	}
	defer s.pool.free()
	if l := s.pool.lane(); l != nil {
		l.giveBack()
	}
	return s.fly(ctx, func(f *flight, node *redis.Client) error { //nolint:contextcheck // a flight is ctx, and more
		return s.on(f, node, r.effect, command)
	}, r)
}

// fly makes an attempt at the server for r.
func (s *sender) fly(ctx context.Context, attempt func(*flight, *redis.Client) error, r route) error {
	f := s.wires.fly(ctx, s.socket)
	defer f.watch()()
	node, err := s.pool.servers.pick(f, r.graph, r.effect == Reads && !r.primary) //nolint:contextcheck // a flight is ctx, and more
	if err != nil {
		err = &dialError{err}
	} else {
		err = attempt(f, node)
	}
	if err == nil {
		return nil
	}
	return s.failed(ctx, err, f.unsent())
}

// failed says what err means. Whatever ended the caller's context, or the
// pool, is behind the errors that come after that.
func (s *sender) failed(ctx context.Context, err error, unsent bool) error {
	f := classify(err, unsent)
	if cause := ended(ctx); cause != nil {
		return &attemptError{fault{callerEnded, f.maybe, none, nil}, cause}
	}
	if _, answered := serverText(err); !answered && s.pool.isDead() {
		return &attemptError{fault{closed, f.maybe, none, memory.ErrUnavailable}, errClosed}
	}
	if f.kind == memory.ErrUnavailable { //nolint:errorlint // it is the table's own
		s.pool.servers.moved(ctx)
	}
	if f.class == lost {
		s.pool.suspect()
	}
	return &attemptError{f, err}
}

// ended is why ctx is over. A deadline ends a read of go-redis a moment before
// it ends the context.
func ended(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= 2*deadlineStep {
		return context.DeadlineExceeded
	}
	return nil
}

// headroom is how much earlier than the client the server gives up, so that
// its own answer arrives.
const headroom = 500 * time.Millisecond

// serverTime is the server's own time limit in milliseconds.
func (s *sender) serverTime(ctx context.Context) string {
	d := s.socket
	if deadline, ok := ctx.Deadline(); ok {
		d = min(d, time.Until(deadline))
	}
	d -= min(headroom, d/2)
	n := max(d.Milliseconds(), 1)
	if limit := s.limit.Load(); limit > 0 {
		n = min(n, limit)
	}
	return strconv.FormatInt(n, 10)
}
