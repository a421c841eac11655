package falkor

import (
	"context"
	"fmt"
	"maps"
	"math"
	"sync"

	"zapomni/db/falkor/cypher"
	"zapomni/memory"
)

// Frequencies counts the chunks of w, and those that hold each term. Counts of
// common terms, which take long, may be a tenth behind.
func (s *Store) Frequencies(ctx context.Context, w memory.Workspace, terms []string) (memory.Frequencies, error) {
	f := memory.Frequencies{With: make([]int, len(terms))}
	x, counted, err := s.count(ctx, w, terms)
	if err != nil {
		return memory.Frequencies{}, fmt.Errorf("frequencies: %w", err)
	}
	f.Chunks = int(x.chunks)
	for i, term := range terms {
		f.With[i] = counted[term]
	}
	return f, nil
}

// index is the state of the full-text index of a workspace.
type index struct {
	graph  string
	chunks int64
	next   int64 // the number that the next chunk gets
}

const selectIndex = `
MATCH (s:Store {key: $key})
RETURN s.chunks AS chunks, s.next AS next, s.schema AS schema, s.words AS words`

// index reads the state of the full-text index of w, whose terms are made as
// those of this program.
func (s *Store) index(ctx context.Context, w memory.Workspace) (index, error) {
	x := index{graph: s.graphOf(w)}
	found, err := s.read(ctx, x.graph, selectIndex, cypher.P("key", storeKey))
	if err != nil || found.Len() == 0 {
		return x, err
	}
	if err := s.growFrom(ctx, x.graph, versionIn(found.Row(0))); err != nil {
		return x, err
	}
	x.chunks, x.next = found.Row(0).Get("chunks").Int(), found.Row(0).Get("next").Int()
	return x, nil
}

const selectTermCounts = `
UNWIND $terms AS term
CALL db.idx.fulltext.queryNodes('Chunk', term.token) YIELD node
RETURN term.at AS at, count(node) AS chunks`

// count returns how many chunks hold each of terms.
func (s *Store) count(ctx context.Context, w memory.Workspace, terms []string) (index, map[string]int, error) {
	x, err := s.index(ctx, w)
	if err != nil || x.chunks == 0 {
		return x, nil, err
	}
	known, missing := s.counts.look(x, terms)
	if len(missing) == 0 {
		return x, known, nil
	}
	asked := make([]cypher.Map, len(missing))
	counted := make(map[string]int, len(missing))
	for i, term := range missing {
		asked[i] = cypher.Map{cypher.P("at", i), cypher.P("token", token(term))}
		counted[term] = 0
	}
	found, err := s.read(ctx, x.graph, selectTermCounts, cypher.P("terms", asked))
	if err != nil {
		return x, nil, err
	}
	for i := range found.Len() {
		row := found.Row(i)
		counted[missing[row.Get("at").Int()]] = int(row.Get("chunks").Int())
	}
	s.counts.keep(x, counted)
	maps.Copy(known, counted)
	return x, known, nil
}

// rarity weighs a term that stands in so many of the chunks.
func rarity(with int, chunks int64) float64 {
	n, d := max(float64(chunks), float64(with)), float64(with)
	return math.Log1p((n - d + 0.5) / (d + 0.5))
}

// What countCache remembers: so many counts, and which of them for longer
// than until the next write.
const (
	cachedCounts = 8192
	commonCount  = 1000
)

// countCache remembers how many chunks hold a term. The zero value is empty.
type countCache struct {
	mu     sync.Mutex
	counts map[termOf]termCount
}

type termOf struct{ graph, term string }

type termCount struct {
	with         int
	chunks, next int64 // of the index when it was counted
}

// look returns the counts that still hold, and the terms that have to be
// counted.
func (c *countCache) look(x index, terms []string) (known map[string]int, missing []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known = make(map[string]int, len(terms))
	for _, term := range terms {
		if n, ok := c.counts[termOf{x.graph, term}]; ok && n.holds(x) {
			known[term] = n.with
		} else if _, twice := known[term]; !twice {
			missing = append(missing, term)
		}
	}
	return known, missing
}

// holds says whether n is exact, as nothing was put or deleted since, or near
// enough for a common term.
func (n termCount) holds(x index) bool {
	if x == (index{x.graph, n.chunks, n.next}) {
		return true
	}
	put := x.next - n.next // at least as many as were put
	gone := n.chunks + put - x.chunks
	return n.with >= commonCount && put >= 0 && put+max(gone, 0) <= int64(n.with/10)
}

func (c *countCache) keep(x index, counted map[string]int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil || len(c.counts)+len(counted) > cachedCounts {
		c.counts = make(map[termOf]termCount, len(counted))
	}
	for term, n := range counted {
		c.counts[termOf{x.graph, term}] = termCount{with: n, chunks: x.chunks, next: x.next}
	}
}
