package memory_test

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"

	"zapomni/memory"
)

// The shelf's vectors: each question is compared with all.

func (s *shelf) Nearest(_ context.Context, w memory.Workspace, q memory.VectorQuery, k int) ([]memory.Near, error) {
	var near []memory.Near
	for _, p := range s.in(w) {
		if v := s.vectors[p.Ref]; v != nil && s.model == q.Model {
			near = append(near, memory.Near{Ref: p.Ref, Similarity: cosine(v, q.Vector)})
		}
	}
	slices.SortStableFunc(near, func(a, b memory.Near) int { return cmp.Compare(b.Similarity, a.Similarity) })
	return near[:min(k, len(near))], nil
}

func (s *shelf) Similar(ctx context.Context, w memory.Workspace, q memory.VectorQuery, refs []memory.Ref) ([]memory.Near, error) {
	near, err := s.Nearest(ctx, w, q, len(s.passages))
	return slices.DeleteFunc(near, func(n memory.Near) bool { return !slices.Contains(refs, n.Ref) }), err
}

func (s *shelf) Embedding(_ context.Context, w memory.Workspace) (memory.Embedding, error) {
	e := memory.Embedding{Model: s.model}
	for _, p := range s.in(w) {
		e.Chunks++
		if v := s.vectors[p.Ref]; v != nil {
			e.Embedded++
			e.Dimensions = len(v)
		}
	}
	return e, nil
}

func (s *shelf) Unembedded(_ context.Context, w memory.Workspace, after memory.Cursor, n int) ([]memory.Unembedded, memory.Cursor, error) {
	var some []memory.Unembedded
	from, _ := strconv.Atoi(string(after))
	for _, p := range s.in(w) {
		if at, _ := strconv.Atoi(string(p.Ref)); at < from || s.vectors[p.Ref] != nil {
			continue
		}
		if len(some) == n {
			return some, memory.Cursor(p.Ref), nil
		}
		some = append(some, memory.Unembedded{Ref: p.Ref, Text: p.Text})
	}
	return some, "", nil
}

func (s *shelf) Attach(_ context.Context, _ memory.Workspace, model string, vectors []memory.Attachment) error {
	if len(s.vectors) > 0 && s.model != model {
		return memory.ErrConflict
	}
	s.model = model
	for _, v := range vectors {
		s.vectors[v.Ref] = v.Vector
	}
	return nil
}

func (s *shelf) Detach(context.Context, memory.Workspace) error {
	clear(s.vectors)
	return nil
}

func cosine(a, b []float32) float64 {
	var dot, aa, bb float64
	for i := range a {
		dot += float64(a[i]) * float64(b[i])
		aa += float64(a[i]) * float64(a[i])
		bb += float64(b[i]) * float64(b[i])
	}
	return dot / math.Sqrt(aa*bb)
}
