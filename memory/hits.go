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

// notYet is said in place of a cosine that is not known yet.
const notYet = "not embedded yet"

// reasons says why m was found, the strongest first. Together they are worth its
// score.
func (r *recall) reasons(m *found) []Reason {
	all := make([]Reason, 0, 4)
	add := func(kind, what string, worth float64) {
		if worth > 0 {
			all = append(all, Reason{kind, what, worth})
		}
	}
	line, factor := r.lineWorth(m), r.saidBy(m, 1)
	text := line.factor * factor
	said := m.said
	for _, of := range r.special(m) {
		of.Worth *= m.said / m.words
		said -= of.Worth
		add(of.Kind, of.What, text*of.Worth)
	}
	add(BecauseWords, r.standing(m), text*said)
	cosine := notYet
	if m.cosine > unknown {
		cosine = strconv.FormatFloat(m.cosine, 'f', 2, 64)
	}
	add(BecauseMeaning, cosine, text*m.meant)
	add(BecauseDate, "", factor*line.dated)
	if m.by != nil {
		add(BecauseLink, string(m.by.id), factor*m.link)
	}
	if m.beside != nil {
		add(BecauseNeighbor, string(m.beside.id), factor*m.near)
	}
	add(BecauseSession, "", factor*m.around)
	slices.SortStableFunc(all, func(a, b Reason) int { return cmp.Compare(b.Worth, a.Worth) })
	return all
}

// special are the reasons that are part of what the words of m are worth, and
// are told apart from them.
func (r *recall) special(m *found) []Reason {
	if m.words <= 0 {
		return nil
	}
	var all []Reason
	if m.best.match.phrase {
		all = append(all, Reason{BecausePhrase, "", r.weigh.phrase})
	}
	for _, c := range m.chunks {
		if lead := r.leadNamed(c); lead != "" {
			all = append(all, Reason{BecauseName, lead.String(), r.weigh.lead})
		}
	}
	return all
}

// standing lists the words of the question that stand in the best chunk of m, or
// else in others, the rarest first.
func (r *recall) standing(m *found) string {
	counts := m.best.match.counts
	if m.best.match.worth <= 0 {
		counts = m.sum.counts
	}
	standing := make([]term, 0, len(r.terms))
	for i, n := range counts {
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
