package memory

import (
	"cmp"
	"slices"
)

// mostWords is how many words a reason names.
const mostWords = 8

// hits shows the first of what was ranked.
func (r *recall) hits(limit int) []Hit {
	hits := make([]Hit, min(limit, len(r.ranked)))
	for i, m := range r.ranked[:len(hits)] {
		p := m.best.passage
		hits[i] = Hit{
			Memory: m.id, Chunk: p.Index, Chunks: p.Chunks, Text: p.Text, Score: shown(m.score), Others: m.others(),
			Tags: p.Tags, Source: p.Source, CreatedAt: p.CreatedAt, ValidFrom: p.ValidFrom, Reasons: r.reasons(m),
		}
	}
	return hits
}

// shown turns a score into one between 0 and 1 that grows with it: 0.64 where
// every word of the question stands once in a text of average length, 0.41
// where half of them do.
func shown(score float64) float64 { return score / (1 + score) }

// others counts the chunks that match besides the best one.
func (m *found) others() int {
	n := 0
	for _, c := range m.chunks {
		if c != m.best && c.match.worth > 0 {
			n++
		}
	}
	return n
}

// reasons says why m was found, the strongest first.
func (r *recall) reasons(m *found) []Reason {
	type weighed struct {
		Reason
		weight float64
	}
	all := make([]weighed, 0, 4)
	if words := r.standing(m.best.match); words != "" {
		all = append(all, weighed{Reason{BecauseWords, words}, m.own})
	}
	if m.best.match.phrase {
		all = append(all, weighed{Reason{Kind: BecausePhrase}, m.own * 2})
	}
	for _, c := range m.chunks {
		if lead := r.leadNamed(c); lead != "" {
			all = append(all, weighed{Reason{BecauseName, lead.String()}, m.own})
		}
	}
	if m.by != nil {
		all = append(all, weighed{Reason{BecauseLink, string(m.by.id)}, m.link})
	}
	if m.beside != nil {
		all = append(all, weighed{Reason{BecauseNeighbor, string(m.beside.id)}, m.near})
	}
	slices.SortStableFunc(all, func(a, b weighed) int { return cmp.Compare(b.weight, a.weight) })
	reasons := make([]Reason, len(all))
	for i, w := range all {
		reasons[i] = w.Reason
	}
	return reasons
}

// standing lists the words of the question that stand in a chunk, the rarest
// first.
func (r *recall) standing(m *match) string {
	standing := make([]term, 0, len(r.terms))
	for i, n := range m.counts {
		if n > 0 {
			standing = append(standing, r.terms[i])
		}
	}
	slices.SortStableFunc(standing, func(a, b term) int { return cmp.Compare(b.weight, a.weight) })
	var list []byte
	for i, t := range standing[:min(mostWords, len(standing))] {
		if i > 0 {
			list = append(list, ", "...)
		}
		list = append(list, t.Word...)
	}
	return string(list)
}
