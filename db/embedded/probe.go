package embedded

import (
	"math"
	"math/bits"
	"runtime"
	"slices"
	"sync"
)

const (
	// spread is how many times as many codes are looked at closely as vectors
	// are compared in full.
	spread = 4
	// parallelFrom is how many codes it takes to share them among processors.
	parallelFrom = 1 << 18
)

// probe is a question as codes are compared with it.
type probe struct {
	signs []uint64
	// table says what each byte of a code adds to the estimate of the cosine.
	table [][256]float32
}

// newProbe makes a probe of a direction less the mean.
func newProbe(d direction, mean []float32) probe {
	words := wordsFor(len(d))
	p := probe{signs: make([]uint64, words), table: make([][256]float32, words*bytesPerWord)}
	numbers := make([]float32, words*bitsPerWord)
	for i, x := range d {
		if mean != nil {
			x -= float64(mean[i])
		}
		if x > 0 {
			p.signs[i/bitsPerWord] |= 1 << (i % bitsPerWord)
		}
		numbers[i] = float32(x)
	}
	for i := range p.table {
		eight, row := numbers[8*i:8*i+8], &p.table[i]
		for _, x := range eight {
			row[0] -= x
		}
		for b := 1; b < len(row); b++ {
			row[b] = row[b&(b-1)] + 2*eight[bits.TrailingZeros8(uint8(b))]
		}
	}
	return p
}

// estimate grows with the cosine of the vector that code is of. It is nearer to
// the truth than the number of equal signs, as great numbers count for more.
func (p probe) estimate(code []uint64) float64 {
	var even, odd float32
	for i, word := range code {
		t := p.table[i*bytesPerWord : i*bytesPerWord+bytesPerWord : i*bytesPerWord+bytesPerWord]
		even += t[0][uint8(word)] + t[2][uint8(word>>16)] + t[4][uint8(word>>32)] + t[6][uint8(word>>48)]
		odd += t[1][uint8(word>>8)] + t[3][uint8(word>>24)] + t[5][uint8(word>>40)] + t[7][uint8(word>>56)]
	}
	return float64(even + odd)
}

// spot is where a code stands in a codeSet, and how many signs it has unlike a
// probe.
type spot struct {
	block  int32
	place  uint8
	unlike int32
}

// best returns the most promising chunks, at most so many, the best first.
func (c *codeSet) best(p probe, most int) []int64 {
	return c.choose(p, c.likest(p.signs, spread*most), most)
}

// choose returns the most promising of the chunks at spots, at most so many, the
// best first.
func (c *codeSet) choose(p probe, spots []spot, most int) []int64 {
	words := len(p.signs)
	best := nearest{k: most}
	for _, at := range spots {
		b := c.blocks[at.block]
		code := b.codes[int(at.place)*words : (int(at.place)+1)*words]
		estimate := p.estimate(code)
		if len(best.held) == most && estimate < best.held[0].cosine {
			continue // as most are: their number would be in vain
		}
		best.offer(candidate{b.chunk(int(at.place)), estimate})
	}
	nums := make([]int64, len(best.held))
	for i, of := range best.sorted() {
		nums[i] = of.num
	}
	return nums
}

// likest returns the spots with the fewest signs unlike those given: at least
// most of them, if there are as many.
func (c *codeSet) likest(signs []uint64, most int) []spot {
	parts := 1
	if c.codes >= parallelFrom {
		parts = runtime.GOMAXPROCS(0)
	}
	found := make([][]spot, parts)
	var wg sync.WaitGroup
	for i := range parts {
		wg.Go(func() {
			first, end := i*len(c.blocks)/parts, (i+1)*len(c.blocks)/parts
			found[i] = likest(c.blocks[first:end], first, signs, most)
		})
	}
	wg.Wait()
	return slices.Concat(found...)
}

// likest looks at blocks, of which the first is so many from the start: at the
// latest chunks first, so that among equals the sieve keeps these.
func likest(blocks []*block, first int, signs []uint64, most int) []spot {
	s := sieve{most: most, limit: math.MaxInt32, counts: make([]int, bitsPerWord*len(signs)+1)}
	for i, b := range slices.Backward(blocks) {
		if len(signs) == wordsOfSix {
			s.sixWords(b, int32(first+i), [wordsOfSix]uint64(signs))
			continue
		}
		for place := b.len() - 1; place >= 0; place-- {
			unlike := 0
			for j, word := range b.codes[place*len(signs) : (place+1)*len(signs)] {
				unlike += bits.OnesCount64(word ^ signs[j])
			}
			s.offer(int32(first+i), place, int32(unlike))
		}
	}
	if len(s.spots) > most {
		s.tighten()
	}
	return s.spots
}

// wordsOfSix is the length of the codes of 384 numbers, as small models make
// them.
const wordsOfSix = 6

// sixWords offers all codes of a block, faster than a loop over words would.
func (s *sieve) sixWords(b *block, at int32, signs [wordsOfSix]uint64) {
	codes := b.codes
	for len(codes) >= wordsOfSix {
		start := len(codes) - wordsOfSix
		c := (*[wordsOfSix]uint64)(codes[start:])
		unlike := bits.OnesCount64(c[0]^signs[0]) + bits.OnesCount64(c[1]^signs[1]) + bits.OnesCount64(c[2]^signs[2]) +
			bits.OnesCount64(c[3]^signs[3]) + bits.OnesCount64(c[4]^signs[4]) + bits.OnesCount64(c[5]^signs[5])
		if int32(unlike) < s.limit {
			s.offer(at, start/wordsOfSix, int32(unlike))
		}
		codes = codes[:start]
	}
}

// sieve keeps those of the spots it is offered that have the fewest unlike
// signs, of equals those that came first: most of them once it is tight, up to
// twice as many before.
type sieve struct {
	most   int // more than 0
	limit  int32
	counts []int // of those kept, by their unlike signs
	spots  []spot
}

func (s *sieve) offer(block int32, place int, unlike int32) {
	if unlike >= s.limit {
		return
	}
	s.spots = append(s.spots, spot{block, uint8(place), unlike})
	s.counts[unlike]++
	if len(s.spots) >= 2*s.most {
		s.tighten()
	}
}

// tighten keeps the likest, and lets no more in but those that are better than
// the worst of them.
func (s *sieve) tighten() {
	better, worst := 0, 0
	for better+s.counts[worst] < s.most {
		better += s.counts[worst]
		worst++
	}
	room := s.most - better // for those as bad as the worst
	kept := s.spots[:0]
	for _, at := range s.spots {
		if at.unlike == int32(worst) && room > 0 {
			room--
			kept = append(kept, at)
		} else if at.unlike < int32(worst) {
			kept = append(kept, at)
		}
	}
	s.spots, s.limit = kept, int32(worst)
	s.counts[worst] = s.most - better
	clear(s.counts[worst+1:])
}
