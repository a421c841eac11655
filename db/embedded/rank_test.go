package embedded

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWeighCountsPlaces(t *testing.T) {
	t.Parallel()
	r := weigh("3,3,3,70,1234567890123", 100)
	require.Len(t, r, 3)
	require.Equal(t, []int64{3, 70, 1234567890123}, []int64{r[0].num, r[1].num, r[2].num})
	require.Greater(t, r[0].score, r[1].score, "more places weigh more")
	require.Less(t, r[0].score, 2*r[1].score, "but less and less")
	require.InDelta(t, r[1].score, r[2].score, 1e-6)
	require.Empty(t, weigh("", 100))
}

func TestWeighPrefersRareTerms(t *testing.T) {
	t.Parallel()
	require.Greater(t, weigh("1", 1000)[0].score, weigh("1,2,3,4", 1000)[0].score)
	require.Positive(t, weigh("1,2,3", 3)[0].score, "a term that stands everywhere")
	require.Positive(t, weigh("1,2,3", 1)[0].score, "a count that lags behind")
}

func TestRankingsMergeByNumber(t *testing.T) {
	t.Parallel()
	a, b := ranking{{1, 1}, {3, 1}, {5, 1}}, ranking{{2, 2}, {3, 2}, {5, 2}, {9, 2}}
	require.Equal(t, ranking{{1, 1}, {2, 2}, {3, 3}, {5, 3}, {9, 2}}, a.either(b))
	require.Equal(t, a.either(b), b.either(a))
	require.Equal(t, a, a.either(nil))
	require.Equal(t, a, ranking(nil).either(a))
}

func TestHeapGivesTheBestFirst(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 60 {
		r := make(ranking, n)
		for i := range r {
			r[i] = match{int64(i), float32(random.IntN(5))}
		}
		want := slices.SortedFunc(slices.Values(r), func(a, b match) int {
			return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.num, a.num))
		})
		h := r.heap()
		for _, m := range want {
			require.Equal(t, m.num, h.pop())
		}
		require.Empty(t, h)
	}
}
