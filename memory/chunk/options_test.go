package chunk_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory/chunk"
)

func TestValidateSaysAllThatIsWrong(t *testing.T) {
	const size, overlap = "chunk_size must be between 10 and 2048", "chunk_overlap must be >= 0 and < chunk_size"
	for _, tc := range []struct {
		name string
		o    chunk.Options
		want string
	}{
		{"too small", chunk.Options{Size: 9}, size},
		{"too large", chunk.Options{Size: 2049}, size},
		{"negative overlap", chunk.Options{Size: 10, Overlap: -1}, overlap},
		{"overlap as large as the size", chunk.Options{Size: 10, Overlap: 10}, overlap},
		{"negative min", chunk.Options{Size: 10, Min: -1}, "chunk_min must be >= 0"},
		{"two at once", chunk.Options{Size: 1, Overlap: 2}, size + "\n" + overlap},
	} {
		t.Run(tc.name, func(t *testing.T) {
			require.EqualError(t, tc.o.Validate(), tc.want)
		})
	}
}

func TestValidateAcceptsTheBounds(t *testing.T) {
	for _, o := range []chunk.Options{
		chunk.Defaults(),
		{Size: 10, Overlap: 9},
		{Size: 2048, Overlap: 0},
	} {
		require.NoError(t, o.Validate(), "%+v", o)
	}
}

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
