package memory

import (
	"cmp"
	"slices"
)

// expectation is what meaning can be expected to add to a memory that has no
// vector yet, by what it adds to those in view that have one. Otherwise, while
// vectors are being made, what has one would come before what has none, and
// recall by both would find less than recall by words.
//
// It is the line of least squares over what words are worth. It never falls,
// nor leaves the bounds of what was seen.
type expectation struct {
	words, meaning float64 // means
	slope          float64
	least, most    float64 // of meaning
}

func (r *recall) expectation() expectation {
	type point struct{ words, meaning float64 }
	var points []point
	for _, m := range r.memories {
		if m.words > 0 && m.cosine > unknown {
			points = append(points, point{m.words, r.meaning(m)})
		}
	}
	if len(points) == 0 {
		return expectation{}
	}
	// In one order, as sums depend on it in the last bit.
	slices.SortFunc(points, func(a, b point) int {
		return cmp.Or(cmp.Compare(a.words, b.words), cmp.Compare(a.meaning, b.meaning))
	})
	e := expectation{least: points[0].meaning, most: points[0].meaning}
	for _, p := range points {
		e.words += p.words / float64(len(points))
		e.meaning += p.meaning / float64(len(points))
		e.least, e.most = min(e.least, p.meaning), max(e.most, p.meaning)
	}
	var both, square float64
	for _, p := range points {
		both += (p.words - e.words) * (p.meaning - e.meaning)
		square += (p.words - e.words) * (p.words - e.words)
	}
	if both > 0 {
		e.slope = both / square
	}
	return e
}

// of returns what is expected of a memory whose words are worth so much: nothing
// of one that meaning alone would have to bring in.
func (e expectation) of(words float64) float64 {
	if words <= 0 {
		return 0
	}
	return min(max(e.meaning+e.slope*(words-e.words), e.least), e.most)
}
