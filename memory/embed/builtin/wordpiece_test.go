package builtin

import (
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func newTestTokenizer(t testing.TB) (*tokenizer, []string) {
	t.Helper()
	m, err := parse(asset)
	require.NoError(t, err)
	tok, err := newTokenizer(m.vocab)
	require.NoError(t, err)
	return tok, strings.Split(m.vocab, "\n")
}

func TestTokens(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"nothing":           {"", ""},
		"white space":       {" \t\r\n\u3000", ""},
		"case":              {"Hello WORLD", "hello world"},
		"accents":           {"Café Zoë", "cafe zoe"},
		"accents apart":     {"Cafe\u0301", "cafe"},
		"pieces":            {"embeddings", "em ##bed ##ding ##s"},
		"punctuation":       {"don't.", "don ' t ."},
		"symbol in a word":  {"a+b=c", "a + b = c"},
		"Chinese":           {"我喝人", "我 [UNK] 人"},
		"control":           {"a\u0000b\u200bc\ufffd", "abc"},
		"a token by name":   {"x [MASK] y[SEP]", "x [MASK] y [SEP]"},
		"almost a token":    {"[mask] [", "[ mask ] ["},
		"100 characters":    {strings.Repeat("é", 100), strings.TrimSuffix("ee"+strings.Repeat(" ##ee", 49), " ")},
		"101 characters":    {strings.Repeat("é", 101) + " a", "[UNK] a"},
		"invalid UTF-8":     {"a\xffb", "ab"},
		"a whole new world": {"𐍈", "[UNK]"},
	}
	tok, vocab := newTestTokenizer(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			words := []string{}
			ids := tok.tokens(tt.text)
			for _, id := range ids[1 : len(ids)-1] {
				words = append(words, vocab[id])
			}
			require.Equal(t, strings.Fields(tt.want), words)
		})
	}
}

func TestTokensAreCutOff(t *testing.T) {
	tok, _ := newTestTokenizer(t)
	ids := tok.tokens(strings.Repeat("tea ", 1000))
	require.Len(t, ids, maxTokens)
	require.Equal(t, int32(lastToken), ids[maxTokens-1])
	require.Equal(t, ids, tok.tokens(strings.Repeat("tea ", maxTokens-2)))
}

func TestTokensOfPartsAreThoseOfTheWhole(t *testing.T) {
	tok, _ := newTestTokenizer(t)
	want := tok.tokens(strings.Repeat("émbeddings [SEP] ", 40))
	for _, gap := range []string{" ", "\n\n", strings.Repeat(" ", 333), strings.Repeat("\u3000", 99) + "\t"} {
		require.Equal(t, want, tok.tokens(strings.Repeat("émbeddings"+gap+"[SEP]"+gap, 40)), "%d bytes apart", len(gap))
	}
}

// TestTokensAreNotCutApart moves what must stay together over each place where
// a text may be cut.
func TestTokensAreNotCutApart(t *testing.T) {
	tok, _ := newTestTokenizer(t)
	for _, text := range []string{"[MASK] embeddings", "cafe\u0301 [SEP]x", "don't 人 [CLS]"} {
		want := tok.tokens(text)
		for n := 4096 - len(text); n <= 4096; n++ {
			require.Equal(t, want, tok.tokens(strings.Repeat("\u200b", n/3)+strings.Repeat("\x01", n%3)+text), "%q after %d bytes", text, n)
		}
	}
}

func TestTokensOfABookReadItsBeginning(t *testing.T) {
	tests := map[string]string{
		"English": "One Morning, ", "Chinese": "我喝人", "without blanks": "one,Morning,", "other blanks": "Éé\u00a0", "marks": "[!",
	}
	tok, _ := newTestTokenizer(t)
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			book := strings.Repeat(text, 1_000_000)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			tok.tokens(book)
			runtime.ReadMemStats(&after)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1_000_000))
		})
	}
}

func TestTokenizerRefusesAnotherVocabulary(t *testing.T) {
	_, err := newTokenizer("[PAD]\na\n")
	require.ErrorContains(t, err, "2 tokens")
}

func FuzzTokens(f *testing.F) {
	for _, text := range []string{"", "a", "[CLS", "é\u0301\xff", "我[MASK]", strings.Repeat("x", 101)} {
		f.Add(text)
	}
	tok, _ := newTestTokenizer(f)
	f.Fuzz(func(t *testing.T, text string) {
		ids := tok.tokens(text)
		require.LessOrEqual(t, len(ids), maxTokens)
		require.Equal(t, int32(firstToken), ids[0])
		require.Equal(t, int32(lastToken), ids[len(ids)-1])
		for _, id := range ids {
			require.Less(t, id, int32(vocabulary))
		}
		for _, word := range split(text) {
			require.NotEmpty(t, word)
			require.True(t, utf8.ValidString(word))
		}
	})
}
