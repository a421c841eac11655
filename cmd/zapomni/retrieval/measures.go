package retrieval

import "math"

// Depth is how many of the first hits the measures look at, at most.
const Depth = 50

// Measures adds up how well questions were answered. The zero value is that of
// no question.
type Measures struct {
	Questions int

	sums Scores
}

// Scores are means over questions, each from 0 to 1, where 1 is the best.
type Scores struct {
	// R1, R5, R10 and R50 are the share of the answers of a question that stand
	// among so many first hits.
	R1, R5, R10, R50 float64
	// MRR10 is one by the place of the first answer, if that is among the first
	// ten, and 0 otherwise.
	MRR10 float64
	// NDCG10 is the discounted gain of the first ten, each answer with a gain of
	// one, by that of the best order.
	NDCG10 float64
}

// Add counts one question: the IDs of the documents that were found, best
// first, and those of the documents that answer it, at least one.
func (m *Measures) Add(found []string, answers map[string]bool) {
	var gain, best float64
	first := true
	each := 1 / float64(len(answers))
	for i, id := range found {
		if !answers[id] {
			continue
		}
		for _, r := range []struct {
			k   int
			sum *float64
		}{{1, &m.sums.R1}, {5, &m.sums.R5}, {10, &m.sums.R10}, {Depth, &m.sums.R50}} {
			if i < r.k {
				*r.sum += each
			}
		}
		if i < 10 {
			gain += discount(i)
			if first {
				m.sums.MRR10 += 1 / float64(i+1)
			}
		}
		first = false
	}
	for i := range min(10, len(answers)) {
		best += discount(i)
	}
	m.sums.NDCG10 += gain / best
	m.Questions++
}

// discount is what a hit at a place, from 0, is worth.
func discount(place int) float64 { return 1 / math.Log2(float64(place+2)) }

// Scores returns the means over what was added; all 0 if nothing was.
func (m *Measures) Scores() Scores {
	s, n := m.sums, float64(max(m.Questions, 1))
	return Scores{s.R1 / n, s.R5 / n, s.R10 / n, s.R50 / n, s.MRR10 / n, s.NDCG10 / n}
}
