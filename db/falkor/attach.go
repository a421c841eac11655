package falkor

import (
	"context"
	"fmt"

	"zapomni/db/falkor/cypher"
	"zapomni/memory"
)

// attachVectors gives vectors to the chunks that lack one. A memory of which
// each chunk has its vector waits no more. No row comes back from a graph that
// is not ready, or whose space has been left.
const attachVectors = `
MATCH (s:Store {key: $key}) WHERE s.schema = $schema AND s.space = $space AND s.model = $model
UNWIND $vectors AS x
OPTIONAL MATCH (m:Memory)-[:HAS_CHUNK]->(c:Chunk {ref: x.ref})
OPTIONAL MATCH (c)-[:HAS_VECTOR]->(v)
WITH s, m, c, x, (c IS NOT NULL AND v IS NULL) AS lacks
FOREACH (n IN CASE WHEN lacks THEN [c] ELSE [] END |
	CREATE (n)-[:HAS_VECTOR]->(:Vector%d {num: x.num, embedding: vecf32(x.vector)}))
WITH s, m, count(CASE WHEN lacks THEN 1 ELSE NULL END) AS added
OPTIONAL MATCH (m)-[:HAS_CHUNK]->(:Chunk)-[:HAS_VECTOR]->(v)
WITH s, m, added, 2 * count(v) = size(m.bounds) AS complete
OPTIONAL MATCH (w:Waiting {first: m.first})
FOREACH (x IN CASE WHEN complete AND w IS NOT NULL THEN [w] ELSE [] END | DELETE x)
WITH s, toInteger(sum(added)) AS added
SET s.vectors = s.vectors + added
RETURN added AS added`

// Attach gives chunks of w their vectors, all or none.
func (s *Store) Attach(ctx context.Context, w memory.Workspace, model string, vectors []memory.Attachment) error {
	if err := s.attach(ctx, w, model, vectors); err != nil {
		return fmt.Errorf("attach: %w", err)
	}
	return nil
}

func (s *Store) attach(ctx context.Context, w memory.Workspace, model string, vectors []memory.Attachment) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	all := make([][]float32, len(vectors))
	for i, v := range vectors {
		all[i] = v.Vector
	}
	dimension, err := checkVectors(all)
	if err != nil {
		return err
	}
	given := attachable(vectors)
	if len(given) == 0 {
		return nil
	}
	err = s.change(ctx, w, func() (bool, error) { return s.tryAttach(ctx, w, kind{model, dimension}, given) })
	return unless(err, memory.ErrNoWorkspace) // its chunks are gone
}

// attachable are the vectors for each chunk once. What is no ref of ours names
// no chunk.
func attachable(vectors []memory.Attachment) []cypher.Map {
	given := make([]cypher.Map, 0, len(vectors))
	seen := make(map[int64]bool, len(vectors))
	for _, v := range vectors {
		if num, ok := numOf(v.Ref); ok && !seen[num] {
			seen[num] = true
			given = append(given, cypher.Map{cypher.P("num", num), cypher.P("ref", string(v.Ref)), cypher.P("vector", v.Vector)})
		}
	}
	return given
}

// tryAttach reports whether the graph of w was ready for it.
func (s *Store) tryAttach(ctx context.Context, w memory.Workspace, k kind, given []cypher.Map) (bool, error) {
	graph := s.graphOf(w)
	for range attempts {
		sp, err := s.readyForVectors(ctx, graph, "", k)
		if err != nil || sp.number == 0 {
			return false, unlessReplaced(err)
		}
		done, err := s.write(ctx, graph, fmt.Sprintf(attachVectors, sp.number), cypher.P("key", storeKey), cypher.P("schema", schema),
			cypher.P("space", sp.number), cypher.P("model", stored(k.model)), cypher.P("vectors", given))
		if err != nil || done.Len() > 0 {
			return err == nil, unlessReplaced(err)
		}
		s.dropped(graph) // someone left the space meanwhile
	}
	return false, errRestless
}
