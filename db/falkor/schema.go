package falkor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"zapomni/db/falkor/cypher"
	"zapomni/memory"
	"zapomni/memory/words"
)

// schema is the version of what schema.go makes. A graph of a newer version is
// refused; one of an older version is brought forward.
const schema = 2

// indexes are made in this order, as each further one makes FalkorDB go
// through the label again. No name in them comes from outside.
var indexes = []string{ //nolint:gochecknoglobals // a constant table
	"CREATE INDEX FOR (s:Store) ON (s.key)",
	"CREATE INDEX FOR (w:Workspace) ON (w.id)",
	"CREATE INDEX FOR (m:Memory) ON (m.id)",
	"CREATE INDEX FOR (m:Memory) ON (m.valid_from)",
	"CREATE INDEX FOR (m:Memory) ON (m.place)",
	"CREATE INDEX FOR (m:Memory) ON (m.heads)",
	"CREATE INDEX FOR (c:Chunk) ON (c.ref)",
	"CREATE INDEX FOR (w:Waiting) ON (w.first)",
}

const fulltextIndex = "CALL db.idx.fulltext.createNodeIndex({label: 'Chunk', language: 'english', stopwords: []}, " +
	"{field: 'tokens', weight: 1.0, nostem: true})"

// storeKey marks the one node that says what a graph is and counts what it
// holds.
const storeKey = "zapomni"

const readStore = "MATCH (s:Store {key: $key}) RETURN s.schema AS schema, s.words AS words"

// prepare makes a graph ready for memories, unless it is. Several servers may
// do so at once: every step bears being done twice, and the node that writers
// look for is made last.
func (s *Store) prepare(ctx context.Context, graph string) error {
	var err error
	by := uuid.NewString()
	for range 5 {
		if err = s.prepareOnce(ctx, graph, by); err == nil || !graphReplaced(err) {
			return err
		}
	}
	return err
}

