// Package words turns text into what a search by words works on: stems, the
// parts of identifiers, and names. The same text always gives the same terms,
// whoever asks: a store when it indexes, the question when it is asked, the
// ranking when it looks closer.
//
// English is stemmed by Snowball (Porter 2), words in Cyrillic letters by its
// Russian sister; scripts written without blanks give pairs of characters;
// identifiers give their parts and themselves. Nothing is dropped from the
// terms of a text: common words are told apart only in a Query.
package words

import (
	"hash/maphash"
	"strings"
)

// Version changes whenever a text may give other terms than before. An index
// built under another version has to be built anew.
const Version = 1

// Analyzer analyses texts and remembers stems it has seen. It is safe for use
// by many goroutines. The zero value is ready, and costs nothing until used.
type Analyzer struct {
	stems stemCache
}

// Terms returns the index terms of text, in order and with repetitions. A
// term has no blanks and no quotes. Terms that start with '@' stand for a name
// in the text, with '^' for a name that the text is headed by, with '~' for an
// identifier as a whole.
func (a *Analyzer) Terms(text string) []string {
	terms := make([]string, 0, len(text)/5+4)
	s := scanner{text: text}
	for s.next() {
		terms = a.appendStems(terms, s.token())
	}
	for i, t := range terms {
		terms[i] = strings.TrimPrefix(t, wholeMark)
	}
	if l := languageOf(text); l != "" {
		terms = append(terms, a.stems.of(l))
	}
	for _, n := range names(text) {
		terms = append(terms, n.term())
	}
	return terms
}

// appendStems appends the stems of a token, and the token itself as a term of
// its own if it has several.
func (a *Analyzer) appendStems(terms []string, token string) []string {
	before := len(terms)
	parts(token, func(part string) {
		if s := a.stems.of(part); s != "" { // a mark alone folds to nothing
			terms = append(terms, s)
		}
	})
	if len(terms)-before > 1 && !isCJK(token) {
		terms = append(terms, wholeMark+a.stems.of(joined(token)))
	}
	return terms
}

// wholeMark starts the term of an identifier as a whole.
const wholeMark = "~"

// Hash is a term in the short form in which a Doc keeps it. Hashes of one
// process are never kept beyond it.
type Hash uint64

//nolint:gochecknoglobals // a constant of the process: maphash gives no other way to have one.
var seed = maphash.MakeSeed()

// HashOf returns the hash of a term.
func HashOf(term string) Hash { return Hash(maphash.String(seed, term)) }
