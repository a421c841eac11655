package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	lib "modernc.org/sqlite/lib"

	"zapomni/memory"
)

// oldestSQLite is the first release whose write-ahead log is never reset
// under a reader, which could corrupt the file.
const oldestSQLite = 3_051_003

const (
	cacheKiB       = 4 << 10  // pages kept in memory, for each connection
	checkpointAt   = 1000     // pages in the log after which they move to the file
	logSizeLimit   = 16 << 20 // bytes the log keeps on disk after that
	walRetry       = 5 * time.Millisecond
	upgradePatient = 5 * time.Minute // wait for another process that upgrades the file
)

// Open opens the store in the file that c names, and makes file and directory
// if there are none. It refuses what it could harm: a file of a newer version
// or of another program, a damaged one, one on a network folder. Any number
// of processes may have the same file open.
func Open(ctx context.Context, c Config, log *slog.Logger) (*Store, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	path, err := filepath.Abs(c.Path)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	c.Path = path
	if lib.SQLITE_VERSION_NUMBER < oldestSQLite {
		return nil, fmt.Errorf("open store: SQLite %s can corrupt files that several processes use: at least 3.51.3 is needed",
			lib.SQLITE_VERSION)
	}
	if err := prepareDir(c); err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	s, err := newStore(c, log)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(s.fault(ctx, "open store", s.explain(err)), s.closePools())
	}
	return s, nil
}

// prepareDir makes the directory, for the owner alone, and looks at where it
// lies.
func prepareDir(c Config) error {
	if fi, err := os.Stat(c.Path); err == nil && fi.IsDir() {
		return errors.New("it is a directory, and should be a file")
	}
	dir := filepath.Dir(c.Path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make its directory: %w: %w", memory.ErrUnavailable, err)
	}
	if c.AllowNetworkFS {
		return nil
	}
	kind, err := sharedFolder(dir)
	if err != nil {
		return fmt.Errorf("look at its directory: %w: %w", memory.ErrUnavailable, err)
	}
	if kind != "" {
		return fmt.Errorf("it lies on %s, where a database is easily corrupted: "+
			"choose a local data directory, or set allow_network_fs if only one machine ever uses it", kind)
	}
	return nil
}

// open connects, and brings a new or older file up to date. Only what is
// needed is done: a start costs a few milliseconds, however large the file.
func (s *Store) open(ctx context.Context) error {
	fi, err := os.Stat(s.path)
	fresh := errors.Is(err, fs.ErrNotExist)
	if err == nil && fi.Size() > 0 {
		if err := s.probe(ctx); err != nil {
			return err
		}
	}
	if s.conn, err = s.writer.Conn(ctx); err != nil {
		return err
	}
	s.writing.db = s.conn
	if fresh {
		// By path, as closing any descriptor of the file would drop the
		// locks that other connections of this process hold on it.
		if err := os.Chmod(s.path, 0o600); err != nil {
			return err
		}
	}
	behind, err := s.examine(ctx)
	if err != nil || !behind {
		return err
	}
	return s.patiently(ctx, upgradePatient, func() error { return s.upgrade(ctx) })
}

// probe refuses a file of a newer version without leaving a trace: it takes
// no lock and reads no log. What it cannot make out is left to examine.
func (s *Store) probe(ctx context.Context) error {
	db, err := sql.Open("sqlite", dsn(s.path, "mode=ro", "immutable=1"))
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // nothing was written
	var app int
	if err := db.QueryRowContext(ctx, "PRAGMA application_id").Scan(&app); err != nil || app != applicationID {
		return nil // examine looks again, with the locks that make the answer sure.
	}
	v, err := headerVersion(ctx, db)
	if err == nil && v.newerThan(current()) {
		return newerError(s.path, v)
	}
	return nil
}

