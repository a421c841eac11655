package embedded

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"sync"

	"zapomni/memory"
)

// Frequencies counts the chunks of w, and those that hold each term. Counts of
// common terms, which take long, may be a tenth behind.
func (s *Store) Frequencies(ctx context.Context, w memory.Workspace, terms []string) (memory.Frequencies, error) {
	f := memory.Frequencies{With: make([]int, len(terms))}
	err := s.read(ctx, func() error {
		x, err := s.index(ctx, w)
		if err != nil {
			return err
		}
		f.Chunks = int(x.chunks)
		known, missing := s.counts.look(x, terms)
		if len(missing) > 0 {
			counted, err := s.countTerms(ctx, x, missing)
			if err != nil {
				return err
			}
			s.counts.keep(x, counted)
			maps.Copy(known, counted)
		}
		for i, term := range terms {
			f.With[i] = known[term]
		}
		return nil
	})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return memory.Frequencies{}, s.fault(ctx, "frequencies", err)
	}
	return f, nil
}

func (s *Store) countTerms(ctx context.Context, x index, terms []string) (map[string]int, error) {
	counted := make(map[string]int, len(terms))
	err := s.reading.each(ctx, func(r scanner) error {
		var i, n int
		err := r.Scan(&i, &n)
		counted[terms[i]] = n
		return err
	}, selectTermCounts, x.list(terms))
	return counted, err
}

const selectTermCounts = `
SELECT t.key, ifnull((SELECT doc FROM word_count WHERE term = t.value), 0) FROM json_each(?) t`

// What countCache remembers: so many counts, and which of them for longer
// than until the next write.
const (
	cachedCounts = 8192
	commonCount  = 1000
)

// countCache remembers how many chunks hold a term. The zero value is empty.
type countCache struct {
	mu     sync.Mutex
	counts map[string]termCount // by term as it stands in the index
}

type termCount struct {
	with          int
	chunks, state int64 // of the index when it was counted
}

// look returns the counts that still hold, and the terms that have to be
// counted.
func (c *countCache) look(x index, terms []string) (known map[string]int, missing []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known = make(map[string]int, len(terms))
	for _, term := range terms {
		if n, ok := c.counts[x.prefix+term]; ok && n.holds(x) {
			known[term] = n.with
		} else {
			missing = append(missing, term)
		}
	}
	return known, missing
}

// holds says whether n is exact, as nothing was put or deleted since, or near
// enough for a common term.
func (n termCount) holds(x index) bool {
	put, gone := x.state-n.state, n.chunks+x.state-n.state-x.chunks
	if put == 0 && gone == 0 {
		return true
	}
	return n.with >= commonCount && put >= 0 && put+max(gone, 0) <= int64(n.with/10)
}

func (c *countCache) keep(x index, counted map[string]int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil || len(c.counts)+len(counted) > cachedCounts {
		c.counts = make(map[string]termCount, len(counted))
	}
	for term, n := range counted {
		c.counts[x.prefix+term] = termCount{with: n, chunks: x.chunks, state: x.state}
	}
}
