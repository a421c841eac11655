package embedded

import "sync"

// hotBytes is how much of vectors is kept in memory: some 10,000 of 384 numbers.
const (
	hotBytes    = 16 << 20
	hotOverhead = 100 // bytes that each takes beside its numbers
)

// hotVectors keeps vectors that were read, first in, first out. In one coding
// the vector of a chunk never changes, so none is ever out of date. The zero
// value is empty.
type hotVectors struct {
	mu      sync.RWMutex
	vectors map[hotKey][]byte
	order   []hotKey // from the oldest on
	oldest  int      // in order; what lies before it is gone
	bytes   int
}

type hotKey struct{ coding, num int64 }

// known returns the vectors of those chunks that are kept, and the other chunks.
func (h *hotVectors) known(coding int64, nums []int64) (vectors []numbered, others []int64) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, num := range nums {
		if v, ok := h.vectors[hotKey{coding, num}]; ok {
			vectors = append(vectors, numbered{num, v})
		} else {
			others = append(others, num)
		}
	}
	return vectors, others
}

// keep keeps vectors that nobody changes any more.
func (h *hotVectors) keep(coding int64, vectors []numbered) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.vectors == nil {
		h.vectors = make(map[hotKey][]byte)
	}
	for _, v := range vectors {
		key := hotKey{coding, v.num}
		if _, ok := h.vectors[key]; ok {
			continue
		}
		h.vectors[key] = v.vector
		h.order = append(h.order, key)
		h.bytes += len(v.vector) + hotOverhead
	}
	for h.bytes > hotBytes {
		old := h.order[h.oldest]
		h.oldest++
		h.bytes -= len(h.vectors[old]) + hotOverhead
		delete(h.vectors, old)
	}
	if h.oldest > len(h.order)/2 {
		h.order = append(h.order[:0], h.order[h.oldest:]...)
		h.oldest = 0
	}
}
