package falkor

import (
	"context"
	"fmt"
	"strconv"

	"zapomni/db/falkor/cypher"
	"zapomni/memory"
)

// selectList gives a page in one row: see selectWorkspaces.
const selectList = `
MATCH (m:Memory) WHERE m.place > $last
WITH m ORDER BY m.place LIMIT $limit
RETURN collect([m.id, m.place]) AS page`

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
	if found.Len() == 0 {
		return nil, "", nil // there is no such graph
	}
	page := found.Row(0).Get("page").List()
	ids := make([]memory.ID, len(page))
	for i, m := range page {
		ids[i] = memory.ID(m.List()[0].Text())
	}
	if len(ids) < n {
		return ids, "", nil
	}
	return ids, memory.Cursor(strconv.FormatInt(page[n-1].List()[1].Int(), 10)), nil
}
