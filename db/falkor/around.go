package falkor

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"zapomni/db/falkor/cypher"
	"zapomni/db/falkor/reply"
	"zapomni/memory"
)

// reaches are how far in time Around looks, one after another until it has
// found enough: FalkorDB has no index that is walked in order, so that all
// within reach is read.
var reaches = []time.Duration{ //nolint:gochecknoglobals // a constant table
	100 * time.Millisecond, 10 * time.Second, 10 * time.Minute, 12 * time.Hour, 30 * 24 * time.Hour, math.MaxInt64,
}

// These find, for each memory asked for, those nearest on one side: of the same
// time, and of other times, which come after them.
const (
	selectAfter = `
UNWIND $ids AS id
MATCH (a:Memory {id: id})
CALL { WITH a MATCH (b:Memory)
	WHERE b.valid_from = a.valid_from AND b.place > a.place
	WITH b ORDER BY b.place LIMIT $n RETURN collect([b.id, b.first, size(b.bounds)]) AS same }
CALL { WITH a MATCH (b:Memory)
	WHERE b.valid_from > a.valid_from AND b.valid_from <= a.valid_from + $reach
	WITH b ORDER BY b.valid_from, b.place LIMIT $n RETURN collect([b.id, b.first, size(b.bounds)]) AS other }
RETURN id AS id, same AS same, other AS other`

	selectBefore = `
UNWIND $ids AS id
MATCH (a:Memory {id: id})
CALL { WITH a MATCH (b:Memory)
	WHERE b.valid_from = a.valid_from AND b.place < a.place
	WITH b ORDER BY b.place DESC LIMIT $n RETURN collect([b.id, b.first, size(b.bounds)]) AS same }
CALL { WITH a MATCH (b:Memory)
	WHERE b.valid_from < a.valid_from AND b.valid_from >= a.valid_from - $reach
	WITH b ORDER BY b.valid_from DESC, b.place DESC LIMIT $n RETURN collect([b.id, b.first, size(b.bounds)]) AS other }
RETURN id AS id, same AS same, other AS other`
)

// Around returns the memories up to n places before and after each of ids.
func (s *Store) Around(ctx context.Context, w memory.Workspace, ids []memory.ID, n int) ([]memory.Neighbor, error) {
	var all []memory.Neighbor
	for _, side := range []struct {
		text string
		step int
	}{{selectBefore, -1}, {selectAfter, 1}} {
		found, err := s.side(ctx, s.graphOf(w), side.text, ids, n, side.step)
		if err != nil {
			return nil, fmt.Errorf("around: %w", err)
		}
		all = append(all, found...)
	}
	return all, nil
}

// side looks further and further for those that have found too few.
func (s *Store) side(ctx context.Context, graph, text string, ids []memory.ID, n, step int) ([]memory.Neighbor, error) {
	if n <= 0 || len(ids) == 0 {
		return nil, ctx.Err()
	}
	var all []memory.Neighbor
	asked := make([]string, len(ids))
	for i, id := range ids {
		asked[i] = string(id)
	}
	asked = slices.Compact(slices.Sorted(slices.Values(asked)))
	for i, reach := range reaches {
		found, err := s.read(ctx, graph, text, cypher.P("ids", asked), cypher.P("n", n), cypher.P("reach", reach.Microseconds()))
		if err != nil {
			return nil, err
		}
		asked = asked[:0]
		for j := range found.Len() {
			row := found.Row(j)
			id := row.Get("id").Text()
			near := slices.Concat(row.Get("same").List(), row.Get("other").List())
			if len(near) < n && i < len(reaches)-1 {
				asked = append(asked, id)
				continue
			}
			all = append(all, neighbors(id, near, n, step)...)
		}
		if len(asked) == 0 {
			break
		}
	}
	return all, nil
}

func neighbors(of string, near []reply.Value, n, step int) []memory.Neighbor {
	all := make([]memory.Neighbor, 0, n)
	for i, b := range near[:min(n, len(near))] {
		parts := b.List()
		next := memory.Neighbor{Of: memory.ID(of), Offset: (i + 1) * step, Memory: memory.ID(parts[0].Text())}
		if parts[2].Int() > 0 {
			next.First = refOf(parts[1])
		}
		all = append(all, next)
	}
	return all
}
