package falkor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"zapomni/db/falkor/cypher"
	"zapomni/db/falkor/reply"
	"zapomni/memory"
	"zapomni/memory/words"
)

// schema is the version of what schema.go makes. A graph of a newer version is
// refused; one of an older version is brought forward.
const schema = 2

// definition is what an index is on, as FalkorDB lists it, and the statement
// that makes it.
type definition struct{ label, property, kind, statement string }

func rangeIndex(label, property string) definition {
	return definition{label, property, "RANGE", "CREATE INDEX FOR (n:" + label + ") ON (n." + property + ")"}
}

// indexes are those that every graph has. They are made in this order, as each
// further one makes FalkorDB go through the label again. No name in them comes
// from outside.
var indexes = []definition{ //nolint:gochecknoglobals // a constant table
	rangeIndex("Store", "key"),
	rangeIndex("Workspace", "id"),
	rangeIndex("Memory", "id"),
	rangeIndex("Memory", "valid_from"),
	rangeIndex("Memory", "place"),
	rangeIndex("Memory", "heads"),
	rangeIndex("Chunk", "ref"),
	rangeIndex("Waiting", "first"),
	{
		"Chunk", "tokens", "FULLTEXT", "CALL db.idx.fulltext.createNodeIndex({label: 'Chunk', language: 'english', stopwords: []}, " +
			"{field: 'tokens', weight: 1.0, nostem: true})",
	},
}

// storeKey marks the one node that says what a graph is and counts what it
// holds.
const storeKey = "zapomni"

const readStore = "MATCH (s:Store {key: $key}) RETURN s.schema AS schema, s.words AS words"

// prepare makes a graph ready for memories, unless it is.
func (s *Store) prepare(ctx context.Context, graph string) error {
	var err error
	for range attempts {
		ready, failed := s.ready(ctx, graph)
		if ready || failed != nil && !graphReplaced(failed) {
			return failed
		}
		if err = s.checkForeign(ctx, graph); err != nil {
			return err
		}
		err = s.asOne(ctx, graph, func(m *making) error { return s.make(ctx, m) })
		if err != nil && !graphReplaced(err) && !errors.Is(err, errTaken) {
			return fmt.Errorf("schema: %w", err)
		}
	}
	return cmp.Or(err, errRestless)
}

