package memory

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"
)

// nearby is how many chunks the first look brings in by their meaning.
const nearby = 150

// patience is how long a question waits for its vector.
const patience = 2 * time.Second

// What an Answer may lack.
const (
	lacksEmbedder = "the embedder cannot be reached"
	lacksVectors  = "the vectors are still being made"
	lacksModel    = "the vectors were made by another model"
)

// likeness is the part of meaning in a recall: how near the chunks in view are
// to the question.
type likeness struct {
	query   VectorQuery // without a vector while meaning has no part
	cosines map[Ref]float64
	lacks   string
}

// lookByMeaning embeds the question and returns the chunks nearest to it. If
// there is no vector to be had, recall goes by words and says so.
func (r *recall) lookByMeaning(ctx context.Context) ([]Ref, error) {
	if r.embedder == nil || r.mode == ByWords {
		return nil, nil
	}
	soon, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	vectors, err := r.embedder.Embed(soon, []string{r.text})
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil || len(vectors) != 1:
		r.alike.lacks = lacksEmbedder
		return nil, nil
	}
	q := VectorQuery{Model: r.embedder.Model(), Vector: vectors[0], Filter: r.filter}
	near, err := r.store.Nearest(ctx, r.workspace, q, nearby)
	if errors.Is(err, ErrInvalid) { // the model is not what it was
		r.alike.lacks = lacksModel
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("nearest: %w", err)
	}
	r.alike.query = q
	refs := make([]Ref, len(near))
	for i, n := range near {
		refs[i], r.alike.cosines[n.Ref] = n.Ref, n.Similarity
	}
	if len(near) == 0 {
		return nil, r.askWhy(ctx)
	}
	return refs, nil
}

// askWhy finds out why nothing was found by meaning.
func (r *recall) askWhy(ctx context.Context) error {
	e, err := r.store.Embedding(ctx, r.workspace)
	switch {
	case err != nil:
		return fmt.Errorf("embedding: %w", err)
	case e.Embedded > 0 && e.Model != r.alike.query.Model:
		r.alike.lacks = lacksModel
	case e.Embedded < e.Chunks && r.lag().isLong():
		r.alike.lacks = lacksVectors
	}
	return nil
}

// compare finds out how near those chunks in view are that came by another way.
func (r *recall) compare(ctx context.Context) error {
	if r.alike.query.Vector == nil {
		return nil
	}
	var refs []Ref
	for ref := range r.chunks {
		if _, ok := r.alike.cosines[ref]; !ok {
			refs = append(refs, ref)
			r.alike.cosines[ref] = unknown
		}
	}
	if len(refs) == 0 {
		return nil
	}
	near, err := r.store.Similar(ctx, r.workspace, r.alike.query, refs)
	if err != nil {
		return fmt.Errorf("similar: %w", err)
	}
	for _, n := range near {
		r.alike.cosines[n.Ref] = n.Similarity
	}
	return nil
}

// unknown is the cosine of a chunk without a vector.
const unknown = -1

// cosine returns how near c is to the question; unknown if nobody knows.
func (r *recall) cosine(c *candidate) float64 {
	if cosine, ok := r.alike.cosines[c.passage.Ref]; ok {
		return cosine
	}
	return unknown
}

// meaning is what the chunks of m that are nearest to the question are worth.
// What is said in few words has an unsteady vector, and counts less.
func (r *recall) meaning(m *found) float64 {
	w := r.weigh
	near := w.worthOf(m.cosine) + w.second*w.worthOf(m.second)
	n := m.length() / float64(m.first().passage.Chunks)
	return w.meaning * near * n / (n + w.brief)
}

// worthOf is what a cosine counts: little far below 1, where much is as near.
func (w weights) worthOf(cosine float64) float64 { return math.Pow(max(0, cosine), w.sharp) }
