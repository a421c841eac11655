package embed

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"zapomni/memory"
)

// Key stands for a text and the model that makes its vector. It tells neither
// of them.
type Key [sha256.Size]byte

// KeyOf returns the key of a text, every letter and blank of which counts.
func KeyOf(model, text string) Key {
	return sha256.Sum256(fmt.Appendf(nil, "%d %s%s", len(model), model, text))
}

func (k Key) String() string { return hex.EncodeToString(k[:]) }

// Keeper keeps vectors in a place that outlives the process, or that several
// processes share. It may forget any of them.
type Keeper interface {
	// Vectors returns a vector for each of keys, nil for those it does not
	// have. They are the caller's to change.
	Vectors(ctx context.Context, keys []Key) ([][]float32, error)
	// Keep takes vectors. It does not change them.
	Keep(ctx context.Context, vectors map[Key][]float32) error
}

// keeperTime is how long a Keeper may take. It has to be faster than an
// embedder to be of use.
const keeperTime = 250 * time.Millisecond

// recall takes from the keeper what it has of the places of p that are ours,
// and returns the others. What is no vector of the model counts as missing. A
// caller that goes is no reason to think ill of the keeper.
func (c *cache) recall(ctx context.Context, p *piece, mine []int) (left []int) {
	if c.keeper == nil {
		return mine
	}
	keys := make([]Key, len(mine))
	for j, i := range mine {
		keys[j] = p.keys[i]
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.patience)
	defer cancel()
	kept, err := c.keeper.Vectors(ctx, keys)
	if err != nil || len(kept) != len(keys) {
		c.count(func(n *memory.CacheStats) { n.BackendErrors++ })
		return mine
	}
	for j, i := range mine {
		if v := kept[j]; normalize(v) == nil && c.size.fits(len(v)) {
			p.vectors[i] = v
		} else {
			left = append(left, i)
		}
	}
	c.count(func(n *memory.CacheStats) { n.BackendHits += uint64(len(mine) - len(left)) })
	return left
}

// keep gives vectors to the keeper, even if their caller has gone.
func (c *cache) keep(ctx context.Context, vectors map[Key][]float32) {
	if c.keeper == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.patience)
	defer cancel()
	if err := c.keeper.Keep(ctx, vectors); err != nil {
		c.count(func(n *memory.CacheStats) { n.BackendErrors++ })
	}
}

// outcome says once that a keeper fails, and why, and once that it works again.
type outcome struct {
	log     *slog.Logger
	failing atomic.Bool // when last asked
}

func (o *outcome) note(ctx context.Context, err error) {
	switch failing := err != nil; {
	case o.failing.Swap(failing) == failing:
	case failing:
		o.log.WarnContext(ctx, "embedding_cache_failed", "error", err)
	default:
		o.log.InfoContext(ctx, "embedding_cache_recovered")
	}
}
