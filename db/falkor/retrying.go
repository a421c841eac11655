package falkor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"zapomni/memory/retry"
)

// retrying is a querier that sends again what another one could not get
// answered, where that is worth it and cannot take effect twice.
type retrying struct {
	next    querier
	policy  retry.Policy
	log     *slog.Logger
	retries *atomic.Int64
	stop    <-chan struct{} // closed when no retry may follow
}

// Query sends s until it is answered, refused, or given up.
func (r *retrying) Query(ctx context.Context, s Statement) (Result, error) {
	var result Result
	again, err := r.run(ctx, s.Effect, s.Text, func(n int) (err error) {
		s.primary = s.primary || n > 1
		result, err = r.next.Query(ctx, s)
		return err
	})
	if err != nil {
		return Result{}, err
	}
	result.Again = result.Again || again
	return result, nil
}

// run calls attempt, which is told its number, until it succeeds, is refused,
// or is given up. It tells whether an attempt before the last may have taken
// effect. The text stands in the log where it was refused.
func (r *retrying) run(ctx context.Context, effect Effect, text string, attempt func(n int) error) (bool, error) {
	var maybe, again bool // of any attempt, and of any before the last
	var last fault
	try := func(n int) (bool, error) {
		again = again || maybe
		err := attempt(n)
		if err == nil {
			return false, nil
		}
		last = faultOf(err)
		maybe = maybe || last.maybe
		return last.again(effect), err
	}
	attempts, err := r.policy.Do(ctx, r.stop, try, func(n int, delay time.Duration, err error) {
		r.retries.Add(1)
		noteRetry(ctx, n)
		r.log.WarnContext(ctx, "query_retry", "attempt", n, "max_retries", r.policy.Retries,
			"delay", delay.Seconds(), "error", say(err))
	})
	if err == nil {
		return again, nil
	}
	return again, r.failed(ctx, Statement{Text: text, Effect: effect}, failure{last, attempts, again, err})
}

// failure is the end of a call without an answer.
type failure struct {
	fault          // of the last attempt
	attempts int   // how many there were
	again    bool  // one before the last may have taken effect
	cause    error // of the last attempt
}

// failed logs a failure and makes the error for the caller.
func (r *retrying) failed(ctx context.Context, s Statement, f failure) error {
	noteFault(ctx, f.fault)
	made := &Error{Again: f.again, kind: f.kind, cause: f.cause}
	switch {
	case f.class == closed || errors.Is(f.cause, retry.ErrStopped):
		made.text, made.kind = errClosed.text, errClosed.kind
	case f.class == callerEnded || ctx.Err() != nil:
		made.text, made.kind = "Query ended by its caller: "+say(f.cause), nil
	case f.fault.again(s.Effect):
		r.log.ErrorContext(ctx, "query_failed_after_retries", "attempts", f.attempts, "error", say(f.cause))
		made.text = fmt.Sprintf("Query failed after %d attempts: %s", f.attempts, say(f.cause))
	default:
		r.log.Log(ctx, f.level(), "query_error", "error", say(f.cause), "query", head(s.Text, 100))
		made.text = "Query failed: " + say(f.cause)
	}
	if s.Effect == Once && f.maybe && f.class != malformed {
		return &OutcomeUnknownError{kind: made.kind, cause: f.cause}
	}
	return made
}

// faultOf is what an error of an attempt means.
func faultOf(err error) fault {
	if attempt, ok := errors.AsType[*attemptError](err); ok {
		return attempt.fault
	}
	return classify(err, false)
}

// head is the first n characters of s.
func head(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
