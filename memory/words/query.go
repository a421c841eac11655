package words

import "strings"

// Query is a question taken apart.
type Query struct {
	// Terms are the stems worth looking for, each once, in order. They are
	// the common words too if there is nothing else.
	Terms []QueryTerm
	// Sequence holds the stems of all words, common ones included.
	Sequence []Hash
	// Names are those in the question.
	Names []Name
	// When is true if it asks for a time.
	When bool
}

// QueryTerm is a word of a question.
type QueryTerm struct {
	Term string // as in Terms of a text
	Word string // as the question spells it, in lower case
	Hash Hash
	// Gap is true if other words worth looking for do not directly precede
	// it: then it makes no pair with the term before.
	Gap bool
}

// Query takes a question apart.
func (a *Analyzer) Query(text string) Query {
	q := a.query(text, false)
	if len(q.Terms) == 0 {
		q = a.query(text, true)
	}
	q.Names, q.When = Names(text), asksWhen(text)
	return q
}

func (a *Analyzer) query(text string, common bool) Query {
	var q Query
	seen := make(map[string]bool)
	gap := true
	for s := (scanner{text: text}); s.next(); {
		t := a.tokens.get(s.token())
		q.Sequence = append(q.Sequence, t.hashes[:t.parts]...)
		if t.stop && !common {
			gap = true
			continue
		}
		word := strings.ToLower(s.token())
		for i, term := range t.terms {
			if !seen[term] {
				seen[term] = true
				q.Terms = append(q.Terms, QueryTerm{Term: term, Word: word, Hash: t.hashes[i], Gap: gap})
				gap = false
			}
		}
	}
	return q
}
