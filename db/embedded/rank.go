package embedded

import (
	"math"
)

// saturation says how little a term's further places in a chunk add: BM25's
// k1. Length is left out of account: chunks are about equally long.
const saturation = 0.9

// match is a chunk that holds a term, or several.
type match struct {
	num   int64
	score float32
}

// ranking is a list of matches, by ascending number until heap is called.
type ranking []match

// weigh reads a list of places, numbers with commas between them, in which a
// chunk stands as often as it holds the term, and scores each chunk. chunks
// is how many there are.
func weigh(places string, chunks int64) ranking {
	var r ranking
	for i := 0; i < len(places); i++ {
		num := int64(0)
		for ; i < len(places) && places[i] != ','; i++ {
			num = num*10 + int64(places[i]-'0')
		}
		if n := len(r); n > 0 && r[n-1].num == num {
			r[n-1].score++
		} else {
			r = append(r, match{num, 1})
		}
	}
	with := float64(len(r))
	rarity := math.Log1p((max(float64(chunks), with) - with + 0.5) / (with + 0.5))
	for i, m := range r {
		r[i].score = float32(rarity) * m.score * (saturation + 1) / (m.score + saturation)
	}
	return r
}

// either merges two rankings; a chunk in both has both scores.
func (r ranking) either(other ranking) ranking {
	if len(r) == 0 {
		return other
	}
	sum := make(ranking, 0, len(r)+len(other))
	for len(r) > 0 && len(other) > 0 {
		switch a, b := r[0], other[0]; {
		case a.num < b.num:
			sum, r = append(sum, a), r[1:]
		case a.num > b.num:
			sum, other = append(sum, b), other[1:]
		default:
			sum, r, other = append(sum, match{a.num, a.score + b.score}), r[1:], other[1:]
		}
	}
	return append(append(sum, r...), other...)
}

// heap puts r in an order from which the best few are taken quickly.
func (r ranking) heap() bestFirst {
	h := bestFirst(r)
	for i := len(h)/2 - 1; i >= 0; i-- {
		h.sink(i)
	}
	return h
}

// bestFirst is a heap: the best match is at the top.
type bestFirst ranking

// pop takes the best away. Among equals, the latest comes first.
func (h *bestFirst) pop() (num int64) {
	old := *h
	num = old[0].num
	old[0] = old[len(old)-1]
	*h = old[:len(old)-1]
	h.sink(0)
	return num
}

func (h bestFirst) sink(i int) {
	for {
		child := 2*i + 1
		if child >= len(h) {
			return
		}
		if right := child + 1; right < len(h) && h.better(right, child) {
			child = right
		}
		if !h.better(child, i) {
			return
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
}

func (h bestFirst) better(i, j int) bool {
	if h[i].score != h[j].score {
		return h[i].score > h[j].score
	}
	return h[i].num > h[j].num
}
