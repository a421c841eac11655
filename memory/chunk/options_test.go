package chunk_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory/chunk"
)

func TestSplitBringsBadOptionsIntoBounds(t *testing.T) {
	text := strings.Repeat("one two three. ", 500)
	for name, o := range map[string]chunk.Options{
		"zero":     {},
		"negative": {Size: -1, Overlap: -1, Min: -1},
		"huge":     {Size: math.MaxInt, Overlap: math.MaxInt, Min: math.MaxInt},
	} {
		t.Run(name, func(t *testing.T) {
			got := chunk.Split(text, o)
			require.Greater(t, len(got), 1)
			require.Equal(t, len(text), got[len(got)-1].End)
		})
	}
}

func TestSplitTakesZeroForTheDefaults(t *testing.T) {
	text := strings.Repeat("one two three. ", 500)
	want := chunk.Split(text, chunk.Options{Size: 512, Min: 100})
	require.Equal(t, want, chunk.Split(text, chunk.Options{}))
}
