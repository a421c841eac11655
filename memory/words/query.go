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
	q := a.query(text, func(word string) bool { return !isStop(word) })
	if len(q.Terms) == 0 {
		q = a.query(text, func(string) bool { return true })
	}
	for _, n := range names(text) {
		if !n.lead {
			q.Names = append(q.Names, n.public())
		}
	}
	return q
}

func (a *Analyzer) query(text string, wanted func(string) bool) Query {
	var q Query
	seen := make(map[string]bool)
	var buf []string
	gap := true
	s := scanner{text: text}
	for s.next() {
		buf = a.appendStems(buf[:0], s.token())
		keep := wanted(fold(strings.ReplaceAll(s.token(), "_", "")))
		for _, term := range buf {
			term, whole := strings.CutPrefix(term, wholeMark)
			if !whole {
				q.Sequence = append(q.Sequence, HashOf(term))
			}
			if !keep || seen[term] {
				continue
			}
			seen[term] = true
			q.Terms = append(q.Terms, QueryTerm{
				Term: term, Word: strings.ToLower(s.token()), Hash: HashOf(term), Gap: gap,
			})
			gap = false
		}
		gap = gap || !keep
	}
	return q
}
