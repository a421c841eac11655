package embedded

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCountCacheKnowsWhenCountsHold(t *testing.T) {
	t.Parallel()
	counted := index{prefix: "1:", chunks: 20_000, state: 50_000}
	for name, row := range map[string]struct {
		with int
		now  index
		want bool
	}{
		"nothing changed":                 {1, index{"1:", 20_000, 50_000}, true},
		"rare, one was put":               {1, index{"1:", 20_001, 50_001}, false},
		"absent, one was put":             {0, index{"1:", 20_001, 50_001}, false},
		"rare, one was deleted":           {1, index{"1:", 19_999, 50_000}, false},
		"rare, one was replaced":          {1, index{"1:", 20_000, 50_001}, false},
		"common, few were put":            {5_000, index{"1:", 20_500, 50_500}, true},
		"common, many were put":           {5_000, index{"1:", 20_501, 50_501}, false},
		"common, few were deleted":        {5_000, index{"1:", 19_500, 50_000}, true},
		"common, many were deleted":       {5_000, index{"1:", 19_499, 50_000}, false},
		"common, many were replaced":      {5_000, index{"1:", 20_000, 50_300}, false},
		"another workspace":               {5_000, index{"2:", 20_000, 50_000}, false},
		"common, many were put elsewhere": {5_000, index{"1:", 20_000, 60_000}, false},
	} {
		var c countCache
		c.keep(counted, map[string]int{"term": row.with})
		known, missing := c.look(row.now, []string{"term", "never counted"})
		if row.want {
			require.Equal(t, map[string]int{"term": row.with}, known, name)
			require.Equal(t, []string{"never counted"}, missing, name)
		} else {
			require.Empty(t, known, name)
		}
	}
}

func TestCountCacheIsBounded(t *testing.T) {
	t.Parallel()
	var c countCache
	x := index{prefix: "1:"}
	for i := range 3 * cachedCounts {
		c.keep(x, map[string]int{fmt.Sprint(i): i})
		require.LessOrEqual(t, len(c.counts), cachedCounts)
	}
	known, _ := c.look(x, []string{fmt.Sprint(3*cachedCounts - 1)})
	require.Len(t, known, 1, "the last is known")
}
