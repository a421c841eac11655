package falkor

import (
	"context"
	"fmt"

	"zapomni/db/falkor/cypher"
	"zapomni/memory"
)

// Vectors are nodes of their own beside the chunks they belong to, so that no
// chunk is changed, and indexed again, when its vector comes. Those of one model
// make a space: they have a label of their own, with the space's number in it,
// and so an index of their own, which is made while there is nothing in it and
// dropped as a whole. No number is given twice.

// space describes the vectors of a graph. The zero value is that of a graph
// which is not ready.
type space struct {
	kind    kind  // zero while no model has claimed the space
	schema  int   // of the graph
	number  int64 // of the space; 0 in a graph of an older schema
	left    int64 // the space before it, while its vectors are still swept; else 0
	vectors int64
	chunks  int64
}

// kind is what the vectors of a space have in common.
type kind struct {
	model     string
	dimension int
}

const selectSpace = `
MATCH (s:Store {key: $key})
RETURN s.schema AS schema, s.space AS space, s.sweep AS sweep, s.model AS model, s.dimension AS dimension,
	s.vectors AS vectors, s.chunks AS chunks`

// spaceOf reads the space of a graph.
func (s *Store) spaceOf(ctx context.Context, graph string) (space, error) {
	found, err := s.read(ctx, graph, selectSpace, cypher.P("key", storeKey))
	return spaceIn(found), err
}

// latestSpaceOf does so where a write depends on it.
func (s *Store) latestSpaceOf(ctx context.Context, graph string) (space, error) {
	found, err := s.look(ctx, graph, selectSpace, cypher.P("key", storeKey))
	return spaceIn(found), err
}

func spaceIn(found Result) space {
	if found.Result == nil || found.Len() == 0 {
		return space{}
	}
	row := found.Row(0)
	sp := space{schema: int(row.Get("schema").Int()), chunks: row.Get("chunks").Int()}
	if sp.schema != schema {
		return sp
	}
	sp.kind = kind{restored(row.Get("model").Text()), int(row.Get("dimension").Int())}
	sp.number, sp.left, sp.vectors = row.Get("space").Int(), row.Get("sweep").Int(), row.Get("vectors").Int()
	return sp
}

// settledSpace reads the space of a graph once all that was begun on it is
// done: a graph of an older schema is brought forward, and the vectors of a
// space that was left are swept, whoever was cut off at that.
func (s *Store) settledSpace(ctx context.Context, graph string) (space, error) {
	for range attempts {
		sp, err := s.latestSpaceOf(ctx, graph)
		switch {
		case err != nil:
			return space{}, err
		case sp.schema != 0 && sp.schema != schema:
			err = s.grow(ctx, graph)
		case sp.left != 0:
			err = s.sweep(ctx, graph, sp.left)
		default:
			return sp, nil
		}
		if err != nil {
			return space{}, err
		}
	}
	return space{}, errRestless
}

// attempts is how often something is tried that others can undo meanwhile.
const attempts = 30

var errRestless = fmt.Errorf("%w: the vectors are being replaced again and again", memory.ErrUnavailable)

// claimSpace makes the first kind of vectors that of all.
const claimSpace = `
MATCH (s:Store {key: $key}) WHERE s.schema = $schema AND s.sweep IS NULL
FOREACH (x IN CASE WHEN s.dimension IS NULL THEN [1] ELSE [] END | SET s.model = $model, s.dimension = $dimension)
RETURN s.space AS space, s.model AS model, s.dimension AS dimension`

// claim returns the space of a graph with the kind of its vectors, which is k
// if it had none. It returns no number for a graph that is not ready.
func (s *Store) claim(ctx context.Context, graph string, k kind) (space, error) {
	done, err := s.write(ctx, graph, claimSpace, cypher.P("key", storeKey), cypher.P("schema", schema),
		cypher.P("model", stored(k.model)), cypher.P("dimension", k.dimension))
	if err != nil || done.Len() == 0 {
		return space{}, err
	}
	row := done.Row(0)
	return space{number: row.Get("space").Int(), kind: kind{restored(row.Get("model").Text()), int(row.Get("dimension").Int())}}, nil
}

// vectorIndexOf and dropVectorIndex are for the vectors of a space. FalkorDB
// takes no parameters there; what stands in their text are numbers by their
// type.
func (s *Store) vectorIndexOf(sp space) definition {
	label := fmt.Sprintf("Vector%d", sp.number)
	return definition{label, "embedding", "VECTOR", fmt.Sprintf("CREATE VECTOR INDEX FOR (v:%s) ON (v.embedding) OPTIONS "+
		"{dimension: %d, similarityFunction: 'cosine', M: %d, efConstruction: %d, efRuntime: %d}",
		label, sp.kind.dimension, s.client.config.HNSWM, s.client.config.HNSWBuild, s.client.config.HNSWSearch)}
}

const dropVectorIndex = "DROP VECTOR INDEX FOR (v:Vector%d) ON (v.embedding)"

// readyForVectors returns the space for vectors of a kind, with its index. It
// is a new one if the space has no vectors of another kind but those of the
// memory id. It returns no number for a graph that is not ready.
func (s *Store) readyForVectors(ctx context.Context, graph string, id memory.ID, k kind) (space, error) {
	known := s.vectorsOf(graph)
	if sp := known.ready.Load(); sp != nil && sp.kind == k {
		return *sp, nil
	}
	if err := known.enter(ctx); err != nil {
		return space{}, err
	}
	defer known.leave()
	if sp := known.ready.Load(); sp != nil && sp.kind == k {
		return *sp, nil // it was made while this waited
	}
	sp, err := s.takeSpace(ctx, graph, id, k)
	if err != nil || sp.number == 0 {
		return space{}, err
	}
	if err := s.define(ctx, graph, s.vectorIndexOf(sp)); err != nil {
		return space{}, err
	}
	known.ready.Store(&sp)
	return sp, nil
}

// takeSpace claims the space, or the one after it.
func (s *Store) takeSpace(ctx context.Context, graph string, id memory.ID, k kind) (space, error) {
	for range attempts {
		if sp, err := s.settledSpace(ctx, graph); err != nil || sp.number == 0 {
			return space{}, err
		}
		sp, err := s.claim(ctx, graph, k)
		if err != nil || sp.number != 0 && sp.kind == k {
			return sp, err
		}
		if sp.kind == (kind{}) {
			continue // someone left the space meanwhile
		}
		left, err := s.leaveSpace(ctx, graph, leaveEmptySpace, sp.number, cypher.P("id", string(id)))
		if err != nil {
			return space{}, err
		}
		if !left {
			return space{}, sp.kind.refuse(k)
		}
	}
	return space{}, errRestless
}

// refuse says why a vector of another kind cannot be among those of k.
func (k kind) refuse(other kind) error {
	if k.model != other.model {
		return fmt.Errorf("%w: vectors of the model %q, where those of %q should go", memory.ErrConflict, k.model, other.model)
	}
	return wrongLength(other.dimension, k.dimension)
}
