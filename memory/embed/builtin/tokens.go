package builtin

import "strings"

// Tokenizer turns texts into the tokens of the model: words that are common,
// and pieces of those that are not. It may be used by several goroutines at
// once. Use NewTokenizer.
type Tokenizer struct {
	tokenizer *tokenizer
	vocab     string
}

// NewTokenizer reads the vocabulary, which takes some milliseconds.
func NewTokenizer() (*Tokenizer, error) {
	m, err := parse(asset)
	if err != nil {
		return nil, err
	}
	t, err := newTokenizer(m.vocab)
	if err != nil {
		return nil, err
	}
	return &Tokenizer{tokenizer: t, vocab: m.vocab}, nil
}

// Tokens returns the numbers of the tokens that Embed would encode of text,
// 254 at most, without the first and the last, which every text has. Each is
// less than 30,522.
func (t *Tokenizer) Tokens(text string) []int32 {
	tokens := t.tokenizer.tokens(text)
	return tokens[1 : len(tokens)-1]
}

// Vocabulary returns what the tokens stand for, by their numbers. A piece that
// goes on in a word begins with "##".
func (t *Tokenizer) Vocabulary() []string {
	return strings.Split(strings.TrimSuffix(t.vocab, "\n"), "\n")
}
