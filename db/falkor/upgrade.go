package falkor

import (
	"context"
	"time"

	"zapomni/db/falkor/cypher"
)

// In a graph of schema 1 chunks had no ref, and vectors stood on them, of nobody
// knows which model. They are forgotten, and all memories wait for theirs.
const (
	dropFirstVectorIndex = "DROP VECTOR INDEX FOR (c:Chunk) ON (c.embedding)"

	upgradeSome = `
MATCH (s:Store {key: $key}) WHERE s.schema < $schema
MATCH (m:Memory) WHERE m.place > $last
WITH m ORDER BY m.place LIMIT $limit
OPTIONAL MATCH (m)-[:HAS_CHUNK]->(c:Chunk)
WITH m, collect(c) AS chunks
FOREACH (c IN chunks | SET c.ref = toString(c.num), c.embedding = NULL)
WITH max(m.place) AS last, collect(CASE WHEN size(chunks) > 0 THEN m.first ELSE NULL END) AS firsts
UNWIND CASE WHEN size(firsts) > 0 THEN firsts ELSE [NULL] END AS first
FOREACH (x IN CASE WHEN first IS NULL THEN [] ELSE [1] END | MERGE (:Waiting {first: first}))
RETURN max(last) AS last`

	// finishUpgrade returns a row if there was nothing more to do, or someone
	// else was faster.
	finishUpgrade = `
MATCH (s:Store {key: $key})
OPTIONAL MATCH (m:Memory) WHERE m.place > $last
WITH s, s.schema < $schema AS old, count(m) AS more WHERE more = 0 OR NOT old
FOREACH (x IN CASE WHEN old THEN [1] ELSE [] END |
	SET s.schema = $schema, s.space = $now, s.vectors = 0, s.dimension = NULL)
RETURN s.schema AS schema`
)

// upgraded is how many memories are brought forward by one query: writers wait
// meanwhile.
const upgraded = 200

// upgrade brings a graph forward to this schema, beside others who read and
// write it, or do the same. Cut off, it starts again.
func (s *Store) upgrade(ctx context.Context, graph string, from int) error {
	s.log.InfoContext(ctx, "schema_growing", "graph", graph, "from", from, "to", schema)
	if err := s.define(ctx, graph, indexes...); err != nil {
		return err
	}
	if err := s.dropIndex(ctx, graph, dropFirstVectorIndex); err != nil {
		return err
	}
	params := []cypher.Param{cypher.P("key", storeKey), cypher.P("schema", schema), cypher.P("limit", upgraded)}
	for last := int64(-1); ; {
		done, err := s.write(ctx, graph, upgradeSome, append(params, cypher.P("last", last))...)
		if err != nil {
			return err
		}
		if done.Len() > 0 && !done.Row(0).Get("last").IsNull() {
			last = done.Row(0).Get("last").Int()
			continue
		}
		done, err = s.write(ctx, graph, finishUpgrade, append(params, cypher.P("last", last), cypher.P("now", time.Now()))...)
		if err != nil || done.Len() > 0 {
			return err
		}
	}
}
