package memory

import (
	"sync"

	"zapomni/memory/words"
)

// cachedText bounds the text that a docCache keeps, in bytes. What it holds
// takes about four times as much.
const cachedText = 6 << 20

// docCache remembers analysed passages by their Ref, which never names
// anything else. It forgets everything when full: what is asked for often is
// back at once. The workspace is not part of the key, as a Ref belongs to one.
type docCache struct {
	analyzer *words.Analyzer
	limit    int // bytes of text

	mu   sync.RWMutex
	docs map[Ref]cachedDoc
	held int // bytes of text
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
	if c.held+len(p.Text) > c.limit {
		clear(c.docs)
		c.held = 0
	}
	c.docs[p.Ref] = d
	c.held += len(p.Text)
	return d
}
