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

import "hash/maphash"

// Version changes whenever a text may give other terms than before. An index
// built under another version has to be built anew.
const Version = 2

// Analyzer analyses texts and remembers the words it has seen. It is safe for use
// by many goroutines. The zero value is ready, and costs nothing until used.
type Analyzer struct {
	tokens tokenCache
}

// Terms returns the index terms of text, in order and with repetitions: the
// stems of all words, identifiers as a whole besides their parts, and the
// language if the text is code. A term has no blanks and no quotes.
func (a *Analyzer) Terms(text string) []string {
	terms := make([]string, 0, len(text)/5+4)
	for s := (scanner{text: text}); s.next(); {
		terms = append(terms, a.tokens.get(s.token()).terms...)
	}
	if l := languageOf(text); l != "" {
		terms = append(terms, stem(l))
	}
	return terms
}

// Hash is a term in the short form in which a Doc keeps it. Hashes of one
// process are never kept beyond it.
type Hash uint64

//nolint:gochecknoglobals // a constant of the process: maphash gives no other way to have one.
var seed = maphash.MakeSeed()

// HashOf returns the hash of a term.
func HashOf(term string) Hash { return Hash(maphash.String(seed, term)) }
