package memory

import (
	"slices"
	"time"

	"zapomni/memory/words"
)

const (
	// longEnough is how many different words a text must have for one that
	// differs a little to say the same: in a short one, a word is the point.
	longEnough = 20
	// sameWords is the share of their words that two such texts have in common.
	sameWords = 0.9
)

// saying is what a memory says, to be compared with others.
type saying struct {
	passage *Passage
	text    []words.Hash // all words in order; none if not all chunks are in view
	set     []words.Hash // each once, sorted; only of long texts
}

func sayingOf(m *found) saying {
	s := saying{passage: m.best.passage}
	if len(m.chunks) == s.passage.Chunks {
		for _, c := range m.chunks {
			s.text = append(s.text, c.doc.Stems...)
		}
	}
	if len(s.text) >= longEnough {
		set := slices.Clone(s.text)
		slices.Sort(set)
		if set = slices.Compact(set); len(set) >= longEnough {
			s.set = set
		}
	}
	return s
}

// same reports whether two memories say the same of the same: their texts have
// the same words in the same order or, if they are long, nearly the same words,
// and they agree in tags, source and the time they were given. One passage that
// two have in common, such as a heading, is not enough.
func (s saying) same(as saying) bool {
	p, q := s.passage, as.passage
	if p.Chunks != q.Chunks || p.Source != q.Source || !slices.Equal(p.Tags, q.Tags) || !givenTime(p).Equal(givenTime(q)) || len(s.text) == 0 {
		return false
	}
	if slices.Equal(s.text, as.text) {
		return true
	}
	n, m := len(s.set), len(as.set)
	if n == 0 || m == 0 || float64(min(n, m)) < sameWords*float64(max(n, m)) {
		return false
	}
	both := 0
	for i, j := 0, 0; i < n && j < m; {
		switch {
		case s.set[i] < as.set[j]:
			i++
		case s.set[i] > as.set[j]:
			j++
		default:
			both, i, j = both+1, i+1, j+1
		}
	}
	return float64(both) >= sameWords*float64(n+m-both)
}

// givenTime is the time that a memory was said to be of; zero if none was.
func givenTime(p *Passage) time.Time {
	if p.ValidFrom.Equal(p.CreatedAt) {
		return time.Time{}
	}
	return p.ValidFrom
}
