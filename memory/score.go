package memory

import (
	"slices"

	"zapomni/memory/words"
)

// weights say how much each feature of a match counts. One unit is the worth
// of all terms of the question, each standing once in a text of average
// length. They were chosen by hand, from sweeps over five development
// collections at once (conversations, abstracts, encyclopedia passages,
// code); see docs/adr for the figures.
type weights struct {
	saturation float64 // k1 of BM25: how soon repeating a word stops to count
	length     float64 // b of BM25: how much a text longer than average is worth less
	short      float64 // texts of fewer words all count as equally short
	coverage   float64 // how much the share of the terms that stand counts beyond their sum
	head       float64 // a term in a title, a signature or the comment below it
	pair       float64 // two terms side by side, as in the question
	phrase     float64 // the question as it is
	title      float64 // the whole title stands in the question
	lead       float64 // a name in the question heads the text

	meaning float64 // a chunk that means the same, if it is long
	second  float64 // of that, for the next chunk of the same memory
	sharp   float64 // how much more the nearest count than others
	brief   float64 // words of a text of which it counts half

	link    float64 // a good hit names it
	linkOwn float64 // part of link that depends on how well it matches itself
	linkCap float64 // never as much as the hit that names it

	speaker  float64 // the one who says it is named in the question
	asking   float64 // the line ends with a question: those who ask know nothing
	dated    float64 // the question is when, and the line tells
	answer   float64 // how much more the line after a question gets of it
	adjacent float64 // of the score of the line before and after, in a conversation
	nextBut  float64 // of those one further
	session  float64 // of the best of the same session
}

func defaultWeights() weights {
	return weights{
		saturation: 1.4, length: 0.75, short: 40, coverage: 1, head: 0.6, pair: 0.4, phrase: 0.5,
		title: 1.2, lead: 0.6,
		meaning: 2.6, sharp: 2.5, second: 0.5, brief: 8,
		link: 0.6, linkOwn: 0.35, linkCap: 0.95,
		speaker: 0.1, asking: 0.3, dated: 0.15, answer: 1.5,
		adjacent: 0.3, nextBut: 0.15, session: 0.4,
	}
}

// match is how a chunk meets the question.
type match struct {
	counts []int  // of each term
	inHead []bool // whether each term stands in the head
	worth  float64
	pairs  float64
	phrase bool
}

// meet compares a chunk with the question.
func (r *recall) meet(d *words.Doc) *match {
	m := &match{counts: make([]int, len(r.terms)), inHead: make([]bool, len(r.terms))}
	before := -1
	paired := make([]bool, len(r.terms))
	for at, h := range d.Stems {
		i := r.term(h)
		if i >= 0 {
			m.counts[i]++
			m.inHead[i] = m.inHead[i] || at < d.Head
			if before >= 0 && before == i-1 && !r.terms[i].Gap && !paired[i] {
				paired[i] = true
				m.pairs += min(r.terms[i].weight, r.terms[before].weight)
			}
		}
		before = i
	}
	for _, h := range d.Wholes {
		if i := r.term(h); i >= 0 {
			m.counts[i]++
		}
	}
	for i, n := range m.counts {
		if n > 0 {
			m.worth += r.terms[i].weight
		}
	}
	m.phrase = len(r.query.Sequence) > 1 && contains(d.Stems, r.query.Sequence)
	return m
}

// term returns which term of the question h is; -1 if none.
func (r *recall) term(h words.Hash) int {
	for i := range r.terms {
		if r.terms[i].Hash == h {
			return i
		}
	}
	return -1
}

// contains reports whether run stands in s.
func contains(s, run []words.Hash) bool {
	for i := 0; i+len(run) <= len(s); i++ {
		if s[i] == run[0] && slices.Equal(s[i:i+len(run)], run) {
			return true
		}
	}
	return false
}

// score sets what the words of m are worth: BM25 over the terms of all its
// chunks in view, and what else speaks for it.
func (r *recall) score(m *found) {
	m.sum = match{counts: make([]int, len(r.terms)), inHead: make([]bool, len(r.terms))}
	var bonus float64
	m.cosine, m.second = unknown, unknown
	for _, c := range m.chunks {
		if c.match == nil {
			c.match = r.meet(c.doc)
		}
		m.sum.add(c.match)
		cosine := r.cosine(c)
		m.second = max(m.second, min(cosine, m.cosine))
		m.cosine = max(m.cosine, cosine)
		if m.best == nil || r.better(c, m.best) {
			m.best = c
		}
		if c.passage.Index == 0 {
			bonus = r.headWorth(c)
		}
	}
	worth := r.bm25(&m.sum, m.length()) + r.weigh.pair*m.sum.pairs + bonus
	if m.sum.phrase {
		worth += r.weigh.phrase * r.total
	}
	m.scored = true
	if r.total > 0 {
		m.words = worth / r.total
	}
}

func (m *match) add(c *match) {
	for i, n := range c.counts {
		m.counts[i] += n
		m.inHead[i] = m.inHead[i] || c.inHead[i]
	}
	m.pairs = max(m.pairs, c.pairs)
	m.phrase = m.phrase || c.phrase
}

// better reports whether a chunk shows better than another why it was found.
func (r *recall) better(c, than *candidate) bool {
	if c.match.phrase != than.match.phrase {
		return c.match.phrase
	}
	return r.shows(c) > r.shows(than)
}

func (r *recall) shows(c *candidate) float64 {
	worth := r.weigh.meaning * r.weigh.worthOf(r.cosine(c))
	if r.total > 0 {
		worth += (c.match.worth + c.match.pairs) / r.total
	}
	return worth
}

// bm25 is Robertson and Zaragoza's, with the head of a text as a field of its
// own, times a factor that grows with the share of the terms that stand.
func (r *recall) bm25(m *match, length float64) float64 {
	k1 := r.weigh.saturation
	norm := 1 - r.weigh.length + r.weigh.length*max(length, r.weigh.short)/max(r.average, r.weigh.short)
	var sum, covered float64
	for i, n := range m.counts {
		if n == 0 {
			continue
		}
		tf, w := float64(n), r.terms[i].weight
		sum += w * tf * (k1 + 1) / (tf + k1*norm)
		covered += w
		if m.inHead[i] {
			sum += r.weigh.head * w
		}
	}
	return sum * (1 + r.weigh.coverage*covered/max(r.total, covered))
}

// headWorth is what a memory is worth because the question names it.
func (r *recall) headWorth(c *candidate) float64 {
	var worth float64
	d := c.doc
	if len(d.Title) > 0 && contains(r.content(), d.Title) {
		for _, h := range d.Title {
			worth += r.weigh.title * r.terms[r.term(h)].weight
		}
	}
	if r.leadNamed(c) != "" {
		worth += r.weigh.lead * r.total
	}
	return worth
}

// content is the question without its common words.
func (r *recall) content() []words.Hash {
	s := make([]words.Hash, len(r.terms))
	for i := range r.terms {
		s[i] = r.terms[i].Hash
	}
	return s
}

// leadNamed returns the name in the question that heads c; empty if none.
func (r *recall) leadNamed(c *candidate) words.Name {
	if len(r.query.Names) == 0 || c.passage.Index > 0 {
		return ""
	}
	for _, lead := range words.Leads(c.passage.Text) {
		if slices.Contains(r.query.Names, lead) {
			return lead
		}
	}
	return ""
}
