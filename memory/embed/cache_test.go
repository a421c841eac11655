package embed

import (
	"context"
	"errors"
	"maps"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

// shelf is a keeper in memory, which fails as long as err is set.
type shelf struct {
	mu      sync.Mutex
	vectors map[Key][]float32
	err     error
	delay   time.Duration
}

func (s *shelf) wait(ctx context.Context) error {
	select {
	case <-time.After(s.delay):
		return s.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *shelf) Vectors(ctx context.Context, keys []Key) ([][]float32, error) {
	if err := s.wait(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([][]float32, len(keys))
	for i, k := range keys {
		out[i] = append([]float32(nil), s.vectors[k]...)
	}
	return out, nil
}

func (s *shelf) Keep(ctx context.Context, vectors map[Key][]float32) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.Copy(s.vectors, vectors)
	return nil
}

func newShelf() *shelf { return &shelf{vectors: map[Key][]float32{}} }

func cached(next Embedder) *cache { return newCache(next, nil, 1<<20, &dimension{}) }

func requireEmbeds(t *testing.T, e Embedder, all ...string) {
	t.Helper()
	vectors, err := e.Embed(t.Context(), all)
	require.NoError(t, err)
	requireMade(t, all, vectors)
}

func TestCacheEmbedsEachTextOnce(t *testing.T) {
	next := &fake{embed: working}
	c := cached(next)
	requireEmbeds(t, c, "a", "b", "a")
	requireEmbeds(t, c, "c", "b", "a")
	requireEmbeds(t, c)
	require.Equal(t, [][]string{{"a", "b"}, {"c"}}, next.requests())
	require.Equal(t, memory.CacheStats{Hits: 3, Misses: 3, Entries: 3, Bytes: 3 * (4*dims + entryBytes)}, c.state())
}

func TestCacheTellsTextsApartExactly(t *testing.T) {
	next := &fake{embed: working}
	c := cached(next)
	requireEmbeds(t, c, "Go", "go", "go ", " go", "go\n", "g o", "")
	require.Equal(t, []int{7}, sizes(next))
}

func TestKeyTellsModelsApart(t *testing.T) {
	seen := map[Key]bool{}
	for _, k := range []Key{KeyOf("a", "b"), KeyOf("b", "b"), KeyOf("ab", ""), KeyOf("", "ab"), KeyOf("a b", "c"), KeyOf("a", "b c")} {
		require.False(t, seen[k])
		seen[k] = true
	}
	require.True(t, seen[KeyOf("a", "b")])
	require.Regexp(t, "^[0-9a-f]{64}$", KeyOf("a", "b").String())
}

func TestCacheKeepsWhatACallerChanges(t *testing.T) {
	c := cached(&fake{embed: working})
	for range 3 {
		vectors, err := c.Embed(t.Context(), []string{"a", "a"})
		require.NoError(t, err)
		requireMade(t, []string{"a", "a"}, vectors)
		clear(vectors[0])
		clear(vectors[1])
	}
}

func TestCacheHasATextOnItsWayOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &fake{embed: slow}
		c := cached(next)
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() { requireEmbeds(t, c, "same") })
		}
		wg.Wait()
		require.Equal(t, [][]string{{"same"}}, next.requests())
		require.EqualValues(t, 19, c.state().Hits)
	})
}

func TestCacheAsksAgainForOneThatItsCallerLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &fake{embed: slow}
		c := cached(next)
		var wg sync.WaitGroup
		for _, after := range []time.Duration{500 * time.Millisecond, 700 * time.Millisecond} {
			ctx, cancel := context.WithTimeout(t.Context(), after)
			defer cancel()
			wg.Go(func() {
				_, err := c.Embed(ctx, []string{"same"})
				require.ErrorIs(t, err, context.DeadlineExceeded)
			})
			synctest.Wait()
		}
		wg.Go(func() { requireEmbeds(t, c, "same") })
		wg.Wait()
		require.Empty(t, c.flights)
	})
}

func TestCacheSharesAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &fake{embed: func(context.Context, []string) ([][]float32, error) {
			time.Sleep(time.Second)
			return nil, of(unreachable)
		}}
		c := cached(next)
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				_, err := c.Embed(t.Context(), []string{"same"})
				require.ErrorIs(t, err, ErrUnavailable)
			})
		}
		wg.Wait()
		require.Len(t, next.requests(), 1)

		next.embed = working
		requireEmbeds(t, c, "same")
	})
}

func TestCacheTellsWhichTextIsBad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &fake{embed: func(ctx context.Context, texts []string) ([][]float32, error) {
			time.Sleep(time.Second)
			for i, text := range texts {
				if text == "bad" {
					return nil, &TextError{Index: i, Err: of(badText)}
				}
			}
			return working(ctx, texts)
		}}
		c := cached(next)
		requireEmbeds(t, c, "known")
		var wg sync.WaitGroup
		fails := func(index int, all ...string) {
			wg.Go(func() {
				_, err := c.Embed(t.Context(), all)
				text, ok := errors.AsType[*TextError](err)
				require.True(t, ok, err)
				require.Equal(t, index, text.Index)
				require.ErrorIs(t, err, ErrRefused)
			})
			synctest.Wait()
		}
		fails(2, "good", "known", "bad")
		fails(0, "bad", "known")
		fails(70, append(texts(70), "bad")...)
		wg.Go(func() { requireEmbeds(t, c, "known", "good") }) // on its way with the bad one
		wg.Wait()
	})
}

