package embedded

import (
	"context"
	"fmt"
	"strconv"

	"zapomni/memory"
)

// selectList walks the table itself, as + keeps SQLite from the indexes that
// start with the workspace: those would have to be sorted for each call.
const selectList = `
SELECT m.num, m.id FROM memory m
WHERE +m.workspace = (SELECT num FROM workspace WHERE id = ?) AND m.num > ?
ORDER BY m.num LIMIT ?`

// List returns the IDs of up to n memories of w, the oldest first.
func (s *Store) List(ctx context.Context, w memory.Workspace, after memory.Cursor, n int) ([]memory.ID, memory.Cursor, error) {
	last, err := placeOf(after)
	if err != nil {
		return nil, "", fmt.Errorf("list: %w", err)
	}
	var ids []memory.ID
	err = s.read(ctx, func() error {
		return s.reading.each(ctx, func(r scanner) error {
			var id memory.ID
			err := r.Scan(&last, (*string)(&id))
			ids = append(ids, id)
			return err
		}, selectList, string(w), last, n)
	})
	if err != nil {
		return nil, "", s.fault(ctx, "list", err)
	}
	if len(ids) < n || n <= 0 {
		return ids, "", nil
	}
	return ids, memory.Cursor(strconv.FormatInt(last, 10)), nil
}

// placeOf is the number that a cursor stands at.
func placeOf(after memory.Cursor) (int64, error) {
	if after == "" {
		return 0, nil
	}
	last, err := strconv.ParseInt(string(after), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: cursor %q", memory.ErrInvalid, after)
	}
	return last, nil
}
