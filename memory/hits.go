package memory

import (
	"cmp"
	"slices"
	"strconv"
)

// mostWords is how many words a reason names.
const mostWords = 8

// hits shows the first of what was ranked. Of memories that say the same, the
// best is shown and the others are counted.
func (r *recall) hits(limit int) []Hit {
	hits := make([]Hit, 0, min(limit, len(r.ranked)))
	said := make([]saying, 0, cap(hits))
	for _, m := range r.ranked {
		s := sayingOf(m)
		if twin := slices.IndexFunc(said, s.same); twin >= 0 {
			hits[twin].Alike++
			continue
		}
		if len(hits) == limit {
			break
		}
		p := m.best.passage
		said = append(said, s)
		hits = append(hits, Hit{
			Memory: m.id, Chunk: p.Index, Chunks: p.Chunks, Text: p.Text, Score: shown(m.score), Others: m.others(),
			Tags: p.Tags, Source: p.Source, CreatedAt: p.CreatedAt, ValidFrom: p.ValidFrom, Reasons: r.reasons(m),
		})
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
	all := make([]Reason, 0, 4)
	if words := r.standing(m.best.match); words != "" {
		all = append(all, Reason{BecauseWords, words, m.words})
	}
	if m.best.match.phrase {
		all = append(all, Reason{BecausePhrase, "", r.weigh.phrase})
	}
	for _, c := range m.chunks {
		if lead := r.leadNamed(c); lead != "" {
			all = append(all, Reason{BecauseName, lead.String(), r.weigh.lead})
		}
	}
	if worth := r.meaning(m); r.alike.query.Vector != nil && worth > 0 {
		all = append(all, Reason{BecauseMeaning, strconv.FormatFloat(m.cosine, 'f', 2, 64), worth})
	}
	if m.by != nil {
		all = append(all, Reason{BecauseLink, string(m.by.id), m.link})
	}
	if m.beside != nil {
		all = append(all, Reason{BecauseNeighbor, string(m.beside.id), m.near})
	}
	slices.SortStableFunc(all, func(a, b Reason) int { return cmp.Compare(b.Worth, a.Worth) })
	return all
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
