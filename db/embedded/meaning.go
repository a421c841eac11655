package embedded

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"zapomni/memory"
)

// Embedding says what vectors w has.
func (s *Store) Embedding(ctx context.Context, w memory.Workspace) (memory.Embedding, error) {
	var e memory.Embedding
	err := s.read(ctx, func() error {
		err := s.reading.row(ctx, "SELECT model, dimensions, chunks, vectors FROM workspace WHERE id = ?", string(w)).
			Scan(&e.Model, &e.Dimensions, &e.Chunks, &e.Embedded)
		if e.Embedded == 0 { // what there was is no longer true
			e.Model, e.Dimensions = "", 0
		}
		return err
	})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return memory.Embedding{}, s.fault(ctx, fmt.Sprintf("embedding of workspace %s", w), err)
	}
	return e, nil
}

// selectUnembedded walks the list of those that wait: what is embedded costs
// nothing.
const selectUnembedded = `
SELECT u.chunk, c.length, t.body FROM workspace w
	CROSS JOIN chunk_waiting u ON u.workspace = w.num AND u.chunk > ?2
	CROSS JOIN chunk c ON c.num = u.chunk
	CROSS JOIN chunk_text t ON t.num = u.chunk
WHERE w.id = ?1 ORDER BY u.chunk LIMIT ?3`

// Unembedded returns up to n of the chunks of w that have no vector.
func (s *Store) Unembedded(ctx context.Context, w memory.Workspace, after memory.Cursor, n int) ([]memory.Unembedded, memory.Cursor, error) {
	last, err := placeOf(after)
	if err != nil {
		return nil, "", fmt.Errorf("unembedded: %w", err)
	}
	n = max(n, 0)
	var all []memory.Unembedded
	err = s.read(ctx, func() error {
		return s.reading.each(ctx, func(r scanner) error {
			var length int
			var body string
			if err := r.Scan(&last, &length, &body); err != nil {
				return err
			}
			if length > len(body) {
				return fmt.Errorf("%w: chunk %d is cut short", errDamaged, last)
			}
			all = append(all, memory.Unembedded{Ref: refOf(last), Text: body[:length]})
			return nil
		}, selectUnembedded, string(w), last, n)
	})
	if err != nil {
		return nil, "", s.fault(ctx, "unembedded", err)
	}
	if len(all) < n || n == 0 {
		return all, "", nil
	}
	return all, memory.Cursor(strconv.FormatInt(last, 10)), nil
}

// Attach gives chunks of w the vectors that model made of them.
func (s *Store) Attach(ctx context.Context, w memory.Workspace, model string, vectors []memory.Attachment) error {
	return s.fault(ctx, "attach vectors", s.attach(ctx, w, model, vectors))
}

func (s *Store) attach(ctx context.Context, w memory.Workspace, model string, vectors []memory.Attachment) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	dimensions := 0
	var given []numbered
	for i, a := range vectors {
		dimensions = cmp.Or(dimensions, len(a.Vector))
		err := checkVector(a.Vector)
		if err == nil && len(a.Vector) != dimensions {
			err = lengthError(len(a.Vector), dimensions)
		}
		if err != nil {
			return fmt.Errorf("vector %d: %w", i, err)
		}
		if num, ok := numOf(a.Ref); ok {
			given = append(given, numbered{num, blobOf(a.Vector)})
		}
	}
	// Of several for the same chunk, the first one stays first.
	slices.SortStableFunc(given, func(a, b numbered) int { return cmp.Compare(a.num, b.num) })
	return s.write(ctx, func(t *tx) error { return t.attach(w, model, dimensions, given) })
}

// attach gives those chunks their vector that wait for one.
func (t *tx) attach(w memory.Workspace, model string, dimensions int, given []numbered) error {
	num, err := t.workspace(w)
	if errors.Is(err, memory.ErrNoWorkspace) {
		return nil
	}
	if err != nil {
		return err
	}
	kept, err := t.space(num)
	if err == nil && kept.vectors > 0 {
		err = kept.admits(model, cmp.Or(dimensions, kept.dimensions))
	}
	if err != nil {
		return err
	}
	var added []numbered
	for _, v := range given {
		result, err := t.execResult("DELETE FROM chunk_waiting WHERE workspace = ? AND chunk = ?", num, v.num)
		if err != nil {
			return err
		}
		waited, err := result.RowsAffected()
		if err != nil {
			return err
		}
		if waited > 0 {
			added = append(added, v)
		}
	}
	if len(added) == 0 {
		return nil
	}
	return t.addVectorsOf(num, model, dimensions, added)
}

// Detach forgets all vectors of w.
func (s *Store) Detach(ctx context.Context, w memory.Workspace) error {
	err := s.write(ctx, func(t *tx) error {
		num, err := t.workspace(w)
		if errors.Is(err, memory.ErrNoWorkspace) {
			return nil
		}
		if err != nil {
			return err
		}
		return t.detach(num)
	})
	return s.fault(ctx, fmt.Sprintf("detach the vectors of workspace %s", w), err)
}

func (t *tx) detach(w int64) error {
	kept, err := t.space(w)
	if err != nil || kept.vectors == 0 {
		return err
	}
	var others bool
	if err := t.row("SELECT EXISTS (SELECT 1 FROM workspace WHERE vectors > 0 AND num <> ?)", w).Scan(&others); err != nil {
		return err
	}
	// With no condition, SQLite empties the table without going through it.
	drop, whose := "DELETE FROM chunk_vector", []any(nil)
	if others {
		drop, whose = "DELETE FROM chunk_vector WHERE num IN ("+selectVectorNums+")", []any{w}
	}
	if err := t.exec(drop, whose...); err != nil {
		return err
	}
	if err := t.dropCoding(w); err != nil {
		return err
	}
	for _, query := range []string{
		"DELETE FROM chunk_waiting WHERE workspace = ?",
		`INSERT INTO chunk_waiting(workspace, chunk)
			SELECT m.workspace, c.num FROM memory m CROSS JOIN chunk c ON c.num >= m.first AND c.num < m.first + m.chunks
			WHERE m.workspace = ? ORDER BY c.num`,
		"UPDATE workspace SET vectors = 0, " + nextCoding + " WHERE num = ?",
	} {
		if err := t.exec(query, w); err != nil {
			return err
		}
	}
	return nil
}
