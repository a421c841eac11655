package embedded

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// statements prepares each statement once, when it is first used.
type statements struct {
	db preparer // *sql.DB or *sql.Conn

	mu       sync.Mutex
	prepared map[string]*sql.Stmt
}

type preparer interface {
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

func (p *statements) get(ctx context.Context, query string) (*sql.Stmt, error) {
	if st := p.known(query, nil); st != nil {
		return st, nil
	}
	// Not under the lock: this may wait for a connection.
	st, err := p.db.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if first := p.known(query, st); first != st {
		return first, st.Close()
	}
	return st, nil
}

// known returns the statement of query, which is st if there was none.
func (p *statements) known(query string, st *sql.Stmt) *sql.Stmt {
	p.mu.Lock()
	defer p.mu.Unlock()
	if found, ok := p.prepared[query]; ok || st == nil {
		return found
	}
	if p.prepared == nil {
		p.prepared = make(map[string]*sql.Stmt)
	}
	p.prepared[query] = st
	return st
}

// row runs a query that has one row at most.
func (p *statements) row(ctx context.Context, query string, args ...any) scanner {
	st, err := p.get(ctx, query)
	if err != nil {
		return failed{err}
	}
	return st.QueryRowContext(ctx, args...)
}

// each runs a query and calls scan for each row.
func (p *statements) each(ctx context.Context, scan func(scanner) error, query string, args ...any) error {
	st, err := p.get(ctx, query)
	if err != nil {
		return err
	}
	return each(scan)(st.QueryContext(ctx, args...))
}

func (p *statements) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, st := range p.prepared {
		errs = append(errs, st.Close())
	}
	return errors.Join(errs...)
}

// scanner is a row to be read: *sql.Row, *sql.Rows, or the reason why there
// is none.
type scanner interface {
	Scan(into ...any) error
}

type failed struct{ err error }

func (f failed) Scan(...any) error { return f.err }

// each returns a function that reads all rows through scan and closes them.
func each(scan func(scanner) error) func(*sql.Rows, error) error {
	return func(rows *sql.Rows, err error) (result error) {
		if err != nil {
			return err
		}
		defer func() { result = errors.Join(result, rows.Close()) }()
		for rows.Next() {
			if err := scan(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	}
}
