package embedded

import (
	"cmp"
	"container/heap"
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"

	"zapomni/memory"
)

// selectVectors gives the vectors of a workspace whose memories pass a filter.
// It starts from the workspace: what others hold costs nothing.
const selectVectors = `
SELECT v.num, v.vector FROM workspace w
	CROSS JOIN memory m INDEXED BY memory_by_time ON m.workspace = w.num
	CROSS JOIN chunk_vector v ON v.num >= m.first AND v.num < m.first + m.chunks
WHERE w.id = ?1 AND ` + passes

// Nearest finds the chunks of w whose vectors are nearest to vector. It is
// exact: it looks at each vector that passes the filter. Among equals, the
// latest comes first.
func (s *Store) Nearest(ctx context.Context, w memory.Workspace, q memory.VectorQuery, k int) ([]memory.Near, error) {
	var found []memory.Near
	err := s.read(ctx, func() error {
		if err := checkVector(q.Vector); err != nil {
			return err
		}
		var kept int
		err := s.reading.row(ctx, "SELECT dimensions FROM workspace WHERE id = ? AND vectors > 0", string(w)).Scan(&kept)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err == nil && kept != len(q.Vector) {
			err = lengthError(len(q.Vector), kept)
		}
		if err != nil || k <= 0 {
			return err
		}
		found, err = s.scanVectors(ctx, w, q, k)
		return err
	})
	if err != nil {
		return nil, s.fault(ctx, "nearest", err)
	}
	return found, nil
}

func (s *Store) scanVectors(ctx context.Context, w memory.Workspace, q memory.VectorQuery, k int) ([]memory.Near, error) {
	best := nearest{k: k}
	d := directionOf(q.Vector)
	var num int64
	var blob sql.RawBytes
	err := s.reading.each(ctx, func(r scanner) error {
		if err := r.Scan(&num, &blob); err != nil {
			return err
		}
		if len(blob)%bytesPerNumber != 0 {
			return errCutShort
		}
		if len(blob) != bytesPerNumber*len(d) { // all were replaced meanwhile
			return lengthError(len(d), len(blob)/bytesPerNumber)
		}
		best.offer(candidate{num, d.cosine(blob)})
		return nil
	}, selectVectors, append([]any{string(w)}, conditions(q.Filter)...)...)
	return best.inOrder(), err
}

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

// candidate is a chunk, and how near it is.
type candidate struct {
	num    int64
	cosine float64
}

func nearer(a, b candidate) int {
	return cmp.Or(cmp.Compare(b.cosine, a.cosine), cmp.Compare(b.num, a.num))
}

// nearest holds the k nearest of those it was offered, as a heap with the
// farthest of them at the top.
type nearest struct {
	k    int // more than 0
	held []candidate
}

func (n *nearest) offer(c candidate) {
	switch {
	case len(n.held) < n.k:
		heap.Push(n, c)
	case nearer(c, n.held[0]) < 0:
		n.held[0] = c
		heap.Fix(n, 0)
	}
}

// inOrder returns what is held, nearest first.
func (n *nearest) inOrder() []memory.Near {
	slices.SortFunc(n.held, nearer)
	found := make([]memory.Near, len(n.held))
	for i, c := range n.held {
		found[i] = memory.Near{Ref: refOf(c.num), Similarity: c.cosine}
	}
	return found
}

func (n *nearest) Len() int           { return len(n.held) }
func (n *nearest) Less(i, j int) bool { return nearer(n.held[i], n.held[j]) > 0 }
func (n *nearest) Swap(i, j int)      { n.held[i], n.held[j] = n.held[j], n.held[i] }
func (n *nearest) Push(c any)         { n.held = append(n.held, c.(candidate)) }

// Pop is of heap.Interface; nothing is taken out one by one.
func (n *nearest) Pop() any {
	last := n.held[len(n.held)-1]
	n.held = n.held[:len(n.held)-1]
	return last
}
