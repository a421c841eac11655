package embedded

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"zapomni/memory"
)

const (
	codesHeld    = 128 << 20 // bytes of codes kept in memory, if those of one workspace are not more
	bytesOfBlock = 64        // beside its codes
)

// codeSet holds the codes of a workspace as they were in one state of the file.
// Nobody changes it.
type codeSet struct {
	space

	mean   []float32
	blocks []*block // in order of number; none is empty
	codes  int      // how many there are
}

// bytes is the room that the set takes.
func (c *codeSet) bytes() int {
	return c.codes*wordsFor(c.dimensions)*bytesPerWord + len(c.blocks)*bytesOfBlock
}

// place says where the code of a chunk stands: in which of the blocks, and
// there.
func (c *codeSet) place(chunk int64) (spot, bool) {
	num, bit := blockOf(chunk)
	i, ok := slices.BinarySearchFunc(c.blocks, num, func(b *block, num int64) int { return cmp.Compare(b.num, num) })
	if !ok {
		return spot{}, false
	}
	place, ok := c.blocks[i].has(bit)
	return spot{block: int32(i), place: uint8(place)}, ok
}

// codeCache holds the codes of the workspaces that were asked for vectors. The
// zero value is empty.
type codeCache struct {
	mu         sync.Mutex
	workspaces map[memory.Workspace]*heldCodes
	uses       int64
}

// heldCodes are those of one workspace.
type heldCodes struct {
	turn chan struct{} // holds one: the turn to load
	set  atomic.Pointer[codeSet]

	used int64 // when last, under codeCache.mu
	test testState
}

func (c *codeCache) of(w memory.Workspace) *heldCodes {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.workspaces == nil {
		c.workspaces = make(map[memory.Workspace]*heldCodes)
	}
	h := c.workspaces[w]
	if h == nil {
		h = &heldCodes{turn: make(chan struct{}, 1)}
		c.workspaces[w] = h
	}
	c.uses++
	h.used = c.uses
	return h
}

func (c *codeCache) forget(w memory.Workspace) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.workspaces, w)
}

// shrink forgets what was not used for longest, but for the latest, until what
// is left may be held.
func (c *codeCache) shrink() {
	c.mu.Lock()
	defer c.mu.Unlock()
	byUse := slices.SortedFunc(maps.Keys(c.workspaces), func(a, b memory.Workspace) int {
		return cmp.Compare(c.workspaces[b].used, c.workspaces[a].used)
	})
	total := 0
	for i, w := range byUse {
		if total += c.workspaces[w].bytes(); i > 0 && total > codesHeld {
			delete(c.workspaces, w)
		}
	}
}

func (h *heldCodes) bytes() int {
	if set := h.set.Load(); set != nil {
		return set.bytes()
	}
	return 0
}

// codeSet returns the codes of w as they are now. It returns sql.ErrNoRows if
// there is no such workspace.
func (s *Store) codeSet(ctx context.Context, w memory.Workspace) (*codeSet, error) {
	now, err := s.space(ctx, w)
	if errors.Is(err, sql.ErrNoRows) {
		s.codes.forget(w)
	}
	if err != nil {
		return nil, err
	}
	h := s.codes.of(w)
	if set := h.set.Load(); set != nil && set.asNewAs(now) {
		return set, nil
	}
	select {
	case h.turn <- struct{}{}:
		defer func() { <-h.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for {
		if now, err = s.space(ctx, w); err != nil {
			return nil, err
		}
		set := h.set.Load()
		if set != nil && set.asNewAs(now) {
			return set, nil
		}
		set, err = s.loadCodes(ctx, now, set)
		if errors.Is(err, sql.ErrNoRows) {
			continue // all codes were made anew meanwhile
		}
		if err != nil {
			return nil, err
		}
		h.set.Store(set)
		s.codes.shrink()
		return set, nil
	}
}

// selectCodes gives a row for each block of a coding that was written after a
// change, and one row if there is none. It gives no row if the coding is over.
const selectCodes = "SELECT " + spaceColumns + `, b.block, ifnull(b.present, 0), ifnull(b.codes, x'')
FROM workspace w LEFT JOIN code_block b ON b.workspace = w.num AND b.change > ?3
WHERE w.num = ?1 AND w.coding = ?2`

// loadCodes reads what was written since known, all if that is nil or of another
// coding. It returns sql.ErrNoRows if the coding that now says is over.
func (s *Store) loadCodes(ctx context.Context, now space, known *codeSet) (*codeSet, error) {
	set := &codeSet{}
	if known != nil && known.num == now.num && known.coding == now.coding {
		*set = *known
	} else {
		var mean []byte
		err := s.reading.row(ctx, "SELECT mean FROM code_mean WHERE workspace = ? AND coding = ?", now.num, now.coding).Scan(&mean)
		if err == nil {
			set.mean, err = vectorOf(mean)
		}
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return nil, err
		}
	}
	since, rows := set.change, 0
	var changed []*block
	err := s.reading.each(ctx, func(r scanner) error {
		var num sql.Null[int64]
		var present int64
		var codes sql.RawBytes
		if err := r.Scan(append(set.columns(), &num, &present, &codes)...); err != nil {
			return err
		}
		rows++
		if !num.Valid {
			return nil
		}
		b, err := newBlock(num.V, present, codes, wordsFor(set.dimensions))
		changed = append(changed, b)
		return err
	}, selectCodes, now.num, now.coding, since)
	if err == nil && rows == 0 {
		err = sql.ErrNoRows
	}
	if err != nil {
		return nil, err
	}
	set.merge(changed)
	return set, nil
}

// merge puts blocks in, in place of those of the same number.
func (c *codeSet) merge(changed []*block) {
	slices.SortFunc(changed, func(a, b *block) int { return cmp.Compare(a.num, b.num) })
	before := c.blocks
	c.blocks, c.codes = make([]*block, 0, len(before)+len(changed)), 0
	take := func(b *block) {
		if n := b.len(); n > 0 {
			c.blocks = append(c.blocks, b)
			c.codes += n
		}
	}
	for _, b := range changed {
		for len(before) > 0 && before[0].num < b.num {
			take(before[0])
			before = before[1:]
		}
		if len(before) > 0 && before[0].num == b.num {
			before = before[1:]
		}
		take(b)
	}
	for _, b := range before {
		take(b)
	}
}