// await returns once the graph is ready, or it falls to us, by name, to make
// it so. One makes it at a time: where an index is asked for again while others
// write, FalkorDB 4.16 never finds some of what they write by another index.
func (s *Store) await(ctx context.Context, graph, by string) (ready bool, err error) {
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		if ready, err = s.ready(ctx, graph); ready || err != nil {
			return ready, err
		}
		if err := s.checkForeign(ctx, graph); err != nil {
			return false, err
		}
		mine, err := s.claimMaking(ctx, graph, by)
		if err != nil {
			return false, err
		}
		if mine {
			return s.ready(ctx, graph) // another may have made it just before
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// makingTime is how long one has to make a graph ready before another takes
// over: it may have died.
const makingTime = 10 * time.Second

// claimMaking reports whether it is by who makes the graph ready. Who may not
// use the key makes it without asking.
func (s *Store) claimMaking(ctx context.Context, graph, by string) (bool, error) {
	_, err := s.client.Do(ctx, Repeatable, "SET", s.makingKey(graph), by, "NX", "PX", makingTime.Milliseconds())
	var holds any
	if err == nil {
		holds, err = s.client.Do(ctx, Repeatable, "GET", s.makingKey(graph))
	}
	switch {
	case err == nil:
		return holds == by, nil
	case ctx.Err() != nil || errors.Is(err, memory.ErrUnavailable):
		return false, err
	default:
		return true, nil
	}
}

// endMaking lets others make the graph ready, if it was by who did. A claim that
// cannot be given back ends by itself.
func (s *Store) endMaking(ctx context.Context, graph, by string) {
	if holds, err := s.client.Do(ctx, Repeatable, "GET", s.makingKey(graph)); err == nil && holds == by {
		_, _ = s.client.Do(ctx, Repeatable, "DEL", s.makingKey(graph))
	}
}

// makingKey is a key that no graph has, as no workspace is named so. In a
// cluster it is where the default graph is, to which Do goes.
func (s *Store) makingKey(graph string) string { return "{" + s.graph + "}:~making:" + graph }

func (s *Store) prepareOnce(ctx context.Context, graph, by string) error {
	ready, err := s.await(ctx, graph, by)
	defer s.endMaking(ctx, graph, by)
	if ready || err != nil {
		return err
	}
	definitions := definitions(graph)
	if err := s.define(ctx, graph, append(definitions, constraint(graph))...); err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	store, err := cypher.Append(nil, addStore,
		cypher.P("key", storeKey), cypher.P("schema", schema), cypher.P("words", words.Version),
		// Numbers of chunks and of spaces start at the time, so that a graph
		// made again under the same name gives none a second time.
		cypher.P("now", time.Now()))
	if err != nil {
		return err
	}
	// The indexes again: the graph may have been deleted since, and one that is
	// ready has to have them. Not the constraint: FalkorDB complains, whenever it
	// starts on its data, of one that was asked for twice.
	if err := s.define(ctx, graph, append(definitions, definition(graph, string(store)))...); err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	return nil
}

const addStore = `
MERGE (s:Store {key: $key})
ON CREATE SET s.schema = $schema, s.words = $words, s.next = $now, s.space = $now, s.memories = 0, s.chunks = 0, s.vectors = 0`

// ready tells whether a graph is one of ours that can be used as it is.
func (s *Store) ready(ctx context.Context, graph string) (bool, error) {
	found, err := s.read(ctx, graph, readStore, cypher.P("key", storeKey))
	if err != nil || found.Len() == 0 {
		return false, err
	}
	has := found.Row(0)
	if v := has.Get("schema").Int(); v > schema {
		return false, fmt.Errorf("%w: graph %s is of schema %d, made by a newer version of this program, which knows %d",
			memory.ErrUnavailable, graph, v, schema)
	}
	if v := has.Get("schema").Int(); v < schema {
		if err := s.upgrade(ctx, graph, int(v)); err != nil {
			return false, fmt.Errorf("upgrade the schema: %w", err)
		}
	}
	if v := has.Get("words").Int(); v != words.Version {
		return false, s.reindex(ctx, graph, int(v))
	}
	return true, nil
}

const readForeign = `
MATCH (n) WITH count(n) AS nodes
OPTIONAL MATCH (s:Store {key: $key})
RETURN nodes, count(s) AS ours`

// checkForeign refuses a graph that something else has filled.
func (s *Store) checkForeign(ctx context.Context, graph string) error {
	found, err := s.read(ctx, graph, readForeign, cypher.P("key", storeKey))
	if err != nil || found.Len() == 0 {
		return err
	}
	if has := found.Row(0); has.Get("nodes").Int() == 0 || has.Get("ours").Int() > 0 {
		return nil
	}
	return fmt.Errorf("%w: graph %s holds something else; name another one (GRAPH_NAME), or copy the memories of a Python Zapomni with `zapomni migrate`",
		memory.ErrConflict, graph)
}

// definition is the command for a statement that defines something.
func definition(graph, statement string) []any {
	return []any{"GRAPH.QUERY", graph, statement, "--compact"}
}

// definitions are the commands for the indexes that every graph has.
func definitions(graph string) [][]any {
	var all [][]any
	for _, statement := range append(slices.Clone(indexes), fulltextIndex) {
		all = append(all, definition(graph, statement))
	}
	return slices.Clip(all)
}

// constraint keeps the store unique. An empty, padded or very long value under
// such a constraint would end the server.
func constraint(graph string) []any {
	return []any{"GRAPH.CONSTRAINT", "CREATE", graph, "UNIQUE", "NODE", "Store", "PROPERTIES", "1", "key"}
}

// define carries out definitions as one transaction, and waits until what they
// define is there. Those that have been carried out already do no harm.
//
// It has to be a transaction, even for one: FalkorDB 4.16 dies of an index that
// is made while the graph is deleted, and within a transaction nothing comes
// between.
func (s *Store) define(ctx context.Context, graph string, definitions ...[]any) error {
	refused, err := s.client.together(ctx, graph, definitions)
	if err != nil {
		return err
	}
	for _, err := range refused {
		if err != nil && !isDefined(err) {
			return err
		}
	}
	return s.settle(ctx, graph)
}

// dropIndex drops an index, unless it is gone.
//
// It has to be by itself: where one is dropped within a transaction while
// others write, FalkorDB 4.16 loses relationships of what they write.
func (s *Store) dropIndex(ctx context.Context, graph, statement string) error {
	if _, err := s.write(ctx, graph, statement); err != nil && !isDefined(err) {
		return err
	}
	return s.settle(ctx, graph)
}

// isDefined tells whether err says that a definition has been carried out
// before.
func isDefined(err error) bool {
	return slices.ContainsFunc([]string{"already indexed", "already exists", "no such index"}, func(text string) bool {
		return strings.Contains(err.Error(), text)
	})
}

const readBuilding = "CALL db.indexes() YIELD label, status WHERE status <> 'OPERATIONAL' RETURN label AS label"

// settle waits until all indexes are built: what is written before is indexed
// twice.
func (s *Store) settle(ctx context.Context, graph string) error {
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		building, err := s.read(ctx, graph, readBuilding)
		if err != nil || building.Len() == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}
