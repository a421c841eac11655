package falkor

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"zapomni/db/falkor/cypher"
	"zapomni/memory"
)

// Vectors stand on the chunks, which are never changed once made: each change
// of a node with a vector leaves a ghost in FalkorDB's index, which takes the
// place of a true neighbor.

// fewVectors is how many are compared one by one rather than through the
// index: it takes about a millisecond a thousand, and is always right.
const fewVectors = 1000

// vectorIndex is what a graph's vector index is known to be.
type vectorIndex struct {
	turn      chan struct{} // holds one while a search is under way: see selectNearest
	dimension int           // 0 until it is known
	count     int64         // of vectors, when it was last read
	read      time.Time
	width     float64 // how much more than wanted is asked for, at least 1
}

// enter waits for the turn. Without an error, leave gives it back.
func (x *vectorIndex) enter(ctx context.Context) error {
	select {
	case x.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (x *vectorIndex) leave() { <-x.turn }

// countFor is how long a count of vectors is believed.
const countFor = time.Second

// checkVector refuses what FalkorDB would keep and never find, or what would
// harm its index.
func checkVector(v []float32) error {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	if len(v) == 0 || sum == 0 || math.IsNaN(sum) || math.IsInf(sum, 0) {
		return fmt.Errorf("%w: a vector must have numbers that are finite and not all zero", memory.ErrInvalid)
	}
	return nil
}

// checkVectors returns the length of m's vectors, 0 if there are none.
func checkVectors(m memory.Memory) (dimension int, err error) {
	for _, c := range m.Chunks {
		if c.Vector == nil {
			continue
		}
		if err := checkVector(c.Vector); err != nil {
			return 0, err
		}
		if dimension != 0 && len(c.Vector) != dimension {
			return 0, wrongLength(len(c.Vector), dimension)
		}
		dimension = len(c.Vector)
	}
	return dimension, nil
}

func wrongLength(have, want int) error {
	return fmt.Errorf("%w: a vector of %d numbers, where those kept have %d", memory.ErrInvalid, have, want)
}

// vectorsOf returns what is known of the vectors of a graph.
func (s *Store) vectorsOf(graph string) *vectorIndex {
	known, _ := s.vectors.LoadOrStore(graph, &vectorIndex{turn: make(chan struct{}, 1), width: 1.2})
	return known.(*vectorIndex) //nolint:forcetypeassert // nothing else is stored
}

// claimDimension makes the first length of a vector that of all.
const claimDimension = `
MATCH (s:Store {key: $key})
SET s.dimension = coalesce(s.dimension, $dimension)
RETURN s.dimension AS dimension`

// releaseDimension forgets the length of vectors if none is left but those of
// the memory that is being replaced.
const releaseDimension = `
MATCH (s:Store {key: $key})
OPTIONAL MATCH (:Memory {id: $id})-[:HAS_CHUNK]->(c:Chunk)
WITH s, count(c.embedding) AS its WHERE its = s.vectors
SET s.dimension = NULL
RETURN its AS its`

const dropVectorIndex = "DROP VECTOR INDEX FOR (c:Chunk) ON (c.embedding)"

// makeVectorIndex is the one statement with numbers in its text: FalkorDB takes
// no parameters there. They are numbers by their type.
func (s *Store) makeVectorIndex(dimension int) string {
	return fmt.Sprintf("CREATE VECTOR INDEX FOR (c:Chunk) ON (c.embedding) OPTIONS "+
		"{dimension: %d, similarityFunction: 'cosine', M: %d, efConstruction: %d, efRuntime: %d}",
		dimension, s.client.config.HNSWM, s.client.config.HNSWBuild, s.client.config.HNSWSearch)
}

// readyForVectors makes the index for vectors of that length, those of the
// memory id, unless it is there.
func (s *Store) readyForVectors(ctx context.Context, graph string, id memory.ID, dimension int) error {
	known := s.vectorsOf(graph)
	if err := known.enter(ctx); err != nil {
		return err
	}
	defer known.leave()
	if known.dimension == dimension {
		return nil
	}
	claimed, err := s.claim(ctx, graph, dimension)
	if err != nil || claimed == 0 {
		return err // or the graph is not ready, which Put finds out
	}
	if claimed != dimension {
		free, err := s.write(ctx, graph, releaseDimension, cypher.P("key", storeKey), cypher.P("id", string(id)))
		if err != nil {
			return err
		}
		if free.Len() == 0 {
			return wrongLength(dimension, claimed)
		}
		if err := s.define(ctx, graph, definition(graph, dropVectorIndex)); err != nil {
			return err
		}
		if claimed, err = s.claim(ctx, graph, dimension); err != nil {
			return err
		}
	}
	if err := s.define(ctx, graph, definition(graph, s.makeVectorIndex(claimed))); err != nil {
		return err
	}
	known.dimension = claimed
	if claimed != dimension {
		return wrongLength(dimension, claimed)
	}
	return nil
}

// claim returns the length of the vectors of a graph, which is dimension if it
// had none. It returns 0 for a graph that is not ready.
func (s *Store) claim(ctx context.Context, graph string, dimension int) (int, error) {
	done, err := s.write(ctx, graph, claimDimension, cypher.P("key", storeKey), cypher.P("dimension", dimension))
	if err != nil || done.Len() == 0 {
		return 0, err
	}
	return int(done.Row(0).Get("dimension").Int()), nil
}

// selectNearest asks the index. One search at a time: FalkorDB 4.16 answers
// several on the same index wrongly, the same chunk more than once in the
// place of others.
const selectNearest = `
CALL db.idx.vector.queryNodes('Chunk', 'embedding', $k, vecf32($vector)) YIELD node, score
RETURN node.num AS num, score AS distance`

const selectNearestFiltered = `
CALL db.idx.vector.queryNodes('Chunk', 'embedding', $k, vecf32($vector)) YIELD node, score
MATCH (m:Memory)-[:HAS_CHUNK]->(node)
WHERE` + passes + `
RETURN node.num AS num, score AS distance`

// selectExact compares all.
const selectExact = `
MATCH (m:Memory)-[:HAS_CHUNK]->(c:Chunk)
WHERE c.embedding IS NOT NULL AND` + passes + `
RETURN c.num AS num, vec.cosineDistance(c.embedding, vecf32($vector)) AS distance
ORDER BY distance, num LIMIT $k`

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
	graph := s.graphOf(w)
	known := s.vectorsOf(graph)
	if err := known.enter(ctx); err != nil {
		return nil, err
	}
	defer known.leave()
	if err := s.refresh(ctx, graph, known); err != nil {
		return nil, err
	}
	if known.count == 0 || k <= 0 {
		return nil, ctx.Err()
	}
	if len(q.Vector) != known.dimension {
		return nil, wrongLength(len(q.Vector), known.dimension)
	}
	if known.count > fewVectors {
		found, err := s.throughIndex(ctx, graph, known, q, k)
		if !errors.Is(err, errUnsure) {
			return found, err
		}
	}
	params := append(filterParams(q.Filter), cypher.P("vector", q.Vector), cypher.P("k", k))
	found, err := s.read(ctx, graph, selectExact, params...)
	if err != nil {
		return nil, err
	}
	return nearOf(found), nil
}

const selectVectors = "MATCH (s:Store {key: $key}) RETURN s.dimension AS dimension, s.vectors AS vectors"

// refresh reads how many vectors there are, if that is not known of late.
func (s *Store) refresh(ctx context.Context, graph string, known *vectorIndex) error {
	if known.count > fewVectors && time.Since(known.read) < countFor {
		return nil
	}
	found, err := s.read(ctx, graph, selectVectors, cypher.P("key", storeKey))
	if err != nil {
		return err
	}
	known.dimension, known.count, known.read = 0, 0, time.Now()
	if found.Len() > 0 {
		row := found.Row(0)
		known.dimension, known.count = int(row.Get("dimension").Int()), row.Get("vectors").Int()
	}
	return nil
}

// errUnsure means that the index gave too little, or nonsense.
var errUnsure = errors.New("the index is no help")

// widest is how much more than wanted is asked for before all are compared.
const widest = 16

// throughIndex asks for more and more until k are found.
func (s *Store) throughIndex(ctx context.Context, graph string, known *vectorIndex, q memory.VectorQuery, k int) ([]memory.Near, error) {
	text, width := selectNearest, known.width
	if narrows(q.Filter) {
		text, width = selectNearestFiltered, 4*width
	}
	for ; width <= widest; width *= 2 {
		params := append(filterParams(q.Filter), cypher.P("vector", q.Vector), cypher.P("k", int(math.Ceil(width*float64(k)))))
		found, err := s.read(ctx, graph, text, params...)
		if err != nil {
			return nil, err
		}
		near := nearOf(found)
		if repeats(near) {
			continue // someone else searched at the same time
		}
		if len(near) >= k {
			if !narrows(q.Filter) {
				known.width = max(1.2, width*0.99)
			}
			return near[:k], nil
		}
	}
	return nil, errUnsure
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

// dropped tells that a graph is gone, and all that was known of it.
func (s *Store) dropped(graph string) { s.vectors.Delete(graph) }
