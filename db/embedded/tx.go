package embedded

import (
	"context"
	"database/sql"
	"fmt"

	"zapomni/memory"
)

// tx is a transaction that writes. No context ends it: it may be for several
// callers.
type tx struct {
	s       *Store
	ctx     context.Context // never done
	changed bool            // since the writer last looked
	weight  int             // bytes of texts and vectors written
}

// begin waits for the lock that lets one process write at a time, until ctx
// is done.
func (s *Store) begin(ctx context.Context) (*tx, error) {
	t := &tx{s: s, ctx: context.WithoutCancel(ctx)}
	st, err := s.writing.get(t.ctx, "BEGIN IMMEDIATE") //nolint:contextcheck // a transaction outlives the wish for it.
	if err != nil {
		return nil, err
	}
	if _, err := st.ExecContext(ctx); err != nil {
		return nil, t.end(err) // it may have begun just when ctx was done
	}
	return t, nil
}

// beginCurrent makes sure, too, that no newer program has upgraded the file
// since it was opened.
func (s *Store) beginCurrent(ctx context.Context) (*tx, error) {
	t, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	var found int
	err = t.row("PRAGMA user_version").Scan(&found)
	if v := versionOf(found); err == nil && v != current() {
		err = fmt.Errorf("%w: %w", memory.ErrUnavailable, newerError(s.path, v))
	}
	if err != nil {
		return nil, t.end(err)
	}
	return t, nil
}

// end commits, or takes everything back if err is not nil or the commit
// fails.
func (t *tx) end(err error) error {
	if err == nil {
		err = t.exec("COMMIT")
	}
	if err != nil {
		// SQLite may have rolled back already; this then fails and changes nothing.
		_, _ = t.s.conn.ExecContext(t.ctx, "ROLLBACK")
	}
	return err
}

func (t *tx) exec(query string, args ...any) error {
	_, err := t.execResult(query, args...)
	return err
}

func (t *tx) execResult(query string, args ...any) (sql.Result, error) {
	st, err := t.s.writing.get(t.ctx, query)
	if err != nil {
		return nil, err
	}
	t.changed = true
	return st.ExecContext(t.ctx, args...)
}

func (t *tx) row(query string, args ...any) scanner {
	return t.s.writing.row(t.ctx, query, args...)
}

func (t *tx) each(scan func(scanner) error, query string, args ...any) error {
	return t.s.writing.each(t.ctx, scan, query, args...)
}
