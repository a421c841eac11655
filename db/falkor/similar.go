package falkor

import (
	"context"
	"fmt"
	"strings"

	"zapomni/db/falkor/cypher"
	"zapomni/memory"
)

const selectSimilar = `
MATCH (s:Store {key: $key}) WHERE s.schema = $schema AND s.model = $model AND s.sweep IS NULL
WITH vecf32($vector) AS asked
MATCH (c:Chunk) WHERE c.ref IN $refs
MATCH (c)-[:HAS_VECTOR]->(v)
RETURN c.num AS num, vec.cosineDistance(v.embedding, asked) AS distance`

// Similar compares the chunks of w that refs name.
func (s *Store) Similar(ctx context.Context, w memory.Workspace, q memory.VectorQuery, refs []memory.Ref) ([]memory.Near, error) {
	near, err := s.similar(ctx, w, q, refs)
	if err != nil {
		return nil, fmt.Errorf("similar: %w", err)
	}
	return near, nil
}

func (s *Store) similar(ctx context.Context, w memory.Workspace, q memory.VectorQuery, refs []memory.Ref) ([]memory.Near, error) {
	if err := checkVector(q.Vector); err != nil {
		return nil, err
	}
	asked := validRefs(refs)
	if len(asked) == 0 {
		return nil, ctx.Err()
	}
	found, err := s.read(ctx, s.graphOf(w), selectSimilar, cypher.P("key", storeKey), cypher.P("schema", schema),
		cypher.P("model", stored(q.Model)), cypher.P("refs", asked), cypher.P("vector", q.Vector))
	if err != nil && strings.Contains(err.Error(), "dimension mismatch") {
		return nil, fmt.Errorf("%w: a vector of %d numbers: %w", memory.ErrInvalid, len(q.Vector), err)
	}
	if err != nil {
		return nil, err
	}
	return nearOf(found), nil
}
