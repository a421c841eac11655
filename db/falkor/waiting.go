package falkor

import (
	"context"
	"fmt"

	"zapomni/db/falkor/cypher"
	"zapomni/db/falkor/reply"
	"zapomni/memory"
)

// Embedding says what vectors w has.
func (s *Store) Embedding(ctx context.Context, w memory.Workspace) (memory.Embedding, error) {
	sp, err := s.spaceOf(ctx, s.graphOf(w))
	if err != nil {
		return memory.Embedding{}, fmt.Errorf("embedding: %w", err)
	}
	e := memory.Embedding{Chunks: int(sp.chunks), Embedded: int(sp.vectors)}
	if sp.vectors > 0 {
		e.Model, e.Dimensions = sp.kind.model, sp.kind.dimension
	}
	return e, nil
}

// A memory of which a chunk lacks its vector has a node that says so, with the
// number of its first chunk. It is not said on the memory, as no index can be
// added to memories while they are written.

// selectWaiting lists something at least for each such memory, so that too little
// means that there is no more: the one that the last page ended with may have
// nothing left. All of it is in one row: see selectWorkspaces.
const selectWaiting = `
MATCH (w:Waiting) WHERE w.first >= $first
WITH w.first AS first ORDER BY first LIMIT $limit
OPTIONAL MATCH (m:Memory)-[:HAS_CHUNK]->(:Chunk {ref: toString(first)})
OPTIONAL MATCH (m)-[:HAS_CHUNK]->(c:Chunk) WHERE (first > $first OR c.num > $last) AND NOT (c)-[:HAS_VECTOR]->()
WITH first, c.num AS num, c.text AS text ORDER BY first, num LIMIT $limit
RETURN collect([first, num, text]) AS page`

// waitingCursor is the last chunk of a page, and the first of its memory.
type waitingCursor struct{ first, last int64 }

const waitingFormat = "%d-%d"

func parseWaiting(c memory.Cursor) (waitingCursor, error) {
	at := waitingCursor{last: -1}
	if c == "" {
		return at, nil
	}
	_, err := fmt.Sscanf(string(c), waitingFormat, &at.first, &at.last)
	if err != nil || at.cursor() != c {
		return at, fmt.Errorf("%w: cursor %q", memory.ErrInvalid, c)
	}
	return at, nil
}

func (at *waitingCursor) cursor() memory.Cursor {
	return memory.Cursor(fmt.Sprintf(waitingFormat, at.first, at.last))
}

// Unembedded returns up to n of the chunks of w that have no vector, the
// oldest first.
func (s *Store) Unembedded(ctx context.Context, w memory.Workspace, after memory.Cursor, n int) ([]memory.Unembedded, memory.Cursor, error) {
	all, next, err := s.unembedded(ctx, w, after, n)
	if err != nil {
		return nil, "", fmt.Errorf("unembedded: %w", err)
	}
	return all, next, nil
}

func (s *Store) unembedded(ctx context.Context, w memory.Workspace, after memory.Cursor, n int) ([]memory.Unembedded, memory.Cursor, error) {
	at, err := parseWaiting(after)
	if err != nil || n <= 0 {
		return nil, "", err
	}
	graph := s.graphOf(w)
	sp, err := s.settledSpace(ctx, graph)
	if err != nil || sp.vectors >= sp.chunks {
		return nil, "", err
	}
	for {
		found, err := s.read(ctx, graph, selectWaiting, cypher.P("first", at.first), cypher.P("last", at.last), cypher.P("limit", n+1))
		if err != nil {
			return nil, "", err
		}
		if found.Len() == 0 {
			return nil, "", nil // there is no such graph any more
		}
		page := found.Row(0).Get("page").List()
		all := at.read(page, n)
		if len(page) <= n {
			return all, "", nil
		}
		if len(all) > 0 {
			return all, at.cursor(), nil
		}
	}
}

// read reads up to n chunks of a page and moves on behind them.
func (at *waitingCursor) read(page []reply.Value, n int) []memory.Unembedded {
	var all []memory.Unembedded
	for i := 0; i < len(page) && len(all) < n; i++ {
		of := page[i].List()
		num := of[1]
		at.first, at.last = of[0].Int(), num.Int()
		if !num.IsNull() {
			all = append(all, memory.Unembedded{Ref: refOf(num), Text: restored(of[2].Text())})
		}
	}
	return all
}
