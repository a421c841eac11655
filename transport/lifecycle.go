// Package transport carries messages between clients and whatever handler it
// is given, and runs the parts of the program in order.
//
// It promises that nothing but protocol reaches standard output, that what was
// asked is answered before the program ends, and that parts stop in the
// opposite order of their start, each before the next, within one grace period.
package transport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"time"
)

// Part is one thing that the program runs. The zero value does nothing.
type Part struct {
	// Name stands in the log and in errors.
	Name string
	// Run returns when the part has ended: nil for a regular end, such as the
	// end of input. It is nil for what only has to be closed. Its context
	// carries the values of the one given to [Run] and is cancelled only once
	// Stop has returned, or at once where there is no Stop.
	Run func(context.Context) error
	// Stop makes Run return and gives back what the part holds. It is called
	// exactly once, whether or not Run was ever called or has returned by
	// itself; nil means that cancelling the context of Run is enough.
	Stop func(context.Context) error
}

// lastMoment is what each part gets beyond the grace period: enough to close a
// file, too short to notice.
const lastMoment = 100 * time.Millisecond

var errOverrun = errors.New("did not end within the grace period")

// Run starts the parts in order and keeps them running until ctx is done or
// one of them ends. It then stops them all in the opposite order: each has
// ended before the next is told to, all of them within grace. Parts that are
// left when the grace period is over are still told to stop, with an expired
// context, and are given up after a moment; Run never waits for ever.
//
// A regular stop is no error. Run returns, joined, the error of every part
// whose Run or Stop failed or panicked or did not end in time, each with the
// name of its part. A [context.Canceled] out of a part that was told to stop
// is success. If ctx is done at the start nothing is started, and all is
// stopped.
func Run(ctx context.Context, log *slog.Logger, grace time.Duration, parts ...Part) error {
	g := group{log: log, ended: make(chan *running, len(parts))}
	g.start(ctx, parts)
	reason := g.wait(ctx)

	began := time.Now()
	log.InfoContext(ctx, "shutdown_started", "reason", reason, "grace", grace)
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	var errs []error
	for _, r := range slices.Backward(g.parts) {
		errs = append(errs, g.stop(within, r))
	}
	log.InfoContext(ctx, "shutdown_complete", "duration", time.Since(began))
	return errors.Join(errs...)
}

// group is the parts of one Run.
type group struct {
	log   *slog.Logger
	parts []*running
	ended chan *running // receives each part whose Run has returned
}

// running is a part and what became of its Run.
type running struct {
	Part
	cancel context.CancelFunc
	done   chan struct{} // closed when Run has returned
	err    error         // what Run returned; to be read after done
	early  bool          // Run returned before it was told to
}

func (g *group) start(ctx context.Context, parts []Part) {
	idle := ctx.Err() != nil
	for _, p := range parts {
		own, cancel := context.WithCancel(context.WithoutCancel(ctx))
		r := &running{Part: p, cancel: cancel, done: make(chan struct{})}
		g.parts = append(g.parts, r)
		if p.Run == nil || idle {
			close(r.done)
			continue
		}
		g.log.InfoContext(ctx, "part_started", "part", p.Name)
		go func() {
			r.err = guarded(own, p.Run)
			close(r.done)
			g.ended <- r
		}()
	}
}

// wait returns why the parts have to stop.
func (g *group) wait(ctx context.Context) string {
	select {
	case r := <-g.ended:
		r.early = true
		if r.err != nil {
			return r.Name + " failed"
		}
		return r.Name + " ended"
	case <-ctx.Done():
		return context.Cause(ctx).Error()
	}
}

// stop ends one part and says what went wrong with it, if anything did.
func (g *group) stop(ctx context.Context, r *running) error {
	began := time.Now()
	deadline, _ := ctx.Deadline()
	limit := time.NewTimer(max(time.Until(deadline), 0) + lastMoment)
	defer limit.Stop()

	err := r.stop(ctx, limit.C)
	took := slog.Duration("duration", time.Since(began))
	if err != nil {
		g.log.ErrorContext(ctx, "part_stop_failed", "part", r.Name, took, "error", err)
	} else {
		g.log.InfoContext(ctx, "part_stopped", "part", r.Name, took)
	}
	if err = errors.Join(r.failure(), err); err != nil {
		return fmt.Errorf("%s: %w", r.Name, err)
	}
	return nil
}

// stop calls Stop and waits for Run.
func (r *running) stop(ctx context.Context, limit <-chan time.Time) (err error) {
	defer r.cancel()
	if r.Stop != nil {
		stopped := make(chan error, 1)
		go func() { stopped <- guarded(ctx, r.Stop) }()
		select {
		case err = <-stopped:
			if err != nil {
				err = fmt.Errorf("stop: %w", err)
			}
		case <-limit:
			return errOverrun
		}
	}
	r.cancel()
	select {
	case <-r.done:
		return err
	case <-limit:
		return errors.Join(err, errOverrun)
	}
}

// failure is the error that Run ended with, nil while it has not ended and for
// a part that did no more than obey.
func (r *running) failure() error {
	select {
	case <-r.done:
	default:
		return nil
	}
	if r.err == nil || !r.early && errors.Is(r.err, context.Canceled) {
		return nil
	}
	return fmt.Errorf("run: %w", r.err)
}

// guarded calls f and makes an error of a panic, stack and all.
func guarded(ctx context.Context, f func(context.Context) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	return f(ctx)
}
