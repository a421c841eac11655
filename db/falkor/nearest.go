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
	fits, err := search.fits(ctx, countFor)
	if err != nil || !fits || k <= 0 {
		return nil, err
	}
	if search.space.vectors > fewVectors {
		found, err := search.inTurn(ctx)
		if !errors.Is(err, errUnsure) {
			return found, err
		}
		if fits, err := search.fits(ctx, 0); err != nil || !fits {
			return nil, err
		}
	}
	return search.exactly(ctx)
}

// search is one call of Nearest.
type search struct {
	store *Store
	graph string
	query memory.VectorQuery
	k     int
	space space // that it looks in
}

// fits tells whether there are vectors of the model that the query is of. How
// many there are, once they are many, may be known for a while.
func (q *search) fits(ctx context.Context, believed time.Duration) (bool, error) {
	sp, err := q.look(ctx, believed)
	if err != nil {
		return false, err
	}
	q.space = sp
	if sp.vectors == 0 || sp.kind.model != q.query.Model {
		return false, ctx.Err()
	}
	if len(q.query.Vector) != sp.kind.dimension {
		return false, wrongLength(len(q.query.Vector), sp.kind.dimension)
	}
	return true, nil
}

// look reads the space, unless it was read a moment ago.
func (q *search) look(ctx context.Context, believed time.Duration) (space, error) {
	if known, ok := q.store.vectors.Load(q.graph); ok {
		known := known.(*vectorIndex) //nolint:forcetypeassert // nothing else is stored
		if seen := known.seen.Load(); seen != nil && time.Since(seen.at) < believed {
			return seen.space, nil
		}
	}
	now := time.Now()
	sp, err := q.store.spaceOf(ctx, q.graph)
	if err == nil && sp.vectors > fewVectors {
		q.store.vectorsOf(q.graph).seen.Store(&sight{sp, now})
	}
	return sp, err
}

// ask sends a statement on the space, for so many rows.
func (q *search) ask(ctx context.Context, text string, rows int) ([]memory.Near, error) {
	params := append(filterParams(q.query.Filter), cypher.P("key", storeKey), cypher.P("space", q.space.number),
		cypher.P("vector", q.query.Vector), cypher.P("k", rows))
	found, err := q.store.read(ctx, q.graph, fmt.Sprintf(text, q.space.number), params...)
	if err != nil {
		return nil, err
	}
	return nearOf(found), nil
}

func (q *search) exactly(ctx context.Context) ([]memory.Near, error) {
	if narrows(q.query.Filter) {
		return q.ask(ctx, selectExactFiltered, q.k)
	}
	return q.ask(ctx, selectExact, q.k)
}

// errUnsure means that the index gave too little, or nonsense.
var errUnsure = errors.New("the index is no help")

const (
	// narrowest is how much more than wanted is asked for at least, and
	// narrowFiltered how much more than that where a filter takes some away.
	narrowest      = 1.2
	narrowFiltered = 4
	// narrowing and widening bound what one search changes of that for the next:
	// ghosts lie where memories were replaced, and not everywhere.
	narrowing = 0.99
	widening  = 1.3
	// A row that the index finds costs as much as to compare so many vectors,
	// fewer where their memories have to be looked at.
	perRow         = 5
	perRowFiltered = 2
)

// inTurn searches through the index, alone.
func (q *search) inTurn(ctx context.Context) ([]memory.Near, error) {
	known := q.store.vectorsOf(q.graph)
	if err := known.enter(ctx); err != nil {
		return nil, err
	}
	defer known.leave()
	if narrows(q.query.Filter) {
		found, _, err := q.throughIndex(ctx, selectNearestFiltered, narrowFiltered*known.width, perRowFiltered)
		return found, err
	}
	found, width, err := q.throughIndex(ctx, selectNearest, known.width, perRow)
	if err == nil || errors.Is(err, errUnsure) {
		known.width = max(narrowest, narrowing*min(width, widening*known.width))
	}
	return found, err
}

// throughIndex asks for width times as many as wanted, and for more and more
// until k are found or it is cheaper to compare all. It returns the last width.
func (q *search) throughIndex(ctx context.Context, text string, width float64, cost int64) ([]memory.Near, float64, error) {
	most := float64(min(q.space.vectors/cost, mostRows))
	for ; math.Ceil(width*float64(q.k)) <= most; width *= 2 {
		near, err := q.ask(ctx, text, int(math.Ceil(width*float64(q.k))))
		if err != nil && noVectorIndex(err) {
			return nil, narrowest, errUnsure
		}
		if err != nil {
			return nil, width, err
		}
		if repeats(near) {
			continue // someone else searched at the same time
		}
		if len(near) >= q.k {
			return near[:q.k], width, nil
		}
	}
	return nil, width, errUnsure
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
