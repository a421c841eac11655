package memory

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"
)

// nearby is how many chunks the first look brings in by their meaning, at a
// breadth of 1.
const nearby = 150

// patience is how long a question waits for its vector.
const patience = 2 * time.Second

// What an Answer may lack.
const (
	lacksAny      = "there is no embedder"
	lacksEmbedder = "the embedder cannot be reached"
	lacksVectors  = "the vectors are still being made"
	lacksModel    = "the vectors were made by another model"
)

// Note says what an answer to a question of some mode lacks, and what was done
// instead; empty if it lacks nothing.
func (a Answer) Note(m Mode) string {
	did := "searched by words only"
	switch {
	case a.Lacks == "":
		return ""
	case m == ByMeaning && a.Partly:
		did = "searched in part"
	case m == ByMeaning:
		did = "not searched"
	case a.Partly:
		did = "searched in part by words only"
	}
	return did + ": " + a.Lacks
}

// likeness is the part of meaning in a recall: how near the chunks in view are
// to the question.
type likeness struct {
	asked   []float32   // the vector of the question; nil until there is one
	query   VectorQuery // without a vector while meaning has no part
	cosines map[Ref]float64
	lacks   string
	partly  bool // lacks tells of some memories only
}

// lookByMeaning embeds the question and returns the chunks nearest to it. If
// there is no vector to be had, recall goes by words and says so.
func (r *recall) lookByMeaning(ctx context.Context) ([]Ref, error) {
	if r.embedder == nil && r.mode == ByMeaning {
		r.alike.lacks = lacksAny
	}
	if r.embedder == nil || r.mode == ByWords {
		return nil, nil
	}
	if err := r.embedQuestion(ctx); err != nil || r.alike.asked == nil {
		return nil, err
	}
	q := VectorQuery{Model: r.embedder.Model(), Vector: r.alike.asked, Filter: r.filter}
	most := nearby * r.breadth
	near, err := r.store.Nearest(ctx, r.workspace, q, most)
	if errors.Is(err, ErrInvalid) { // the model is not what it was
		r.alike.lacks = lacksModel
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("nearest: %w", err)
	}
	refs := make([]Ref, len(near))
	for i, n := range near {
		refs[i], r.alike.cosines[n.Ref] = n.Ref, n.Similarity
	}
	if len(near) > 0 {
		r.alike.query = q
	}
	if len(near) == most {
		r.farthest = refs[most-1]
	}
	if len(near) == 0 || r.lag().isLong() {
		err = r.askWhy(ctx)
	}
	return refs, err
}

// embedQuestion waits for the vector of the question, if it is not there yet.
func (r *recall) embedQuestion(ctx context.Context) error {
	if r.alike.asked != nil || r.alike.lacks != "" {
		return nil
	}
	soon, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	vectors, err := r.embedder.Embed(soon, []string{r.text})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil || len(vectors) != 1 {
		r.alike.lacks = lacksEmbedder
		return nil
	}
	r.alike.asked = vectors[0]
	return nil
}

// askWhy finds out why nothing was found by meaning, or not among all memories.
func (r *recall) askWhy(ctx context.Context) error {
	e, err := r.store.Embedding(ctx, r.workspace)
	switch {
	case err != nil:
		return fmt.Errorf("embedding: %w", err)
	case e.Embedded > 0 && e.Model != r.embedder.Model():
		r.alike.lacks = lacksModel
	case e.Embedded < e.Chunks && r.lag().isLong():
		r.alike.lacks, r.alike.partly = lacksVectors, e.Embedded > 0
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
