package embed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"

	"zapomni/memory/retry"
)

const (
	// outages is how many requests in a row have to go unanswered until the
	// server counts as down: as many as one call makes.
	outages = 4
	// downTime is how long it is then left alone.
	downTime = 10 * time.Second
	// longestPause is for how long a server may ask to be left alone so that it
	// is waited for.
	longestPause = 30 * time.Second
)

// guardPolicy is how requests are tried again: after 1, 2 and 4 seconds.
func guardPolicy() retry.Policy {
	return retry.Policy{Retries: outages - 1, Initial: time.Second, Max: 4 * time.Second, Base: 2}
}

// guard tries again what may succeed, and fails at once while the server is
// down. It holds the server to vectors of one length.
type guard struct {
	next    Embedder
	policy  retry.Policy
	breaker *gobreaker.CircuitBreaker[[][]float32]
	size    *dimension
	log     *slog.Logger
	stop    chan struct{}
	ending  sync.Once

	mu     sync.Mutex
	resume time.Time // before that, the server wants to be left alone
	last   class     // what was wrong last; empty if it was answered
}

func newGuard(next Embedder, policy retry.Policy, size *dimension, log *slog.Logger) *guard {
	g := &guard{next: next, policy: policy, size: size, log: log, stop: make(chan struct{})}
	g.breaker = gobreaker.NewCircuitBreaker[[][]float32](gobreaker.Settings{
		Timeout:      downTime,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= outages },
		IsSuccessful: func(err error) bool { return !classOf(err).isOutage() },
		IsExcluded: func(err error) bool {
			return errors.Is(err, context.Canceled) || classOf(err) == rateLimited || classOf(err) == serverFault
		},
		OnStateChange: g.changed,
	})
	return g
}

// Model names the model behind g.
func (g *guard) Model() string { return g.next.Model() }

// Close ends what waits, and closes the embedder behind g.
func (g *guard) Close() error {
	g.ending.Do(func() { close(g.stop) })
	return g.next.Close()
}

// Embed passes texts on until they are answered or refused.
func (g *guard) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	var vectors [][]float32
	try := func(int) (bool, error) {
		err := g.pause(ctx)
		if err != nil {
			return false, err
		}
		vectors, err = g.attempt(ctx, texts)
		return g.worthAnother(err), err
	}
	_, err := g.policy.Do(ctx, g.stop, try, func(n int, delay time.Duration, err error) {
		g.log.WarnContext(ctx, "embedding_retry", "attempt", n, "max_retries", g.policy.Retries,
			"delay", delay.Seconds(), "error", err)
	})
	if errors.Is(err, retry.ErrStopped) {
		return nil, errClosed()
	}
	return vectors, err
}

// worthAnother tells whether another attempt can succeed soon.
func (g *guard) worthAnother(err error) bool {
	f, ok := errors.AsType[*failure](err)
	return ok && f.class.passes() && f.after <= longestPause &&
		g.breaker.State() != gobreaker.StateOpen
}

// pause waits for as long as the server asked for, if that is not too long.
func (g *guard) pause(ctx context.Context) error {
	g.mu.Lock()
	left := time.Until(g.resume)
	g.mu.Unlock()
	if left <= 0 {
		return nil
	}
	if deadline, ok := ctx.Deadline(); left > longestPause || ok && time.Until(deadline) < left {
		return &failure{class: rateLimited, text: fmt.Sprintf("the server asks to be left alone for %s", left.Round(time.Second))}
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the server: %w", ctx.Err())
	case <-g.stop:
		return errClosed()
	}
}

// attempt asks once, unless the server is down.
func (g *guard) attempt(ctx context.Context, texts []string) ([][]float32, error) {
	vectors, err := g.breaker.Execute(func() ([][]float32, error) {
		vectors, err := g.next.Embed(ctx, texts)
		if classOf(err) == serverFault && slices.Equal(texts, []string{harmless}) {
			err = &failure{class: broken, text: "no text is taken", cause: err}
		}
		if err == nil && len(vectors) > 0 && !g.size.settle(len(vectors[0])) {
			err = &failure{class: resized, text: fmt.Sprintf("the model made vectors of %d numbers, and makes them of %d now",
				g.size.known(), len(vectors[0]))}
		}
		return vectors, err
	})
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return nil, &failure{class: halted, text: fmt.Sprintf("it was down less than %s ago (%s)", downTime, g.lastClass())}
	}
	g.note(err)
	if err != nil {
		return nil, err
	}
	return vectors, nil
}

// note remembers how a request ended. It is no news of the server if its
// caller ended it, or if the text was at fault.
func (g *guard) note(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch c := classOf(err); {
	case err == nil || c.isOfText():
		g.last = ""
	case c != "":
		g.last = c
	}
	if f, ok := errors.AsType[*failure](err); ok && f.after > 0 {
		g.resume = time.Now().Add(f.after)
	}
}

// lastClass is what was wrong with the last request, empty if nothing was.
func (g *guard) lastClass() class {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.last
}

func (g *guard) changed(_ string, from, to gobreaker.State) {
	level := slog.LevelInfo
	if to == gobreaker.StateOpen {
		level = slog.LevelWarn
	}
	g.log.Log(context.Background(), level, "embedder_breaker_changed", "from", from.String(), "to", to.String())
}
