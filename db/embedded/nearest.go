package embedded

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"zapomni/memory"
)

// baseDepth is how many candidates are compared in full at least, beside two for
// each chunk that is wanted.
const baseDepth = 300

// errRecoded means that all codes were made anew while a question was answered.
var errRecoded = errors.New("the vectors were replaced meanwhile")

// Nearest finds the chunks of w whose vectors are nearest to that of q. All
// codes are compared with it first, and the vectors of the best then: of all
// chunks, if they are few. Among equals, the latest comes first.
func (s *Store) Nearest(ctx context.Context, w memory.Workspace, q memory.VectorQuery, k int) ([]memory.Near, error) {
	best := nearest{k: k}
	err := s.read(ctx, func() error {
		return s.compare(ctx, w, q, func(set *codeSet, d direction) error {
			if k <= 0 {
				return nil
			}
			nums, err := s.candidates(ctx, set, newProbe(d, set.mean), q.Filter, set.depthFor(k))
			if err != nil {
				return err
			}
			best.held = best.held[:0]
			if err := s.score(ctx, set, d, nums, best.offer); err != nil {
				return err
			}
			s.noteQuestion(w, set, q.Vector)
			return nil
		})
	})
	if err != nil {
		return nil, s.fault(ctx, "nearest", err)
	}
	return best.inOrder(), nil
}

// Similar compares the chunks of w that refs name with q.
func (s *Store) Similar(ctx context.Context, w memory.Workspace, q memory.VectorQuery, refs []memory.Ref) ([]memory.Near, error) {
	var found []memory.Near
	err := s.read(ctx, func() error {
		return s.compare(ctx, w, q, func(set *codeSet, d direction) error {
			found = found[:0]
			return s.score(ctx, set, d, set.named(refs), func(c candidate) {
				found = append(found, memory.Near{Ref: refOf(c.num), Similarity: c.cosine})
			})
		})
	})
	if err != nil {
		return nil, s.fault(ctx, "similar", err)
	}
	return found, nil
}

// compare runs with on the codes of w, unless they are of another model than q
// or there are none: again, if all codes are made anew meanwhile.
func (s *Store) compare(ctx context.Context, w memory.Workspace, q memory.VectorQuery, with func(*codeSet, direction) error) error {
	if err := checkVector(q.Vector); err != nil {
		return err
	}
	for {
		set, err := s.codeSet(ctx, w)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return nil
		case err != nil:
			return err
		case set.vectors == 0 || set.model != q.Model:
			return nil
		case set.dimensions != len(q.Vector):
			return lengthError(len(q.Vector), set.dimensions)
		}
		if err := with(set, directionOf(q.Vector)); !errors.Is(err, errRecoded) {
			return err
		}
	}
}

// depthFor is how many candidates it takes to have the k nearest among them.
func (c *codeSet) depthFor(k int) int { return max(baseDepth, int(c.depth)) + 2*min(k, c.codes) }

// named returns those of the chunks that have a code, each once.
func (c *codeSet) named(refs []memory.Ref) []int64 {
	nums := make([]int64, 0, len(refs))
	for _, ref := range refs {
		if num, ok := numOf(ref); ok {
			if _, ok := c.place(num); ok {
				nums = append(nums, num)
			}
		}
	}
	slices.Sort(nums)
	return slices.Compact(nums)
}

// vectorsAtOnce is how many vectors are read by one statement at most.
const vectorsAtOnce = 4096

// score compares the vectors of chunks with d. Chunks that are gone are left out.
// It returns errRecoded if all vectors were replaced since set was read.
func (s *Store) score(ctx context.Context, set *codeSet, d direction, nums []int64, each func(candidate)) error {
	vectors, others := s.hot.known(set.coding, nums)
	for _, v := range vectors {
		each(candidate{v.num, d.cosine(v.vector)})
	}
	slices.Sort(others) // in the order of the file
	for part := range slices.Chunk(others, vectorsAtOnce) {
		read, err := s.readVectors(ctx, set, part)
		if err != nil {
			return err
		}
		for _, v := range read {
			each(candidate{v.num, d.cosine(v.vector)})
		}
		s.hot.keep(set.coding, read)
	}
	return nil
}

// selectVectorsIn reads the vectors of chunks as selectVectorsOf does, unless
// the coding of their workspace is over.
const selectVectorsIn = selectVectorsOf + " WHERE (SELECT coding FROM workspace WHERE num = ?2) = ?3"

func (s *Store) readVectors(ctx context.Context, set *codeSet, nums []int64) ([]numbered, error) {
	vectors := make([]numbered, 0, len(nums))
	err := s.reading.each(ctx, func(r scanner) error {
		var v numbered
		if err := r.Scan(&v.num, &v.vector); err != nil {
			return err
		}
		if len(v.vector) != bytesPerNumber*set.dimensions {
			return errCutShort
		}
		vectors = append(vectors, v)
		return nil
	}, selectVectorsIn, jsonOf(nums), set.num, set.coding)
	if err != nil || len(vectors) == len(nums) {
		return vectors, err
	}
	// Chunks are gone, or all vectors are others now.
	var coding int64
	err = s.reading.row(ctx, "SELECT coding FROM workspace WHERE num = ?", set.num).Scan(&coding)
	if errors.Is(err, sql.ErrNoRows) || err == nil && coding != set.coding {
		err = errRecoded
	}
	return vectors, err
}