func TestCacheMakesRoom(t *testing.T) {
	next := &fake{embed: working}
	c := newCache(next, nil, 2*(4*dims+entryBytes), &dimension{})
	requireEmbeds(t, c, "a", "b")
	requireEmbeds(t, c, "a")
	requireEmbeds(t, c, "c") // in the place of b
	requireEmbeds(t, c, "a")
	requireEmbeds(t, c, "b")
	require.Equal(t, [][]string{{"a", "b"}, {"c"}, {"b"}}, next.requests())
	state := c.state()
	require.EqualValues(t, 2, state.Evictions)
	require.Equal(t, 2, state.Entries)
	require.EqualValues(t, 2*(4*dims+entryBytes), state.Bytes)
}

func TestCacheAnswersWithoutRoom(t *testing.T) {
	c := newCache(&fake{embed: working}, nil, 1, &dimension{})
	requireEmbeds(t, c, "a", "b", "a")
	require.Zero(t, c.state().Entries)
}

func TestCacheAsksTheKeeperFirst(t *testing.T) {
	s := newShelf()
	requireEmbeds(t, newCache(&fake{embed: working}, s, 1<<20, &dimension{}), "a", "b")

	next := &fake{embed: working}
	c := newCache(next, s, 1<<20, &dimension{})
	requireEmbeds(t, c, "a", "c", "b")
	requireEmbeds(t, c, "a", "c", "b")
	require.Equal(t, [][]string{{"c"}}, next.requests())
	state := c.state()
	require.EqualValues(t, 2, state.BackendHits)
	require.EqualValues(t, 1, state.Misses)
	require.EqualValues(t, 3, state.Hits)
}

func TestCacheTakesNoNonsenseFromTheKeeper(t *testing.T) {
	for name, v := range map[string][]float32{
		"another length": {1, 0},
		"zeros":          make([]float32, dims),
		"not a number":   {1, 0, 0, float32(math.NaN())},
		"nothing":        {},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShelf()
			s.vectors[KeyOf("fake", "a")] = v
			d := &dimension{}
			d.settle(dims)
			requireEmbeds(t, newCache(&fake{embed: working}, s, 1<<20, d), "a")
			require.Equal(t, made("a")[0], s.vectors[KeyOf("fake", "a")], "it is put right")
		})
	}
}

// TestCacheTakesTheModelsWordForTheDimension has vectors of another length in
// the keeper than the model makes, as when the name of the model was given to
// another one.
func TestCacheTakesTheModelsWordForTheDimension(t *testing.T) {
	s := newShelf()
	for _, text := range append(texts(cachePiece), "stale") {
		s.vectors[KeyOf("fake", text)] = []float32{1, 0}
	}
	s.vectors[KeyOf("fake", "right")] = made("right")[0]
	d := &dimension{}
	c := newCache(newGuard(&fake{embed: working}, guardPolicy(), d, silent), s, 1<<20, d)

	vectors, err := c.Embed(t.Context(), []string{"stale"})
	require.NoError(t, err, "who could know")
	require.Len(t, vectors[0], 2)
	requireEmbeds(t, c, "right")
	requireEmbeds(t, c, "stale")
	requireEmbeds(t, c, "new")
	require.Equal(t, dims, d.known())

	d = &dimension{}
	c = newCache(newGuard(&fake{embed: working}, guardPolicy(), d, silent), s, 1<<20, d)
	requireEmbeds(t, c, append(texts(cachePiece), "stale", "newer")...)
}

func TestCacheDoesWithoutAKeeperThatFails(t *testing.T) {
	s := newShelf()
	s.err = errors.New("down")
	c := newCache(&fake{embed: working}, s, 1<<20, &dimension{})
	requireEmbeds(t, c, "a")
	require.EqualValues(t, 2, c.state().BackendErrors)
}

func TestCacheDoesNotWaitForASlowKeeper(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		s.delay = time.Hour
		start := time.Now()
		requireEmbeds(t, newCache(&fake{embed: working}, s, 1<<20, &dimension{}), "a")
		require.Equal(t, 2*keeperTime, time.Since(start))
	})
}

func BenchmarkCacheHit(b *testing.B) {
	c := newCache(&fake{embed: func(_ context.Context, texts []string) ([][]float32, error) {
		vectors := make([][]float32, len(texts))
		for i := range vectors {
			vectors[i] = make([]float32, 384)
			vectors[i][0] = 1
		}
		return vectors, nil
	}}, nil, 1<<20, &dimension{})
	query := []string{"what did my older sister say about her new job at the hospital yesterday"}
	for b.Loop() {
		_, err := c.Embed(b.Context(), query)
		require.NoError(b, err)
	}
}
