package embed

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

// failing is a server that fails in one way as long as it is set.
type failing struct {
	mu  sync.Mutex
	err error
	at  []time.Duration // when it was asked
}

func (f *failing) fake(start time.Time) *fake {
	return &fake{embed: func(ctx context.Context, texts []string) ([][]float32, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.at = append(f.at, time.Since(start))
		if f.err != nil {
			return nil, f.err
		}
		return working(ctx, texts)
	}}
}

// heal makes the server work again.
func (f *failing) heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = nil
}

func of(c class) error { return &failure{class: c, text: string(c)} }

func guarded(next Embedder) *guard { return newGuard(next, guardPolicy(), &dimension{}, silent) }

func seconds(all ...float64) []time.Duration {
	out := make([]time.Duration, len(all))
	for i, s := range all {
		out[i] = time.Duration(s * float64(time.Second))
	}
	return out
}

func TestGuardTriesOutagesAgain(t *testing.T) {
	for _, c := range []class{timedOut, unreachable, overloaded, rateLimited} {
		t.Run(string(c), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := failing{err: of(c)}
				_, err := guarded(server.fake(time.Now())).Embed(t.Context(), texts(1))
				require.ErrorIs(t, err, ErrUnavailable)
				require.Equal(t, seconds(0, 1, 3, 7), server.at)
			})
		})
	}
}

func TestGuardTriesNoRefusalAgain(t *testing.T) {
	for _, c := range []class{unauthorized, exhausted, modelMissing, noRoute, refused, malformed, badRequest, badText, overlong} {
		t.Run(string(c), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := failing{err: of(c)}
				g := guarded(server.fake(time.Now()))
				for range 2 * outages {
					_, err := g.Embed(t.Context(), texts(1))
					require.ErrorIs(t, err, ErrRefused)
				}
				require.Len(t, server.at, 2*outages, "each call asks, and once")
			})
		})
	}
}

func TestGuardCountsAServerAsDownThatBreaksAtWhatIsHarmless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := failing{err: of(serverFault)}
		g := guarded(server.fake(time.Now()))
		for range 2 * outages {
			_, err := g.Embed(t.Context(), texts(1))
			require.Equal(t, serverFault, classOf(err))
		}
		require.Len(t, server.at, 2*outages, "each call asks, and once")
		server.at = nil
		for range 2 * outages {
			_, err := g.Embed(t.Context(), []string{harmless})
			require.ErrorIs(t, err, ErrUnavailable)
		}
		require.Len(t, server.at, outages)
	})
}

func TestGuardSucceedsOnceTheServerDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := failing{err: of(unreachable)}
		g := guarded(server.fake(time.Now()))
		time.AfterFunc(2*time.Second, server.heal)
		vectors, err := g.Embed(t.Context(), texts(2))
		require.NoError(t, err)
		requireMade(t, texts(2), vectors)
		require.Empty(t, g.lastClass())
	})
}

func TestGuardFailsAtOnceWhileTheServerIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := failing{err: of(timedOut)}
		log, logged := recorded()
		g := newGuard(server.fake(time.Now()), guardPolicy(), &dimension{}, log)
		_, err := g.Embed(t.Context(), texts(1))
		require.ErrorIs(t, err, ErrUnavailable)

		down := time.Now()
		for range 100 {
			_, err = g.Embed(t.Context(), texts(1))
			require.ErrorIs(t, err, ErrUnavailable)
			require.Equal(t, halted, classOf(err))
			require.EqualError(t, err, "it was down less than 10s ago (timeout)")
		}
		require.Zero(t, time.Since(down))
		require.Len(t, server.at, outages)
		require.Equal(t, timedOut, g.lastClass())
		require.Contains(t, logged.String(), `"msg":"embedder_breaker_changed","from":"closed","to":"open"`)
	})
}

