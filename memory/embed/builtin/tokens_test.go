package builtin

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTokensAreThoseBetweenTheFirstAndTheLast(t *testing.T) {
	tokenizer, err := NewTokenizer()
	require.NoError(t, err)
	own, _ := newTestTokenizer(t)
	for _, text := range []string{"", "tea", "embeddings, again", strings.Repeat("tea ", 1000)} {
		want := own.tokens(text)
		require.Equal(t, want[1:len(want)-1], tokenizer.Tokens(text))
	}
}
