package embed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// slow answers after a second.
func slow(ctx context.Context, texts []string) ([][]float32, error) {
	select {
	case <-time.After(time.Second):
		return working(ctx, texts)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// picky refuses a request with a text that starts with "bad", as c.
func picky(c class) func(context.Context, []string) ([][]float32, error) {
	return func(ctx context.Context, texts []string) ([][]float32, error) {
		if slices.ContainsFunc(texts, func(t string) bool { return strings.HasPrefix(t, "bad") }) {
			return nil, of(c)
		}
		return slow(ctx, texts)
	}
}

// batched returns a batcher for up to 8 texts, which ends with the test.
func batched(t *testing.T, next *fake) *batcher {
	t.Helper()
	b := newBatcher(next, 8)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return b
}

// sizes is how many texts each request had.
func sizes(f *fake) []int {
	var n []int
	for _, r := range f.requests() {
		n = append(n, len(r))
	}
	return n
}

func TestBatcherSendsALoneCallAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := batched(t, &fake{embed: working})
		start := time.Now()
		vectors, err := b.Embed(t.Context(), texts(3))
		require.NoError(t, err)
		requireMade(t, texts(3), vectors)
		require.Zero(t, time.Since(start))
	})
}

func TestBatcherGathersWhatComesMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &fake{embed: slow}
		b := batched(t, next)
		var wg sync.WaitGroup
		for _, text := range []string{"a", "b", "c", "d", "e", "f"} {
			wg.Go(func() {
				vectors, err := b.Embed(t.Context(), []string{text, text + text})
				require.NoError(t, err)
				requireMade(t, []string{text, text + text}, vectors)
			})
			synctest.Wait()
		}
		wg.Wait()
		require.Equal(t, []int{2, 8, 2}, sizes(next))
	})
}

func TestBatcherGathersForALimitedTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &fake{embed: slow}
		b := batched(t, next)
		start := time.Now()
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				_, err := b.Embed(t.Context(), texts(1))
				require.NoError(t, err)
			})
			synctest.Wait()
		}
		wg.Wait()
		require.Equal(t, time.Second+gatherTime, time.Since(start))
	})
}

func TestBatcherCutsALongCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &fake{embed: working}
		vectors, err := batched(t, next).Embed(t.Context(), texts(20))
		require.NoError(t, err)
		requireMade(t, texts(20), vectors)
		require.Equal(t, []int{8, 8, 4}, sizes(next))
	})
}

func TestBatcherLetsAShortCallIntoALongOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := batched(t, &fake{embed: slow})
		var wg sync.WaitGroup
		for range 2 * connections {
			wg.Go(func() {
				_, err := b.Embed(t.Context(), texts(800))
				require.NoError(t, err)
			})
		}
		synctest.Wait()
		start := time.Now()
		_, err := b.Embed(t.Context(), []string{"short"})
		require.NoError(t, err)
		require.Less(t, time.Since(start), 4*time.Second)
		wg.Wait()
	})
}

func TestBatcherBoundsRequestsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &fake{embed: slow}
		b := batched(t, next)
		var wg sync.WaitGroup
		for range 3 * connections {
			wg.Go(func() {
				_, err := b.Embed(t.Context(), texts(8))
				require.NoError(t, err)
			})
		}
		synctest.Wait()
		require.Len(t, next.requests(), connections)
		wg.Wait()
		require.Len(t, next.requests(), 3*connections)
	})
}

func TestBatcherGathersAsLongAsNoRequestCanBeMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &fake{embed: slow}
		b := batched(t, next)
		start := time.Now()
		var wg sync.WaitGroup
		for i := range connections + 40 {
			text := "text " + strconv.Itoa(i)
			wg.Go(func() {
				vectors, err := b.Embed(t.Context(), []string{text})
				require.NoError(t, err)
				requireMade(t, []string{text}, vectors)
			})
			time.Sleep(2 * gatherTime)
		}
		wg.Wait()
		require.Less(t, time.Since(start), 4*time.Second)
		require.Len(t, next.requests(), connections+40/8)
	})
}

func TestBatcherLeavesOthersAloneWhenACallerGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &fake{embed: slow}
		b := batched(t, next)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		embed := func(ctx context.Context, text string, want error) {
			wg.Go(func() {
				_, err := b.Embed(ctx, []string{text})
				require.ErrorIs(t, err, want)
			})
			synctest.Wait()
		}
		embed(t.Context(), "first", nil)
		embed(ctx, "sent", context.Canceled)
		embed(t.Context(), "sent beside it", nil)
		time.Sleep(2 * gatherTime)
		for range connections { // so that the next lot waits
			embed(t.Context(), "other", nil)
			time.Sleep(2 * gatherTime)
		}
		embed(ctx, "not sent", context.Canceled)
		embed(t.Context(), "beside it", nil)
		cancel()
		wg.Wait()
		asked := next.requests()
		require.Contains(t, asked, []string{"sent", "sent beside it"})
		require.NotContains(t, slices.Concat(asked...), "not sent")
		require.Contains(t, slices.Concat(asked...), "beside it")
	})
}

func TestBatcherAsksForNothingThatNobodyWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &fake{embed: slow}
		b := batched(t, next)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := b.Embed(ctx, texts(1))
		require.ErrorIs(t, err, context.Canceled)
		synctest.Wait()
		require.Empty(t, next.requests())
	})
}

