package memory

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"zapomni/memory/words"
)

// The first look brings in the chunks among which ranking finds the best. A
// chunk not among them is lost, unless a name or a neighbor leads to it.
const (
	// candidates is how many chunks it brings in, at a breadth of 1.
	candidates = 160
	// affordable is how many places of terms it may go through: the cost of a
	// look grows with them. The rarest terms come first, so that in a small
	// workspace all are looked for, and in a large one those that tell
	// memories apart. What holds all of the terms holds the rarest of them.
	affordable = 8_000
)

// term is a word of the question.
type term struct {
	words.QueryTerm
	with   int     // chunks that hold it
	weight float64 // the rarer, the heavier
}

// countTerms finds out how much each term is worth.
func (r *recall) countTerms(ctx context.Context) error {
	names := make([]string, len(r.query.Terms))
	for i, t := range r.query.Terms {
		names[i] = t.Term
	}
	f, err := r.store.Frequencies(ctx, r.workspace, names)
	if err != nil {
		return fmt.Errorf("frequencies: %w", err)
	}
	r.terms = make([]term, len(names))
	for i, t := range r.query.Terms {
		r.terms[i] = term{QueryTerm: t, with: f.With[i], weight: rarity(f.With[i], f.Chunks)}
		r.total += r.terms[i].weight
	}
	return nil
}

// rarity is the inverse document frequency as Lucene has it: never negative.
func rarity(with, chunks int) float64 {
	n, d := float64(max(chunks, with)), float64(with)
	return math.Log(1 + (n-d+0.5)/(d+0.5))
}

// lookByWords returns chunks that hold any of the terms.
func (r *recall) lookByWords(ctx context.Context) ([]Ref, error) {
	if r.mode == ByMeaning {
		r.query.Terms = nil
	}
	if err := r.countTerms(ctx); err != nil {
		return nil, err
	}
	terms := r.affordableTerms()
	if len(terms) == 0 {
		return nil, nil
	}
	most := candidates * r.breadth
	refs, err := r.store.Matching(ctx, r.workspace, TermQuery{Terms: terms, Filter: r.filter}, most)
	if err != nil {
		return nil, fmt.Errorf("matching: %w", err)
	}
	r.more = len(refs) == most
	return refs, nil
}

// affordableTerms returns the terms to look for, the rarest first.
func (r *recall) affordableTerms() []string {
	known := slices.DeleteFunc(slices.Clone(r.terms), func(t term) bool { return t.with == 0 })
	slices.SortStableFunc(known, func(a, b term) int { return cmp.Compare(a.with, b.with) })
	var terms []string
	cost := 0
	for _, t := range known {
		cost += t.with
		if cost > affordable && len(terms) > 0 {
			break
		}
		terms = append(terms, t.Term)
	}
	return terms
}

// measure finds the average length of what is in view.
func (r *recall) measure() {
	lengths := make([]float64, 0, len(r.memories))
	for _, m := range r.memories {
		lengths = append(lengths, m.length())
	}
	r.average = sum(lengths) / float64(max(1, len(lengths)))
}

// sum adds up in the order of size, so that it is the same to the last bit
// whatever the order of all was. It sorts them.
func sum(all []float64) float64 {
	slices.Sort(all)
	var sum float64
	for _, x := range all {
		sum += x
	}
	return sum
}

// length is that of the whole memory in words, judged by the chunks in view.
func (m *found) length() float64 {
	n := 0
	for _, c := range m.chunks {
		n += len(c.doc.Stems)
	}
	return float64(n) / float64(len(m.chunks)) * float64(m.first().passage.Chunks)
}
