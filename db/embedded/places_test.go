package embedded

import (
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

func TestPlacesAreRememberedUntilTheIndexChanges(t *testing.T) {
	t.Parallel()
	var c placeCache
	x := index{prefix: "1:", chunks: 2, state: 2}
	c.keep(x, "a", ranking{{1, 1}})
	lists, missing := c.look(x, []string{"a", "b"})
	require.Equal(t, []ranking{{{1, 1}}}, lists)
	require.Equal(t, []string{"b"}, missing)
	for name, other := range map[string]index{
		"put":               {prefix: "1:", chunks: 3, state: 3},
		"deleted":           {prefix: "1:", chunks: 1, state: 2},
		"replaced":          {prefix: "1:", chunks: 2, state: 3},
		"another workspace": {prefix: "2:", chunks: 2, state: 2},
	} {
		lists, missing = c.look(other, []string{"a"})
		require.Empty(t, lists, name)
		require.Equal(t, []string{"a"}, missing, name)
	}
}

func TestPlacesAreBounded(t *testing.T) {
	t.Parallel()
	var c placeCache
	x := index{prefix: "1:"}
	for _, term := range []string{"a", "b", "c"} {
		c.keep(x, term, make(ranking, cachedPlaces/2))
		require.LessOrEqual(t, c.held, cachedPlaces+8)
	}
	_, missing := c.look(x, []string{"a", "c"})
	require.Equal(t, []string{"a"}, missing)
}

func TestRankDoesNotDisturbWhatItRemembers(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	for range 3 { // the same text under three IDs
		require.NoError(t, s.Put(t.Context(), newCorpus(1).memory()))
	}
	x, err := s.index(t.Context(), memory.DefaultWorkspace)
	require.NoError(t, err)
	terms := s.analyzer.Terms(newCorpus(1).memory().Text)[:1]
	first, err := s.rank(t.Context(), x, terms)
	require.NoError(t, err)
	require.NotEmpty(t, first)
	for h := first.heap(); len(h) > 0; {
		h.pop()
	}
	again, err := s.rank(t.Context(), x, terms)
	require.NoError(t, err)
	require.Len(t, again, 3)
	require.IsIncreasing(t, []int64{again[0].num, again[1].num, again[2].num})
}
