package embedded

import (
	"context"
	"sync"
)

// What a termCache holds: so many places of terms, at 16 bytes each, where a
// term takes as much as eight; and how many new chunks of a workspace it reads,
// and of all workspaces goes through for them, before it is cheaper to ask the
// word index again. Other searches wait meanwhile.
const (
	cachedPlaces = 1 << 18
	termOverhead = 8
	mostNew      = 64
	mostPassed   = 4096
)

// termCache remembers what the word index said of terms. Chunks that were added
// since, by any process, are read and counted in; once a chunk is gone, all of
// its workspace is forgotten. What it gives away, nobody may change. The zero
// value is empty.
type termCache struct {
	mu         sync.Mutex
	workspaces map[string]*knownTerms // by the prefix of their terms
	held       int
}

// knownTerms are those of one workspace, as they were in a state of its index.
type knownTerms struct {
	chunks, state int64
	terms         map[string]knownTerm
}

// knownTerm says how many chunks hold a term and, once they were asked for,
// which, with the term's saturation in each.
type knownTerm struct {
	with   int
	places ranking
}

// whole says whether the places are known.
func (t knownTerm) whole() bool { return len(t.places) == t.with }

// newChunk is a chunk that was added since.
type newChunk struct {
	num   int64
	terms []string
}

// look returns what is known of terms in the state x. added reads the chunks
// that came after another state.
func (c *termCache) look(x index, terms []string, added func(since int64) ([]newChunk, error)) (map[string]knownTerm, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	of := c.workspaces[x.prefix]
	known := make(map[string]knownTerm, len(terms))
	if of == nil || of.state > x.state {
		return known, nil
	}
	if x.state-of.state > mostPassed {
		c.forget(x.prefix)
		return known, nil
	}
	if of.state != x.state || of.chunks != x.chunks {
		chunks, err := added(of.state)
		if err != nil {
			return nil, err
		}
		if len(chunks) > mostNew || of.chunks+int64(len(chunks)) != x.chunks {
			c.forget(x.prefix)
			return known, nil
		}
		of.chunks, of.state = x.chunks, x.state
		for _, chunk := range chunks {
			c.held += of.add(chunk)
		}
	}
	for _, term := range terms {
		if t, ok := of.terms[term]; ok {
			known[term] = t
		}
	}
	return known, nil
}

// add counts a chunk in, and returns how many places it added.
func (of *knownTerms) add(chunk newChunk) (places int) {
	count := make(map[string]int, len(chunk.terms))
	for _, term := range chunk.terms {
		count[term]++
	}
	for term, n := range count {
		t, ok := of.terms[term]
		if !ok {
			continue
		}
		if t.whole() {
			t.places = append(t.places, match{chunk.num, saturate(n)})
			places++
		}
		t.with++
		of.terms[term] = t
	}
	return places
}

// keep remembers what was read of terms in the state x or a later one.
func (c *termCache) keep(x index, read map[string]knownTerm) {
	c.mu.Lock()
	defer c.mu.Unlock()
	room := 0
	for _, t := range read {
		room += len(t.places) + termOverhead
	}
	if c.held+room > cachedPlaces {
		c.workspaces, c.held = nil, 0
	}
	if c.workspaces == nil {
		c.workspaces = make(map[string]*knownTerms)
	}
	of := c.workspaces[x.prefix]
	if of == nil {
		of = &knownTerms{chunks: x.chunks, state: x.state, terms: make(map[string]knownTerm, len(read))}
		c.workspaces[x.prefix] = of
	}
	if of.chunks != x.chunks || of.state != x.state {
		return // another search was ahead
	}
	for term, t := range read {
		c.held += len(t.places) + termOverhead - of.room(term)
		of.terms[term] = t
	}
}

// room is how much a term takes now.
func (of *knownTerms) room(term string) int {
	t, ok := of.terms[term]
	if !ok {
		return 0
	}
	return len(t.places) + termOverhead
}

func (c *termCache) forget(prefix string) {
	for term := range c.workspaces[prefix].terms {
		c.held -= c.workspaces[prefix].room(term)
	}
	delete(c.workspaces, prefix)
}

const selectAdded = `
SELECT c.num, c.length, t.body FROM chunk c
	CROSS JOIN memory m ON m.num = c.memory AND m.workspace = ?1
	CROSS JOIN chunk_text t ON t.num = c.num
WHERE c.num > ?2 AND c.num <= ?3 ORDER BY c.num LIMIT ?4`

// known returns what is remembered of terms.
func (s *Store) known(ctx context.Context, x index, terms []string) (map[string]knownTerm, error) {
	return s.cache.look(x, terms, func(since int64) ([]newChunk, error) {
		var chunks []newChunk
		err := s.reading.each(ctx, func(r scanner) error {
			var c newChunk
			var length int
			var body string
			err := r.Scan(&c.num, &length, &body)
			if err == nil {
				c.terms = s.analyzer.Terms(body[:min(length, len(body))])
			}
			chunks = append(chunks, c)
			return err
		}, selectAdded, x.workspace, since, x.state, mostNew+1)
		return chunks, err
	})
}
