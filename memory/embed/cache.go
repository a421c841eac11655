package embed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"zapomni/memory"
)

// cachePiece is how many texts of a call are looked up at once. Others who
// want one of them wait for no more than these.
const cachePiece = 64

// cache embeds each text once: who wants one that another is having embedded
// waits for it. It has a bounded part in memory and, behind that, maybe a
// keeper, whose failures cost no more than the vectors it would have had.
type cache struct {
	next   Embedder
	keeper Keeper // nil for none
	// patience is how long the keeper may take.
	patience time.Duration
	size     *dimension

	mu      sync.Mutex
	vectors *lru
	flights map[Key]*flight
	counts  memory.CacheStats // Entries, Bytes and Evictions are in vectors
}

// flight is a text on its way through the embedder.
type flight struct {
	done   chan struct{} // closed when vector or err are there
	vector []float32     // must not be changed
	err    error         // errAgain if nothing was found out about this text
}

// errAgain makes those who waited for another's call ask for themselves.
var errAgain = errors.New("the call ended before this text")

func newCache(next Embedder, keeper Keeper, most int64, size *dimension) *cache {
	return &cache{next: next, keeper: keeper, patience: keeperTime, size: size, vectors: newLRU(most), flights: map[Key]*flight{}}
}

// Model names the model behind c.
func (c *cache) Model() string { return c.next.Model() }

// Close closes the embedder behind c, and then the keeper where it can be.
func (c *cache) Close() error {
	err := c.next.Close()
	if k, ok := c.keeper.(interface{ Close() error }); ok {
		err = errors.Join(err, k.Close())
	}
	return err
}

// Embed asks only for what is nowhere yet.
func (c *cache) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	var pieces []*piece
	for some := range slices.Chunk(texts, cachePiece) {
		pieces = append(pieces, newPiece(c.Model(), some))
	}
	// The second round finds something to do only where kept vectors turned
	// out to be none of the model's, when a later piece had some made.
	for range 2 {
		for i, p := range pieces {
			if err := c.fill(ctx, p); err != nil {
				return nil, at(i*cachePiece, err)
			}
		}
	}
	vectors := make([][]float32, 0, len(texts))
	for _, p := range pieces {
		vectors = append(vectors, p.vectors...)
	}
	return vectors, nil
}

// piece is a part of a call.
type piece struct {
	texts   []string
	keys    []Key
	vectors [][]float32 // nil for those to come
}

func newPiece(model string, texts []string) *piece {
	p := &piece{texts: texts, keys: make([]Key, len(texts)), vectors: make([][]float32, len(texts))}
	for i, t := range texts {
		p.keys[i] = KeyOf(model, t)
	}
	return p
}

// fill completes p. It goes round again for texts that another wanted, and
// then did not stay for.
func (c *cache) fill(ctx context.Context, p *piece) error {
	for {
		mine, theirs := c.claim(p)
		if len(mine)+len(theirs) == 0 {
			return nil
		}
		if err := c.bring(ctx, p, mine); err != nil {
			return err
		}
		if err := c.await(ctx, p, theirs); err != nil {
			return err
		}
	}
}

// claim takes what is in memory. Of the rest it returns the places of those
// that are ours to bring, and the flights of those that others do.
func (c *cache) claim(p *piece) (mine []int, theirs map[int]*flight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	theirs = map[int]*flight{}
	for i, k := range p.keys {
		if v := p.vectors[i]; v != nil && c.size.fits(len(v)) {
			continue
		}
		p.vectors[i] = nil
		if v := c.vectors.get(k); v != nil {
			if c.size.fits(len(v)) {
				p.vectors[i] = slices.Clone(v)
				c.counts.Hits++
				continue
			}
			c.vectors.remove(k)
		}
		if f, ok := c.flights[k]; ok {
			theirs[i] = f
		} else {
			c.flights[k] = &flight{done: make(chan struct{})}
			mine = append(mine, i)
		}
	}
	return mine, theirs
}

// bring lands the flights at the places of p that are ours, whatever happens.
func (c *cache) bring(ctx context.Context, p *piece, mine []int) (err error) {
	if len(mine) == 0 {
		return nil
	}
	defer func() { c.land(p, mine, err) }()
	left := c.recall(ctx, p, mine)
	if len(left) == 0 {
		return nil
	}
	texts := make([]string, len(left))
	for j, i := range left {
		texts[j] = p.texts[i]
	}
	c.count(func(n *memory.CacheStats) { n.Misses += uint64(len(left)) })
	made, err := c.next.Embed(ctx, texts)
	if t, ok := errors.AsType[*TextError](err); ok {
		return &TextError{Index: left[t.Index], Err: t.Err}
	}
	if err != nil {
		return err
	}
	fresh := make(map[Key][]float32, len(left))
	for j, i := range left {
		p.vectors[i] = made[j]
		fresh[p.keys[i]] = made[j]
	}
	c.keep(ctx, fresh)
	return nil
}

// land ends flights. Those without a vector fail as the call did, if it says
// anything about them.
func (c *cache) land(p *piece, mine []int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	text, ofText := errors.AsType[*TextError](err)
	_, failed := errors.AsType[*failure](err)
	for _, i := range mine {
		f := c.flights[p.keys[i]]
		delete(c.flights, p.keys[i])
		switch {
		case p.vectors[i] != nil:
			f.vector = slices.Clone(p.vectors[i])
			c.vectors.put(p.keys[i], f.vector)
		case failed && (!ofText || text.Index == i):
			f.err = err
		default:
			f.err = errAgain
		}
		close(f.done)
	}
}

// await takes what others bring. What they left behind stays nil.
func (c *cache) await(ctx context.Context, p *piece, theirs map[int]*flight) error {
	for i, f := range theirs {
		select {
		case <-f.done:
		case <-ctx.Done():
			return fmt.Errorf("wait for another's vector: %w", ctx.Err())
		}
		if text, ok := errors.AsType[*TextError](f.err); ok {
			return &TextError{Index: i, Err: text.Err}
		}
		switch {
		case f.err == nil:
			p.vectors[i] = slices.Clone(f.vector)
			c.count(func(n *memory.CacheStats) { n.Hits++ })
		case !errors.Is(f.err, errAgain):
			return f.err
		}
	}
	return nil
}

func (c *cache) count(change func(*memory.CacheStats)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.counts)
}

// state returns what the cache has done so far, and what it has now.
func (c *cache) state() memory.CacheStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.counts
	s.Entries, s.Bytes, s.Evictions = len(c.vectors.entries), c.vectors.used, c.vectors.evicted
	return s
}

// forget empties the cache and, where nobody shares it, the place behind it.
func (c *cache) forget() error {
	c.mu.Lock()
	evicted := c.vectors.evicted
	c.vectors = newLRU(c.vectors.most)
	c.vectors.evicted = evicted
	c.mu.Unlock()
	if own, ok := c.keeper.(*diskKeeper); ok {
		return own.forget()
	}
	return nil
}
