// Package retry tries again what failed, after waits that grow.
//
// A Policy bounds how often and for how long. Waits grow exponentially from
// Initial to Max; with Jitter each is random up to that bound, so that many
// callers who failed together do not come back together. Waiting ends with
// the caller's context, and when the owner of the work stops.
package retry

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"time"
)

// ErrStopped is in what Do returns when it was stopped while it waited.
var ErrStopped = errors.New("stopped")

// Policy says how often something is tried again, and after which waits. The
// zero value tries once.
type Policy struct {
	// Retries is how many attempts may follow the first.
	Retries int
	// Budget is how long retries may start, counted from the first attempt,
	// however many there are. Zero means that Retries alone counts.
	Budget time.Duration
	// Initial is the wait before the first retry; each further one is Base
	// times as long, up to Max.
	Initial, Max time.Duration
	Base         float64
	// Jitter makes each wait random, between nothing and what it would be.
	Jitter bool
}

// Bound returns the longest wait before the n-th retry, n counted from 1. It
// is the wait itself when there is no jitter.
func (p Policy) Bound(n int) time.Duration {
	d := float64(p.Initial) * math.Pow(p.Base, float64(n-1))
	if !(d < float64(p.Max)) { // so that infinity and NaN end at Max
		return p.Max
	}
	return time.Duration(d)
}

// Delay returns a wait before the n-th retry, n counted from 1.
func (p Policy) Delay(n int) time.Duration {
	d := p.Bound(n)
	if !p.Jitter || d <= 0 {
		return d
	}
	return time.Duration(rand.Int64N(int64(d) + 1))
}

// Attempt is one try. It is told its number, counted from 1, and tells whether
// an error is worth another try.
type Attempt func(n int) (again bool, err error)

// Notice is told of each failed attempt that another will follow, before the
// wait for it.
type Notice func(n int, delay time.Duration, err error)

// Do runs try until it succeeds, or says that no further attempt is of use, or
// p is used up, and returns how many attempts were made and the last error.
//
// It gives up early, with that error, where the context ends before the next
// attempt could start. When the context ends or stop is closed during a wait,
// the cause (for stop: ErrStopped) is joined to it.
func (p Policy) Do(ctx context.Context, stop <-chan struct{}, try Attempt, notice Notice) (int, error) {
	start := time.Now()
	for n := 1; ; n++ {
		again, err := try(n)
		if err == nil || !again {
			return n, err
		}
		delay := p.Delay(n)
		if !p.allows(n, time.Since(start)+delay) || endsWithin(ctx, delay) {
			return n, err
		}
		notice(n, delay, err)
		if cause := wait(ctx, stop, delay); cause != nil {
			return n, errors.Join(cause, err)
		}
	}
}

// allows tells whether the n-th retry may start so long after the first
// attempt.
func (p Policy) allows(n int, elapsed time.Duration) bool {
	return n <= p.Retries || elapsed < p.Budget
}

func endsWithin(ctx context.Context, d time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline) <= d
}

func wait(ctx context.Context, stop <-chan struct{}, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-stop:
		return ErrStopped
	}
}
