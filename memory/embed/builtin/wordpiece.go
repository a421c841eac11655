package builtin

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Tokens with a meaning of their own.
const (
	padToken     = 0
	unknownToken = 100
	firstToken   = 101
	lastToken    = 102
	maskToken    = 103
)

// longestWord is how many characters a word may have; a longer one is unknown.
const longestWord = 100

// tokenizer turns a text into the tokens of the model: words that are common,
// and pieces of those that are not.
type tokenizer struct {
	starts map[string]int32 // what a word can begin with
	rests  map[string]int32 // what can go on in it, without the mark "##"
	widest int              // bytes in the longest of both
}

// newTokenizer reads a vocabulary: one token a line, its number is its line.
func newTokenizer(vocab string) (*tokenizer, error) {
	t := &tokenizer{
		starts: make(map[string]int32, vocabulary*4/5),
		rests:  make(map[string]int32, vocabulary/5),
	}
	var id int32
	for token := range strings.SplitSeq(strings.TrimSuffix(vocab, "\n"), "\n") {
		if rest, ok := strings.CutPrefix(token, "##"); ok && rest != "" {
			t.rests[rest] = id
		} else {
			t.starts[token] = id
		}
		t.widest = max(t.widest, len(token))
		id++
	}
	if id != vocabulary {
		return nil, fmt.Errorf("read the vocabulary: %d tokens, want %d", id, vocabulary)
	}
	return t, nil
}

// tokens returns the tokens of text between the first and the last token, cut
// off after maxTokens in all.
func (t *tokenizer) tokens(text string) []int32 {
	ids := append(make([]int32, 0, min(maxTokens, 2+len(text)/3)), firstToken)
	for text != "" && len(ids) < maxTokens {
		var part string
		part, text = cutPart(text)
		ids = t.part(ids, part)
	}
	return append(ids[:min(len(ids), maxTokens-1)], lastToken)
}

// cutPart cuts text where a word ends in any case, so that no more is read of a
// book than counts.
func cutPart(text string) (part, rest string) {
	const enough = 4096
	if len(text) <= enough {
		return text, ""
	}
	n := strings.IndexFunc(text[enough:], endsWord)
	if n < 0 {
		return text, ""
	}
	return text[:enough+n], text[enough+n:]
}

// endsWord says that no word, and no token by name, goes on with r.
func endsWord(r rune) bool {
	return unicode.IsSpace(r) || isChinese(r) || isPunctuation(r) && r != ']'
}

// part appends the tokens of a part of a text.
func (t *tokenizer) part(ids []int32, text string) []int32 {
	for text != "" {
		before, id, after := cutSpecial(text)
		for _, word := range split(before) {
			ids = t.pieces(ids, word)
		}
		if id != noToken {
			ids = append(ids, id)
		}
		text = after
	}
	return ids
}

// pieces appends the longest pieces that word can be put together of, or the
// unknown token if it cannot.
func (t *tokenizer) pieces(ids []int32, word string) []int32 {
	if len(word) > longestWord && utf8.RuneCountInString(word) > longestWord {
		return append(ids, unknownToken)
	}
	before := len(ids)
	table := t.starts
	for word != "" {
		id, n := t.longest(table, word)
		if n == 0 {
			return append(ids[:before], unknownToken)
		}
		ids = append(ids, id)
		word = word[n:]
		table = t.rests
	}
	return ids
}

// longest finds the longest token of table that word begins with, and returns
// its number and its length, which is 0 if there is none.
func (t *tokenizer) longest(table map[string]int32, word string) (id int32, n int) {
	for n := min(len(word), t.widest); n > 0; n-- {
		if n < len(word) && !utf8.RuneStart(word[n]) {
			continue
		}
		if id, ok := table[word[:n]]; ok {
			return id, n
		}
	}
	return 0, 0
}

const noToken = -1

// cutSpecial finds the first token that stands for itself in a text. The
// reference takes them at their word wherever they are written, and so does
// this one, as its vectors would differ otherwise.
func cutSpecial(text string) (before string, id int32, after string) {
	for i := strings.IndexByte(text, '['); i >= 0; {
		for _, s := range [...]struct {
			name string
			id   int32
		}{{"[PAD]", padToken}, {"[UNK]", unknownToken}, {"[CLS]", firstToken}, {"[SEP]", lastToken}, {"[MASK]", maskToken}} {
			if after, ok := strings.CutPrefix(text[i:], s.name); ok {
				return text[:i], s.id, after
			}
		}
		next := strings.IndexByte(text[i+1:], '[')
		if next < 0 {
			break
		}
		i += 1 + next
	}
	return text, noToken, ""
}
