package embedded

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"zapomni/memory"
)

var (
	errClosed  = fmt.Errorf("%w: the store is closed", memory.ErrUnavailable)
	errDamaged = errors.New("the file is damaged")
	errNewer   = errors.New("the file was written by a newer version")
)

// code returns SQLite's primary result code, 0 if err comes from elsewhere.
func code(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

// translate gives err the meaning it has for callers, keeping it as cause.
func translate(err error) error {
	switch code(err) {
	case lib.SQLITE_FULL:
		return fmt.Errorf("%w: %w", memory.ErrFull, err)
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED, lib.SQLITE_READONLY, lib.SQLITE_IOERR, lib.SQLITE_CANTOPEN,
		lib.SQLITE_PERM, lib.SQLITE_NOMEM, lib.SQLITE_PROTOCOL:
		return fmt.Errorf("%w: %w", memory.ErrUnavailable, err)
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		return fmt.Errorf("%w: %w", errDamaged, err)
	default:
		return err
	}
}

// fault says what was being done when err came up, and what a person can do
// about a damaged file. It is the last thing each method does with an error.
func (s *Store) fault(ctx context.Context, what string, err error) error {
	if err == nil {
		return nil
	}
	if done := ctx.Err(); done != nil && code(err) == lib.SQLITE_INTERRUPT {
		return fmt.Errorf("%s: %w", what, done)
	}
	err = translate(err)
	if errors.Is(err, errDamaged) {
		return fmt.Errorf("%s: %w", what, damage(s.path, err))
	}
	return fmt.Errorf("%s: %w", what, err)
}

// damage tells how to get the memories back out of a damaged file.
func damage(path string, cause error) error {
	return fmt.Errorf("%s: %w. Nothing was changed. Stop all programs that use it and copy it, with %s-wal if there is one, "+
		"to a safe place. Then restore a backup, or save what can be read with: "+
		"sqlite3 %q .recover | sqlite3 recovered.db; or move it away to start anew",
		path, cause, filepath.Base(path), path)
}

func newerError(path string, found version) error {
	return fmt.Errorf("%s: %w: it has format %v, this program knows up to %v. Nothing was changed: "+
		"use the newer program, or another data directory", path, errNewer, found, current())
}
