package words

import (
	"strings"
	"sync"
)

// analysis is what there is to know of a token.
type analysis struct {
	// terms are the stems of its parts, then, if there are several, the stem
	// of it as a whole. hashes are theirs.
	terms  []string
	hashes []Hash
	// parts counts the terms that are stems of parts.
	parts int
	stop  bool
	time  bool
}

func analyze(token string) *analysis {
	folded := fold(strings.ReplaceAll(token, "_", ""))
	t := &analysis{stop: isStop(folded), time: isTime(folded)}
	parts(token, func(part string) {
		if s := stem(part); s != "" { // a mark alone folds to nothing
			t.terms = append(t.terms, s)
		}
	})
	t.parts = len(t.terms)
	if t.parts > 1 && !isCJK(firstRune(token)) {
		t.terms = append(t.terms, stem(joined(token)))
	}
	for _, term := range t.terms {
		t.hashes = append(t.hashes, HashOf(term))
	}
	return t
}

// tokenCache remembers the analyses of tokens. What was not asked for while it
// filled up twice is forgotten. The zero value is empty.
type tokenCache struct {
	mu         sync.RWMutex
	young, old map[string]*analysis
}

// Each of the two halves of a tokenCache holds so many tokens, about 200 bytes
// each, and none longer than the longest word.
const cachedTokens = 1 << 14

func (c *tokenCache) get(token string) *analysis {
	c.mu.RLock()
	t := c.young[token]
	c.mu.RUnlock()
	if t != nil {
		return t
	}
	return c.find(token)
}

func (c *tokenCache) find(token string) *analysis {
	if len(token) > longestStemmed {
		return analyze(token)
	}
	// The terms may be parts of the token. Those of a clone keep no text alive.
	token = strings.Clone(token)
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.old[token]
	if t == nil {
		t = analyze(token)
	}
	if c.young == nil || len(c.young) >= cachedTokens {
		c.young, c.old = make(map[string]*analysis), c.young
	}
	c.young[token] = t
	return t
}