func TestGuardAsksOnceWhetherTheServerIsBack(t *testing.T) {
	for name, back := range map[string]bool{"it is": true, "it is not": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := failing{err: of(unreachable)}
				g := guarded(server.fake(time.Now()))
				_, err := g.Embed(t.Context(), texts(1))
				require.ErrorIs(t, err, ErrUnavailable)
				time.Sleep(downTime + time.Millisecond)
				server.at = nil
				if back {
					server.heal()
				}
				for range 3 {
					_, err = g.Embed(t.Context(), texts(1))
					require.Equal(t, back, err == nil, err)
				}
				require.Len(t, server.at, map[bool]int{true: 3, false: 1}[back])
			})
		})
	}
}

func TestGuardDoesNotCountCallersThatGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := guarded(&fake{embed: func(ctx context.Context, _ []string) ([][]float32, error) {
			return nil, ctx.Err()
		}})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for range 2 * outages {
			_, err := g.Embed(ctx, texts(1))
			require.ErrorIs(t, err, context.Canceled)
			require.NotErrorIs(t, err, ErrUnavailable)
		}
		require.Empty(t, g.lastClass())
	})
}

func TestGuardWaitsAsLongAsTheServerAsksFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := failing{err: &failure{class: rateLimited, text: "slow down", after: 20 * time.Second}}
		g := guarded(server.fake(time.Now()))
		time.AfterFunc(time.Second, server.heal)
		_, err := g.Embed(t.Context(), texts(1))
		require.NoError(t, err)
		require.Equal(t, seconds(0, 20), server.at)
	})
}

func TestGuardDoesNotWaitTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := failing{err: &failure{class: rateLimited, text: "slow down", after: time.Minute}}
		g := guarded(server.fake(time.Now()))
		for range 3 {
			_, err := g.Embed(t.Context(), texts(1))
			require.ErrorIs(t, err, ErrUnavailable)
			require.Equal(t, rateLimited, classOf(err))
		}
		require.Equal(t, seconds(0), server.at, "the others do not bother the server")

		server.heal()
		time.Sleep(time.Minute)
		_, err := g.Embed(t.Context(), texts(1))
		require.NoError(t, err)
	})
}

func TestGuardDoesNotWaitBeyondTheCallersTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := failing{err: of(unreachable)}
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		_, err := guarded(server.fake(start)).Embed(ctx, texts(1))
		require.ErrorIs(t, err, ErrUnavailable)
		require.Equal(t, time.Second, time.Since(start))
	})
}

func TestGuardRefusesVectorsOfAnotherLength(t *testing.T) {
	vectors := [][]float32{{1, 0}}
	g := guarded(&fake{embed: func(context.Context, []string) ([][]float32, error) { return vectors, nil }})
	_, err := g.Embed(t.Context(), texts(1))
	require.NoError(t, err)
	vectors = [][]float32{{1, 0, 0}}
	got, err := g.Embed(t.Context(), texts(1))
	require.ErrorIs(t, err, ErrRefused)
	require.Equal(t, resized, classOf(err))
	require.EqualError(t, err, "the model made vectors of 2 numbers, and makes them of 3 now")
	require.Nil(t, got)
}

func TestGuardStopsWaitingWhenClosed(t *testing.T) {
	for name, fail := range map[string]error{
		"for another attempt": of(unreachable),
		"for the server":      &failure{class: rateLimited, text: "slow down", after: 20 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := failing{err: fail}
				start := time.Now()
				next := server.fake(start)
				g := guarded(next)
				time.AfterFunc(1500*time.Millisecond, func() { require.NoError(t, g.Close()) })
				_, err := g.Embed(t.Context(), texts(1))
				require.ErrorIs(t, err, ErrUnavailable)
				require.Equal(t, closed, classOf(err))
				require.Equal(t, 1500*time.Millisecond, time.Since(start))
				require.True(t, next.closed)
			})
		})
	}
}

func TestTextErrorIsARefusal(t *testing.T) {
	err := error(&TextError{Index: 3, Err: of(badText)})
	require.ErrorIs(t, err, ErrRefused)
	require.ErrorIs(t, err, memory.ErrInvalid)
	require.EqualError(t, err, "text 3: text_refused")
	found, ok := errors.AsType[*TextError](at(10, err))
	require.True(t, ok)
	require.Equal(t, 13, found.Index)
	require.Equal(t, of(refused), at(10, of(refused)))
}
