package embedded

import (
	"cmp"
	"math"
	"slices"

	"zapomni/memory"
)

// direction is a vector of length 1.
type direction []float64

func directionOf(vector []float32) direction {
	d, sum := make(direction, len(vector)), 0.0
	for i, x := range vector {
		d[i] = float64(x)
		sum += d[i] * d[i]
	}
	for i := range d {
		d[i] /= math.Sqrt(sum)
	}
	return d
}

// cosine compares d with a vector of the same length as the file holds it. It
// adds up in float64, in which no vector of finite numbers is too long or too
// short, and in two sums of each kind, so that one need not wait for the other.
func (d direction) cosine(blob []byte) float64 {
	var dotA, dotB, squareA, squareB float64
	for len(d) >= 2 && len(blob) >= 2*bytesPerNumber {
		x, y := numberAt(blob[:4]), numberAt(blob[4:8])
		dotA += d[0] * x
		dotB += d[1] * y
		squareA += x * x
		squareB += y * y
		d, blob = d[2:], blob[2*bytesPerNumber:]
	}
	if len(d) > 0 {
		x := numberAt(blob)
		dotA += d[0] * x
		squareA += x * x
	}
	c := (dotA + dotB) / math.Sqrt(squareA+squareB)
	return min(max(c, -1), 1)
}

// dot is the cosine of two directions.
func (d direction) dot(other direction) float64 {
	var a, b, c, e float64 // apart, so that one need not wait for the other
	for len(d) >= 4 && len(other) >= 4 {
		a += d[0] * other[0]
		b += d[1] * other[1]
		c += d[2] * other[2]
		e += d[3] * other[3]
		d, other = d[4:], other[4:]
	}
	for i := range d {
		a += d[i] * other[i]
	}
	return min(max(a+b+c+e, -1), 1)
}

// candidate is a chunk, and how near it is.
type candidate struct {
	num    int64
	cosine float64
}

// nearer says whether a comes before b: among equals, the later one.
func nearer(a, b candidate) bool {
	if a.cosine != b.cosine {
		return a.cosine > b.cosine
	}
	return a.num > b.num
}

// nearest holds the k nearest of those it was offered, as a heap with the
// farthest of them at the top.
type nearest struct {
	k    int // more than 0
	held []candidate
}

func (n *nearest) offer(c candidate) {
	if len(n.held) < n.k {
		n.held = append(n.held, c)
		n.up(len(n.held) - 1)
	} else if nearer(c, n.held[0]) {
		n.held[0] = c
		n.down()
	}
}

// up brings the i-th to its place in the heap, and down the first. They are not
// container/heap's, which would wrap each candidate in an interface.
func (n *nearest) up(i int) {
	for i > 0 && nearer(n.held[(i-1)/2], n.held[i]) {
		n.held[(i-1)/2], n.held[i] = n.held[i], n.held[(i-1)/2]
		i = (i - 1) / 2
	}
}

func (n *nearest) down() {
	for i, child := 0, 1; child < len(n.held); child = 2*i + 1 {
		if child+1 < len(n.held) && nearer(n.held[child], n.held[child+1]) {
			child++
		}
		if !nearer(n.held[i], n.held[child]) {
			return
		}
		n.held[i], n.held[child] = n.held[child], n.held[i]
		i = child
	}
}

// sorted returns what is held, nearest first. It is no heap any more.
func (n *nearest) sorted() []candidate {
	slices.SortFunc(n.held, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.cosine, a.cosine), cmp.Compare(b.num, a.num))
	})
	return n.held
}

// inOrder returns what is held, nearest first.
func (n *nearest) inOrder() []memory.Near {
	found := make([]memory.Near, len(n.held))
	for i, c := range n.sorted() {
		found[i] = memory.Near{Ref: refOf(c.num), Similarity: c.cosine}
	}
	return found
}