// examine makes sure that the file is ours, can be read and keeps a log, and
// says whether it is behind the current version.
func (s *Store) examine(ctx context.Context) (behind bool, err error) {
	var app, tables int
	var mode string
	for _, look := range []struct {
		query string
		into  any
	}{
		// In this order: another process may just be making the tables, and
		// sets the ID in the same transaction.
		{"SELECT count(*) FROM (SELECT 1 FROM sqlite_schema LIMIT 1)", &tables},
		{"PRAGMA application_id", &app},
		{"PRAGMA journal_mode", &mode},
	} {
		if err := s.conn.QueryRowContext(ctx, look.query).Scan(look.into); err != nil {
			return false, err
		}
	}
	if app != applicationID && (app != 0 || tables > 0) {
		return false, errors.New("it is a database of another program. Nothing was changed: choose another file or data directory")
	}
	v, err := headerVersion(ctx, s.conn)
	if err != nil {
		return false, err
	}
	if v.newerThan(current()) {
		return false, newerError(s.path, v)
	}
	if mode != "wal" {
		if err := s.startLog(ctx); err != nil {
			return false, err
		}
	}
	return v != current(), nil
}

// startLog switches the file to a write-ahead log. SQLite does not wait for
// other connections here, so this does.
func (s *Store) startLog(ctx context.Context) error {
	var mode string
	err := s.patiently(ctx, s.busyTimeout, func() error {
		return s.conn.QueryRowContext(ctx, "PRAGMA journal_mode = wal").Scan(&mode)
	})
	if err != nil {
		return fmt.Errorf("start the write-ahead log: %w", err)
	}
	if mode != "wal" {
		return fmt.Errorf("%w: the file system bears no write-ahead log (journal mode %s)", memory.ErrUnavailable, mode)
	}
	return nil
}

// patiently repeats do while other processes hold locks, for at most d.
func (s *Store) patiently(ctx context.Context, d time.Duration, do func() error) error {
	tick := time.NewTicker(walRetry)
	defer tick.Stop()
	for end := time.Now().Add(d); ; {
		err := do()
		if c := code(err); c != lib.SQLITE_BUSY && c != lib.SQLITE_LOCKED || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// explain puts what SQLite says about a file it cannot open into words that
// name what to look at.
func (s *Store) explain(err error) error {
	switch code(err) {
	case lib.SQLITE_CANTOPEN:
		return fmt.Errorf("%s cannot be opened or made: its directory has to exist and be writable: %w", s.path, err)
	case lib.SQLITE_READONLY:
		return fmt.Errorf("%s or its directory is read-only: %w", s.path, err)
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return fmt.Errorf("%s is in use by another process: %w", s.path, err)
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		return err
	default:
		return fmt.Errorf("%s: %w", s.path, err)
	}
}

// pool makes a pool of at most size connections. None is opened yet.
func pool(size int, dsn string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return db, nil
}

// writerDSN and readerDSN carry the settings of each kind of connection.
func writerDSN(c Config) string {
	return dsn(c.Path, append(common(c), "_txlock=immediate",
		pragma("synchronous", c.Sync), pragma("foreign_keys", 1),
		pragma("wal_autocheckpoint", checkpointAt), pragma("journal_size_limit", logSizeLimit))...)
}

func readerDSN(c Config) string {
	return dsn(c.Path, append(common(c), pragma("query_only", 1))...)
}

func common(c Config) []string {
	return []string{
		"_error_rc=1", "_dqs=0",
		pragma("busy_timeout", c.BusyTimeout.Milliseconds()),
		pragma("cache_size", -cacheKiB), pragma("temp_store", "memory"),
	}
}

func pragma(name string, value any) string { return fmt.Sprintf("_pragma=%s(%v)", name, value) }

// dsn makes a name that SQLite reads as a URI. The path is escaped, so that
// '?', '#' and '%' may stand in it, and a drive gets a slash before it.
func dsn(path string, params ...string) string {
	p := filepath.ToSlash(path)
	switch {
	case strings.HasPrefix(p, "//"): // a share of another machine
		p = "//" + p
	case !strings.HasPrefix(p, "/"): // a drive
		p = "/" + p
	}
	return "file:" + (&url.URL{Path: p}).EscapedPath() + "?" + strings.Join(params, "&")
}
