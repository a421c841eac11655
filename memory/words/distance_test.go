package words_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory/words"
)

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		name, a, b string
		want       int
	}{
		{"the same", "work", "work", 0},
		{"one more", "work", "works", 1},
		{"one other", "work", "wort", 1},
		{"two swapped", "form", "from", 2},
		{"from nothing", "", "abc", 3},
		{"nothing in common", "abc", "xyz", 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, words.Distance(tt.a, tt.b))
			require.Equal(t, tt.want, words.Distance(tt.b, tt.a))
		})
	}
}
