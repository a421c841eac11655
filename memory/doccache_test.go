package memory

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory/words"
)

func TestDocCacheIsBoundedHoweverShortTheTexts(t *testing.T) {
	const bound = 64 << 10
	c := newDocCache(new(words.Analyzer), bound)
	c.put(&Passage{Text: "ship"}) // the words are known from here on
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	most := uint64(0)
	for i := range 5000 {
		c.put(&Passage{Ref: Ref(fmt.Sprint(i)), Memory: ID(fmt.Sprint(i)), Text: "ship"})
		if i%100 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&after)
			most = max(most, after.HeapAlloc)
		}
	}
	require.Less(t, most-before.HeapAlloc, uint64(5*bound))
	require.NotEmpty(t, c.docs)
}