// make makes a graph ready, unless another has made it just before. The node
// that writers look for comes last.
func (s *Store) make(ctx context.Context, m *making) error {
	found, err := s.look(ctx, m.graph, readStore, cypher.P("key", storeKey))
	if err != nil || found.Len() > 0 {
		return err
	}
	missing, err := s.missing(ctx, m.graph, indexes...)
	if err != nil {
		return err
	}
	unique, err := s.isConstrained(ctx, m.graph)
	if err != nil {
		return err
	}
	if !unique {
		missing = append(missing, constraint(m.graph))
	}
	if err := m.carryOut(ctx, missing...); err != nil {
		return err
	}
	if err := s.settle(ctx, m.graph); err != nil {
		return err
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
	if err := m.finish(ctx, append(commands(m.graph, indexes), command(m.graph, string(store)))...); err != nil {
		return err
	}
	return s.settle(ctx, m.graph)
}

const addStore = `
MERGE (s:Store {key: $key})
ON CREATE SET s.schema = $schema, s.words = $words, s.next = $now, s.space = $now, s.memories = 0, s.chunks = 0, s.vectors = 0`

// ready tells whether a graph is one of ours, which it brings forward if it is
// of an older version.
func (s *Store) ready(ctx context.Context, graph string) (bool, error) {
	found, err := s.look(ctx, graph, readStore, cypher.P("key", storeKey))
	if err != nil || found.Len() == 0 {
		return false, err
	}
	has := versionIn(found.Row(0))
	if has.isNewer() {
		return false, fmt.Errorf("%w: graph %s is of schema %s, made by a newer version of this program, which knows %s",
			memory.ErrUnavailable, graph, has, version{schema, words.Version})
	}
	if has.schema < schema {
		if err := s.upgrade(ctx, graph, has.schema); err != nil {
			return false, fmt.Errorf("upgrade the schema: %w", err)
		}
	}
	if has.words < words.Version {
		if err := s.reindex(ctx, graph, has.words); err != nil {
			return false, fmt.Errorf("make the word index anew: %w", err)
		}
	}
	return true, nil
}

// version says how a graph is laid out, and the terms in its word index.
type version struct{ schema, words int }

func versionIn(row reply.Row) version {
	return version{int(row.Get("schema").Int()), int(row.Get("words").Int())}
}

func (v version) isNewer() bool { return v.schema > schema || v.words > words.Version }

func (v version) isCurrent() bool { return v == version{schema, words.Version} }

func (v version) String() string { return fmt.Sprintf("%d.%d", v.schema, v.words) }

const readForeign = `
MATCH (n) WITH count(n) AS nodes
OPTIONAL MATCH (s:Store {key: $key})
RETURN nodes, count(s) AS ours`

// checkForeign refuses a graph that something else has filled.
func (s *Store) checkForeign(ctx context.Context, graph string) error {
	found, err := s.look(ctx, graph, readForeign, cypher.P("key", storeKey))
	if err != nil || found.Len() == 0 {
		return err
	}
	if has := found.Row(0); has.Get("nodes").Int() == 0 || has.Get("ours").Int() > 0 {
		return nil
	}
	return fmt.Errorf("%w: graph %s holds something else; name another one (GRAPH_NAME), or copy the memories of a Python Zapomni with `zapomni migrate`",
		memory.ErrConflict, graph)
}

// command is that for a statement which defines something.
func command(graph, statement string) []any {
	return []any{"GRAPH.QUERY", graph, statement, "--compact"}
}

func commands(graph string, of []definition) [][]any {
	all := make([][]any, len(of))
	for i, x := range of {
		all[i] = command(graph, x.statement)
	}
	return all
}

// constraint keeps the store unique. An empty, padded or very long value under
// such a constraint would end the server.
func constraint(graph string) []any {
	return []any{"GRAPH.CONSTRAINT", "CREATE", graph, "UNIQUE", "NODE", "Store", "PROPERTIES", "1", "key"}
}

const readConstraints = "CALL db.constraints() YIELD label RETURN count(label) AS constraints"

// isConstrained tells whether a graph has the constraint.
func (s *Store) isConstrained(ctx context.Context, graph string) (bool, error) {
	found, err := s.look(ctx, graph, readConstraints)
	return err == nil && found.Len() > 0 && found.Row(0).Get("constraints").Int() > 0, err
}

const readIndexes = `
CALL db.indexes() YIELD label, properties, types
UNWIND properties AS property UNWIND types[property] AS kind
RETURN collect([label, property, kind]) AS indexes`

// missing returns the commands for those indexes that a graph does not have.
func (s *Store) missing(ctx context.Context, graph string, of ...definition) ([][]any, error) {
	found, err := s.look(ctx, graph, readIndexes)
	if err != nil {
		return nil, err
	}
	has := make(map[definition]bool)
	for i := range found.Len() {
		for _, x := range found.Row(i).Get("indexes").List() {
			on := x.List()
			has[definition{label: on[0].Text(), property: on[1].Text(), kind: on[2].Text()}] = true
		}
	}
	var all []definition
	for _, x := range of {
		if !has[definition{label: x.label, property: x.property, kind: x.kind}] {
			all = append(all, x)
		}
	}
	return commands(graph, all), nil
}

// define makes those indexes that a graph does not have, and waits until all of
// them are built. Others may write meanwhile.
//
// They are made in a transaction, even one: FalkorDB 4.16 dies of an index that
// is made while the graph is deleted, and within a transaction nothing comes
// between.
func (s *Store) define(ctx context.Context, graph string, of ...definition) error {
	for range attempts {
		missing, err := s.missing(ctx, graph, of...)
		if err != nil {
			return err
		}
		if len(missing) == 0 {
			return s.settle(ctx, graph)
		}
		err = s.asOne(ctx, graph, func(m *making) error {
			missing, err := s.missing(ctx, graph, of...) // another may have made it just before
			if err != nil || len(missing) == 0 {
				return err
			}
			return m.finish(ctx, missing...)
		})
		if err != nil && !errors.Is(err, errTaken) {
			return err
		}
	}
	return errRestless
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
		building, err := s.look(ctx, graph, readBuilding)
		if err != nil || building.Len() == 0 {
			return err
		}
		if err := rest(ctx, pause); err != nil {
			return err
		}
	}
}
