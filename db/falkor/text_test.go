package falkor

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestStoredTextComesBack(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "plain", "\x00", "\x1a", "\x1a0", "\x1a\x1a0\x00", "a\x00b\x1a", strings.Repeat("\x00\x1a", 9)} {
		require.NotContains(t, stored(text), "\x00")
		require.Equal(t, text, restored(stored(text)))
	}
}

func FuzzStoredTextComesBack(f *testing.F) {
	f.Add("a\x00b\x1ac")
	f.Fuzz(func(t *testing.T, text string) {
		require.NotContains(t, stored(text), "\x00")
		require.Equal(t, text, restored(stored(text)))
	})
}

func TestTokensAreWordsToTheIndex(t *testing.T) {
	t.Parallel()
	for term, want := range map[string]string{
		"nurse": "nurse", "2'omethyl": "2_27omethyl", "сестр": "сестр", "東京": "東京", "": "", "A": "_41", "_": "_5f",
		"a-b": "a_2db", "a b": "a_20b", "\xff": "_ff", "\uFFFD": "_ef_bf_bd", "w|x": "w_7cx", "@f:x*": "_40f_3ax_2a",
	} {
		require.Equal(t, want, token(term), "%q", term)
	}
	require.LessOrEqual(t, len(token(strings.Repeat("x", 5000))), longestToken)
}

func FuzzTokensOfDifferentTermsDiffer(f *testing.F) {
	f.Add("a_2d", "a-")
	f.Add("\xff", "\uFFFD")
	f.Fuzz(func(t *testing.T, a, b string) {
		if a == b || len(a) > 100 || len(b) > 100 {
			return
		}
		require.NotEqual(t, token(a), token(b))
		require.True(t, utf8.ValidString(token(a)))
		require.NotContains(t, token(a), " ")
	})
}

func TestTokensStandOnceEach(t *testing.T) {
	t.Parallel()
	require.Equal(t, "b a", tokens([]string{"b", "a", "b"}))
	require.Empty(t, tokens(nil))
}
