package falkor

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"zapomni/db/falkor/cypher"
	"zapomni/memory"
)

// fewVectors is how many are compared one by one rather than through the
// index: it takes about a millisecond a thousand, and is always right.
const fewVectors = 1000

// countFor is how long a count of vectors is believed.
const countFor = time.Second

// selectNearest asks the index. One search at a time: FalkorDB 4.16 answers
// several on the same index wrongly, the same chunk more than once in the
// place of others. No row comes from a space that was left.
const (
	selectNearest = `
MATCH (s:Store {key: $key}) WHERE s.space = $space
CALL db.idx.vector.queryNodes('Vector%d', 'embedding', $k, vecf32($vector)) YIELD node, score
RETURN node.num AS num, score AS distance`

	selectNearestFiltered = `
MATCH (s:Store {key: $key}) WHERE s.space = $space
CALL db.idx.vector.queryNodes('Vector%d', 'embedding', $k, vecf32($vector)) YIELD node, score
MATCH (m:Memory)-[:HAS_CHUNK]->(:Chunk)-[:HAS_VECTOR]->(node)
WHERE` + passes + `
RETURN node.num AS num, score AS distance`
)

// selectExact compares all. It goes from the vectors to their memories: there
// may be far fewer of them. The vector asked for is made once, and not for each
// of them: that takes five times as long.
const (
	selectExact = `
MATCH (s:Store {key: $key}) WHERE s.space = $space
WITH vecf32($vector) AS asked
MATCH (v:Vector%d)
RETURN v.num AS num, vec.cosineDistance(v.embedding, asked) AS distance
ORDER BY distance, num LIMIT $k`

	selectExactFiltered = `
MATCH (s:Store {key: $key}) WHERE s.space = $space
WITH vecf32($vector) AS asked
MATCH (v:Vector%d)
WITH v, asked
MATCH (m:Memory)-[:HAS_CHUNK]->(:Chunk)-[:HAS_VECTOR]->(v)
WHERE` + passes + `
RETURN v.num AS num, vec.cosineDistance(v.embedding, asked) AS distance
ORDER BY distance, num LIMIT $k`
)

// Nearest finds the chunks of w whose vectors are nearest.
func (s *Store) Nearest(ctx context.Context, w memory.Workspace, q memory.VectorQuery, k int) ([]memory.Near, error) {
	near, err := s.nearest(ctx, w, q, k)
	if err != nil {
		return nil, fmt.Errorf("nearest: %w", err)
	}
	return near, nil
}

func (s *Store) nearest(ctx context.Context, w memory.Workspace, q memory.VectorQuery, k int) ([]memory.Near, error) {
	if err := checkVector(q.Vector); err != nil {
		return nil, err
	}
	search := search{store: s, graph: s.graphOf(w), query: q, k: k}
	known := s.vectorsOf(search.graph)
	if err := known.enter(ctx); err != nil {
		return nil, err
	}
	defer known.leave()
	if fits, err := search.fits(ctx, known, countFor); err != nil || !fits || k <= 0 {
		return nil, err
	}
	if known.space.vectors > fewVectors {
		found, err := search.throughIndex(ctx, known)
		if !errors.Is(err, errUnsure) {
			return found, err
		}
		if fits, err := search.fits(ctx, known, 0); err != nil || !fits {
			return nil, err
		}
	}
	return search.exactly(ctx, known)
}

// search is one call of Nearest.
type search struct {
	store *Store
	graph string
	query memory.VectorQuery
	k     int
}

// fits tells whether there are vectors of the model that the query is of. How
// many there are may be known for a while.
func (q *search) fits(ctx context.Context, known *vectorIndex, believed time.Duration) (bool, error) {
	if known.space.vectors <= fewVectors || time.Since(known.read) >= believed {
		sp, err := q.store.spaceOf(ctx, q.graph)
		if err != nil {
			return false, err
		}
		known.space, known.read = sp, time.Now()
	}
	sp := known.space
	if sp.vectors == 0 || sp.kind.model != q.query.Model {
		return false, ctx.Err()
	}
	if len(q.query.Vector) != sp.kind.dimension {
		return false, wrongLength(len(q.query.Vector), sp.kind.dimension)
	}
	return true, nil
}

// ask sends a statement on the space that is known, for so many rows.
func (q *search) ask(ctx context.Context, known *vectorIndex, text string, rows int) ([]memory.Near, error) {
	params := append(filterParams(q.query.Filter), cypher.P("key", storeKey), cypher.P("space", known.space.number),
		cypher.P("vector", q.query.Vector), cypher.P("k", rows))
	found, err := q.store.read(ctx, q.graph, fmt.Sprintf(text, known.space.number), params...)
	if err != nil {
		return nil, err
	}
	return nearOf(found), nil
}

func (q *search) exactly(ctx context.Context, known *vectorIndex) ([]memory.Near, error) {
	if narrows(q.query.Filter) {
		return q.ask(ctx, known, selectExactFiltered, q.k)
	}
	return q.ask(ctx, known, selectExact, q.k)
}

// errUnsure means that the index gave too little, or nonsense.
var errUnsure = errors.New("the index is no help")

// How much more than wanted is asked for, at first and before all are compared.
const (
	narrowest = 1.2
	widest    = 16
)

// throughIndex asks for more and more until k are found.
func (q *search) throughIndex(ctx context.Context, known *vectorIndex) ([]memory.Near, error) {
	text, width := selectNearest, known.width
	if narrows(q.query.Filter) {
		text, width = selectNearestFiltered, 4*width
	}
	for ; width <= widest; width *= 2 {
		near, err := q.ask(ctx, known, text, int(math.Ceil(width*float64(q.k))))
		if err != nil && noVectorIndex(err) {
			break
		}
		if err != nil {
			return nil, err
		}
		if repeats(near) {
			continue // someone else searched at the same time
		}
		if len(near) >= q.k {
			if !narrows(q.query.Filter) {
				known.width = max(narrowest, width*0.99)
			}
			return near[:q.k], nil
		}
	}
	return nil, errUnsure
}

// noVectorIndex tells whether err says that there is no index where one was
// searched: someone left the space, or claimed it and has not made it yet.
func noVectorIndex(err error) bool {
	return strings.Contains(err.Error(), "Invalid arguments for procedure") || strings.Contains(err.Error(), "undefined attribute")
}

func nearOf(found Result) []memory.Near {
	near := make([]memory.Near, 0, found.Len())
	for i := range found.Len() {
		row := found.Row(i)
		near = append(near, memory.Near{Ref: refOf(row.Get("num")), Similarity: 1 - row.Get("distance").Float()})
	}
	return near
}

func repeats(near []memory.Near) bool {
	seen := make(map[memory.Ref]bool, len(near))
	for _, n := range near {
		if seen[n.Ref] {
			return true
		}
		seen[n.Ref] = true
	}
	return false
}
