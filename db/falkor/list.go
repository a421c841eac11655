package falkor

import (
	"context"
	"fmt"
	"strconv"

	"zapomni/db/falkor/cypher"
	"zapomni/memory"
)

const selectList = `
MATCH (m:Memory) WHERE m.place > $last
RETURN m.id AS id, m.place AS place ORDER BY place LIMIT $limit`

// List returns the IDs of up to n memories of w, the oldest first.
func (s *Store) List(ctx context.Context, w memory.Workspace, after memory.Cursor, n int) ([]memory.ID, memory.Cursor, error) {
	last := int64(-1)
	if after != "" {
		var err error
		if last, err = strconv.ParseInt(string(after), 10, 64); err != nil {
			return nil, "", fmt.Errorf("list: %w: cursor %q", memory.ErrInvalid, after)
		}
	}
	if n <= 0 {
		return nil, "", ctx.Err()
	}
	found, err := s.read(ctx, s.graphOf(w), selectList, cypher.P("last", last), cypher.P("limit", n))
	if err != nil {
		return nil, "", fmt.Errorf("list: %w", err)
	}
	ids := make([]memory.ID, found.Len())
	for i := range ids {
		ids[i] = memory.ID(found.Row(i).Get("id").Text())
	}
	if len(ids) < n {
		return ids, "", nil
	}
	return ids, memory.Cursor(strconv.FormatInt(found.Row(len(ids)-1).Get("place").Int(), 10)), nil
}
