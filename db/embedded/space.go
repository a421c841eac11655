package embedded

import (
	"context"
	"fmt"

	"zapomni/memory"
)

// space is what the row of a workspace says of its vectors.
type space struct {
	num        int64
	model      string // of vectors; means nothing if there are none, as do dimensions
	dimensions int
	vectors    int64
	// coding counts how often all codes were made anew. In one coding, model,
	// dimensions, the mean and the vector of each chunk never change.
	coding int64
	// change counts what was written to the codes.
	change int64
	// depth is how many candidates are compared in full at least, as the last
	// self-test found to be needed, and tested how many vectors there were then.
	depth, tested int64
}

const spaceColumns = "w.num, w.model, w.dimensions, w.vectors, w.coding, w.change, w.depth, w.tested"

// columns are where spaceColumns are read to.
func (p *space) columns() []any {
	return []any{&p.num, &p.model, &p.dimensions, &p.vectors, &p.coding, &p.change, &p.depth, &p.tested}
}

// space returns sql.ErrNoRows if there is no w.
func (s *Store) space(ctx context.Context, w memory.Workspace) (space, error) {
	var p space
	err := s.reading.row(ctx, "SELECT "+spaceColumns+" FROM workspace w WHERE w.id = ?", string(w)).Scan(p.columns()...)
	return p, err
}

func (t *tx) space(w int64) (space, error) {
	var p space
	err := t.row("SELECT "+spaceColumns+" FROM workspace w WHERE w.num = ?", w).Scan(p.columns()...)
	return p, err
}

// admits returns why vectors of this model and length cannot be kept beside
// those of p, of which there are some.
func (p space) admits(model string, dimensions int) error {
	if p.model != model {
		return fmt.Errorf("%w: vectors of the model %q among those of %q", memory.ErrConflict, model, p.model)
	}
	if p.dimensions != dimensions {
		return lengthError(dimensions, p.dimensions)
	}
	return nil
}

// asNewAs says whether p was read from the same or a later state than other.
func (p space) asNewAs(other space) bool {
	if p.num != other.num {
		return p.num > other.num
	}
	if p.coding != other.coding {
		return p.coding > other.coding
	}
	return p.change >= other.change
}
