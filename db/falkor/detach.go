package falkor

import (
	"context"
	"errors"
	"fmt"

	"zapomni/db/falkor/cypher"
	"zapomni/memory"
)

// A space is left by one statement, with which all of its vectors are gone for
// every reader. What is left of them is swept in steps, and no model claims the
// next space before that is done.
const (
	leaveAnySpace = `
MATCH (s:Store {key: $key}) WHERE s.space = $space AND s.sweep IS NULL` + leave

	// leaveEmptySpace does so if there are no vectors but those of a memory.
	leaveEmptySpace = `
MATCH (s:Store {key: $key}) WHERE s.space = $space AND s.sweep IS NULL
OPTIONAL MATCH (:Memory {id: $id})-[:HAS_CHUNK]->(:Chunk)-[:HAS_VECTOR]->(v)
WITH s, count(v) AS its WHERE its = s.vectors` + leave

	leave = `
SET s.sweep = $space, s.space = $space + 1, s.model = NULL, s.dimension = NULL, s.vectors = 0
RETURN s.space AS space`
)

// leaveSpace leaves a space and tells whether it did.
func (s *Store) leaveSpace(ctx context.Context, graph, how string, number int64, params ...cypher.Param) (bool, error) {
	done, err := s.write(ctx, graph, how, append(params, cypher.P("key", storeKey), cypher.P("space", number))...)
	return err == nil && (done.Len() > 0 || done.Again), err
}

// swept is how many vectors are forgotten by one query: writers wait
// meanwhile, some 15 ms.
const swept = 500

// sweepSome goes by the vectors alone: one that belongs to no chunk must not
// keep the others.
const sweepSome = `
MATCH (s:Store {key: $key}) WHERE s.sweep = $space
MATCH (v:Vector%d)
WITH v LIMIT $limit
OPTIONAL MATCH (m:Memory)-[:HAS_CHUNK]->(:Chunk)-[:HAS_VECTOR]->(v)
WITH collect(v) AS vectors, collect(DISTINCT m.first) AS firsts
FOREACH (v IN vectors | DELETE v)
FOREACH (first IN firsts | MERGE (:Waiting {first: first}))
RETURN size(vectors) AS swept`

const sweepDone = `
MATCH (s:Store {key: $key}) WHERE s.sweep = $space
SET s.sweep = NULL`

// sweep forgets the vectors of a space that was left, and marks the memories
// that wait for others. Several may do so at once, and one can go on where
// another was cut off.
func (s *Store) sweep(ctx context.Context, graph string, number int64) error {
	// The index first: vectors that it holds would be taken out of it one by one.
	if err := s.dropIndex(ctx, graph, fmt.Sprintf(dropVectorIndex, number)); err != nil {
		return err
	}
	some := fmt.Sprintf(sweepSome, number)
	for {
		done, err := s.write(ctx, graph, some, cypher.P("key", storeKey), cypher.P("space", number), cypher.P("limit", swept))
		if err != nil {
			return err
		}
		if done.Len() == 0 || done.Row(0).Get("swept").Int() == 0 {
			break
		}
	}
	_, err := s.write(ctx, graph, sweepDone, cypher.P("key", storeKey), cypher.P("space", number))
	return err
}

// Detach forgets all vectors of w. Cut off, it is finished by the next call
// that has to do with vectors that are to come.
func (s *Store) Detach(ctx context.Context, w memory.Workspace) error {
	if err := s.detach(ctx, w); err != nil {
		return fmt.Errorf("detach: %w", err)
	}
	return nil
}

func (s *Store) detach(ctx context.Context, w memory.Workspace) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.spaces.exists(ctx, s, w); err != nil {
		return unless(err, memory.ErrNoWorkspace)
	}
	graph := s.graphOf(w)
	sp, err := s.settledSpace(ctx, graph)
	if err == nil && sp.kind != (kind{}) {
		if _, err = s.leaveSpace(ctx, graph, leaveAnySpace, sp.number); err == nil {
			s.dropped(graph)
			_, err = s.settledSpace(ctx, graph)
		}
	}
	return unlessReplaced(err) // its vectors are gone with it
}

// unless returns err, or nil if it is what is no error here.
func unless(err, target error) error {
	if errors.Is(err, target) {
		return nil
	}
	return err
}
