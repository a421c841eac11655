package embedded

import (
	"math"
)

// saturation says how little a term's further places in a chunk add: BM25's
// k1. Length is left out of account: chunks are about equally long.
const saturation = 0.9

// saturate weighs n places of a term in a chunk.
func saturate(n int) float32 { return float32(n) * (saturation + 1) / (float32(n) + saturation) }

// rarity weighs a term that stands in so many of the chunks.
func rarity(with int, chunks int64) float32 {
	n, d := max(float64(chunks), float64(with)), float64(with)
	return float32(math.Log1p((n - d + 0.5) / (d + 0.5)))
}

// match is a chunk that holds a term, or several.
type match struct {
	num   int64
	score float32
}

// ranking is a list of matches, by ascending number until heap is called.
type ranking []match

// readRanking reads a list of places, numbers with commas between them, in
// which a chunk stands as often as it holds the term. Chunks after last are
// left out.
func readRanking(places string, last int64) ranking {
	var r ranking
	n := 0 // places in the chunk at the end of r
	for i := 0; i < len(places); i++ {
		num := int64(0)
		for ; i < len(places) && places[i] != ','; i++ {
			num = num*10 + int64(places[i]-'0')
		}
		if num > last {
			break
		}
		if end := len(r) - 1; end >= 0 && r[end].num == num {
			n++
			r[end].score = saturate(n)
		} else {
			n = 1
			r = append(r, match{num, saturate(1)})
		}
	}
	return r
}

// plus adds a term's matches, at so much each. A chunk in both has both scores.
func (r ranking) plus(term ranking, weight float32) ranking {
	sum := make(ranking, 0, len(r)+len(term))
	for len(r) > 0 && len(term) > 0 {
		switch a, b := r[0], term[0]; {
		case a.num < b.num:
			sum, r = append(sum, a), r[1:]
		case a.num > b.num:
			sum, term = append(sum, match{b.num, b.score * weight}), term[1:]
		default:
			sum, r, term = append(sum, match{a.num, a.score + b.score*weight}), r[1:], term[1:]
		}
	}
	for _, b := range term {
		sum = append(sum, match{b.num, b.score * weight})
	}
	return append(sum, r...)
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