func TestBatcherLetsABadTextSpoilItsCallOnly(t *testing.T) {
	for _, c := range []class{badText, overlong, badRequest, serverFault} {
		t.Run(string(c), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := batched(t, &fake{embed: picky(c)})
				var wg sync.WaitGroup
				embed := func(texts []string, bad int) {
					wg.Go(func() {
						vectors, err := b.Embed(t.Context(), texts)
						if bad < 0 {
							require.NoError(t, err)
							requireMade(t, texts, vectors)
							return
						}
						text, ok := errors.AsType[*TextError](err)
						require.True(t, ok, err)
						require.Equal(t, bad, text.Index)
						require.ErrorIs(t, err, ErrRefused)
						require.False(t, classOf(err).isUnavailable())
					})
					synctest.Wait()
				}
				embed([]string{"first"}, -1)
				embed([]string{"good", "good too", "bad", "bad too"}, 2)
				embed([]string{"good after"}, -1)
				wg.Wait()
			})
		})
	}
}

func TestBatcherTellsWhichTextOfALongCallIsBad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := texts(20)
		all[17] = "bad"
		_, err := batched(t, &fake{embed: picky(badText)}).Embed(t.Context(), all)
		text, ok := errors.AsType[*TextError](err)
		require.True(t, ok)
		require.Equal(t, 17, text.Index)
	})
}

func TestBatcherBlamesNoTextWhereAllAreRefused(t *testing.T) {
	for _, all := range [][]string{{"one"}, {"one", "another"}} {
		for _, c := range []class{badRequest, serverFault, modelMissing, unreachable} {
			t.Run(fmt.Sprint(string(c), " of ", len(all)), func(t *testing.T) {
				next := &fake{embed: func(context.Context, []string) ([][]float32, error) { return nil, of(c) }}
				_, err := batched(t, next).Embed(t.Context(), all)
				require.Equal(t, c, classOf(err))
				_, blamed := errors.AsType[*TextError](err)
				require.False(t, blamed)
				require.LessOrEqual(t, len(next.requests()), 4, "not every text is asked for")
			})
		}
	}
}

func TestBatcherBlamesTheTextWhereAnotherIsTaken(t *testing.T) {
	for _, c := range []class{badText, overlong, badRequest, serverFault} {
		t.Run(string(c), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, err := batched(t, &fake{embed: picky(c)}).Embed(t.Context(), []string{"bad"})
				text, blamed := errors.AsType[*TextError](err)
				require.True(t, blamed)
				require.Zero(t, text.Index)
				require.NotErrorIs(t, err, ErrUnavailable)
			})
		})
	}
}

func TestBatcherBlamesNoTextForAnAccident(t *testing.T) {
	accidents := 2
	b := batched(t, &fake{embed: func(ctx context.Context, texts []string) ([][]float32, error) {
		if accidents--; accidents >= 0 {
			return nil, of(serverFault)
		}
		return working(ctx, texts)
	}})
	requireEmbeds(t, b, "a", "b", "c")
}

// TestOneTextThatBreaksTheServerStopsNoOther is what Ollama does where a text
// ends the process that runs the model.
func TestOneTextThatBreaksTheServerStopsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBatcher(guarded(&fake{embed: picky(serverFault)}), 8)
		defer b.Close()
		for range 3 { // the breaker would open
			_, err := b.Embed(t.Context(), []string{"good", "bad", "bad too", "bad as well"})
			text, ok := errors.AsType[*TextError](err)
			require.True(t, ok, err)
			require.Equal(t, 1, text.Index)
			_, err = b.Embed(t.Context(), []string{"bad"})
			require.ErrorIs(t, err, ErrRefused)
			requireEmbeds(t, b, "good", "good too")
		}
	})
}

func TestAServerThatBreaksAtEverythingIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &fake{embed: func(context.Context, []string) ([][]float32, error) { return nil, of(serverFault) }}
		b := newBatcher(guarded(next), 8)
		defer b.Close()
		for range outages {
			_, err := b.Embed(t.Context(), texts(1))
			require.Equal(t, serverFault, classOf(err))
		}
		asked := len(next.requests())
		_, err := b.Embed(t.Context(), texts(1))
		require.Equal(t, halted, classOf(err))
		require.Len(t, next.requests(), asked)
	})
}

func TestBatcherRefusesTextsBeyondAllModels(t *testing.T) {
	next := &fake{embed: working}
	_, err := batched(t, next).Embed(t.Context(), []string{"good", strings.Repeat("é", 4*8193)})
	require.ErrorIs(t, err, ErrRefused)
	require.EqualError(t, err, "text 1: Text exceeds max length (8192 tokens, got ~8193)")
	require.Empty(t, next.requests())
}

func TestBatcherEndsAllCallsWhenClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &fake{embed: slow}
		b := newBatcher(next, 8)
		var wg sync.WaitGroup
		for range 2 * connections { // some under way, some waiting, some gathered
			wg.Go(func() {
				_, err := b.Embed(t.Context(), texts(7))
				require.ErrorIs(t, err, ErrUnavailable)
				require.Equal(t, closed, classOf(err))
			})
		}
		synctest.Wait()
		start := time.Now()
		require.NoError(t, b.Close())
		wg.Wait()
		require.Zero(t, time.Since(start))
		require.True(t, next.closed)
		_, err := b.Embed(t.Context(), texts(1))
		require.Equal(t, closed, classOf(err))
	})
}
