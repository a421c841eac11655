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
	// candidates is how many chunks it brings in.
	candidates = 240
	// affordable is how many occurrences of terms it may go through: the cost
	// of a look grows with them. The rarest terms come first, so that in a
	// small workspace all are looked for, and in a large one those that tell
	// memories apart.
	affordable = 12_000
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

// look brings in and scores the first candidates: chunks that hold any of the
// terms. Where there are terms too common to look for, the chunks that hold
// all of them are brought in beside those that hold one of the rarer.
func (r *recall) look(ctx context.Context) error {
	some, all := r.affordableTerms()
	if len(some) == 0 {
		return nil
	}
	refs, err := r.store.Matching(ctx, r.workspace, TermQuery{Terms: some, Filter: r.filter}, candidates)
	if err != nil {
		return fmt.Errorf("matching any of the terms: %w", err)
	}
	if len(some) < len(all) {
		more, err := r.store.Matching(ctx, r.workspace, TermQuery{Terms: all, All: true, Filter: r.filter}, candidates/4)
		if err != nil {
			return fmt.Errorf("matching all of the terms: %w", err)
		}
		refs = append(refs, more...)
	}
	return r.fetch(ctx, refs)
}

// affordableTerms returns the terms that stand anywhere, the rarest first, and
// those of them to look for.
func (r *recall) affordableTerms() (some, all []string) {
	known := make([]term, 0, len(r.terms))
	for _, t := range r.terms {
		if t.with > 0 {
			known = append(known, t)
		}
	}
	slices.SortStableFunc(known, func(a, b term) int { return cmp.Compare(a.with, b.with) })
	cost := 0
	for _, t := range known {
		cost += t.with
		if cost <= affordable || len(some) == 0 {
			some = append(some, t.Term)
		}
		all = append(all, t.Term)
	}
	return some, all
}

// measure finds the average length of what is in view.
func (r *recall) measure() {
	var sum float64
	for _, m := range r.memories {
		sum += m.length()
	}
	r.average = sum / float64(max(1, len(r.memories)))
}

// length is that of the whole memory in words, judged by the chunks in view.
func (m *found) length() float64 {
	n := 0
	for _, c := range m.chunks {
		n += len(c.doc.Stems)
	}
	return float64(n) / float64(len(m.chunks)) * float64(m.first().passage.Chunks)
}
