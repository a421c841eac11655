package embedded

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPlacesAreReadAsAnAscendingRanking(t *testing.T) {
	t.Parallel()
	r := readRanking("3,3,3,70,1234567890123", math.MaxInt64)
	require.Equal(t, ranking{{3, saturate(3)}, {70, saturate(1)}, {1234567890123, saturate(1)}}, r)
	require.Equal(t, r[:2], readRanking("3,3,3,70,1234567890123", 70), "nothing after the last")
	require.Empty(t, readRanking("", math.MaxInt64))
}

func TestFurtherPlacesWeighLessAndLess(t *testing.T) {
	t.Parallel()
	require.Greater(t, saturate(2), saturate(1))
	require.Less(t, saturate(3)-saturate(2), saturate(2)-saturate(1))
}

func TestRareTermsWeighMore(t *testing.T) {
	t.Parallel()
	require.Greater(t, rarity(1, 1000), rarity(4, 1000))
	require.Positive(t, rarity(3, 3), "a term that stands everywhere")
	require.Positive(t, rarity(3, 1), "a count of chunks that lags behind")
}

func TestRankingsAddUpByNumber(t *testing.T) {
	t.Parallel()
	a, b := ranking{{1, 1}, {3, 1}, {5, 1}}, ranking{{2, 2}, {3, 2}, {5, 2}, {9, 2}}
	require.Equal(t, ranking{{1, 1}, {2, 6}, {3, 7}, {5, 7}, {9, 6}}, a.plus(b, 3))
	require.Equal(t, a, a.plus(nil, 3))
	require.Equal(t, ranking{{1, 2}, {3, 2}, {5, 2}}, ranking(nil).plus(a, 2))
	require.Equal(t, ranking{{1, 1}, {3, 1}, {5, 1}}, a, "what is added is not changed")
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
