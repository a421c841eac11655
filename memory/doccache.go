package memory

import (
	"sync"

	"zapomni/memory/words"
)

const (
	// cachedText bounds the text that a docCache keeps, in bytes. What it holds
	// takes about 3.3 times as much.
	cachedText = 8 << 20
	// entryText is what a passage takes beside its text, as if that were so much
	// longer. Most memories are short.
	entryText = 125
)

// docCache remembers analysed passages by their Ref, which never names
// anything else. It forgets everything when full: what is asked for often is
// back at once. The workspace is not part of the key, as a Ref belongs to one.
type docCache struct {
	analyzer *words.Analyzer
	limit    int // bytes of text, with entryText for each

	mu   sync.RWMutex
	docs map[Ref]cachedDoc
	held int // as in limit
}

// cachedDoc is a passage and its analysis. Neither is ever changed.
type cachedDoc struct {
	passage *Passage
	doc     *words.Doc
}

func newDocCache(a *words.Analyzer, limit int) *docCache {
	return &docCache{analyzer: a, limit: limit, docs: make(map[Ref]cachedDoc)}
}

func (c *docCache) get(ref Ref) (cachedDoc, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	d, ok := c.docs[ref]
	return d, ok
}

func (c *docCache) put(p *Passage) cachedDoc {
	d := cachedDoc{passage: p, doc: c.analyzer.Doc(p.Text)}
	c.mu.Lock()
	defer c.mu.Unlock()
	cost := len(p.Text) + entryText
	if c.held+cost > c.limit {
		clear(c.docs)
		c.held = 0
	}
	c.docs[p.Ref] = d
	c.held += cost
	return d
}
