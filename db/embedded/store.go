// Package embedded keeps memories in one SQLite file, with no server: the
// store for one person and one machine.
//
// What Put acknowledged is in the file and survives the death of the process;
// Config.Sync says what a loss of power may take. Any number of processes may
// use the same file at once. Each change is one transaction that covers the
// memory, its chunks and the word index, so that nothing is ever half kept.
// See DESIGN.md for how and why.
package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"zapomni/memory"
	"zapomni/memory/words"
)

var (
	_ memory.Store   = (*Store)(nil)
	_ memory.Meaning = (*Store)(nil)
)

// Store is a memory.Store in a SQLite file. Open makes one.
type Store struct {
	path        string
	busyTimeout time.Duration
	log         *slog.Logger
	gate        gate
	// background is done, by stop, once the store closes.
	background context.Context
	stop       context.CancelFunc

	writer  *sql.DB
	conn    *sql.Conn // the only one of writer, for whoever has the turn
	reader  *sql.DB
	writing statements    // of conn
	reading statements    // of reader
	turn    chan struct{} // holds one: the turn to write
	queue   queue

	analyzer words.Analyzer
	cache    termCache
	codes    codeCache
	hot      hotVectors
	testing  atomic.Bool // a self-test is under way
}

func newStore(c Config, log *slog.Logger) (*Store, error) {
	writer, err := pool(1, writerDSN(c))
	if err != nil {
		return nil, err
	}
	reader, err := pool(c.Readers, readerDSN(c))
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	background, stop := context.WithCancel(context.Background())
	return &Store{
		background: background, stop: stop,
		path: c.Path, busyTimeout: c.BusyTimeout, log: log,
		writer: writer, reader: reader, reading: statements{db: reader},
		turn: make(chan struct{}, 1),
	}, nil
}

// Ping reads from the file.
func (s *Store) Ping(ctx context.Context) error {
	err := s.read(ctx, func() error {
		var n int
		return s.reading.row(ctx, "SELECT count(*) FROM workspace WHERE id = ?", string(memory.DefaultWorkspace)).Scan(&n)
	})
	return s.fault(ctx, "ping", err)
}

// Size counts the bytes of the file and of its log.
func (s *Store) Size(ctx context.Context) (int64, error) {
	var total int64
	err := s.read(ctx, func() error {
		for _, path := range []string{s.path, s.path + "-wal"} {
			fi, err := os.Stat(path)
			switch {
			case err == nil:
				total += fi.Size()
			case !errors.Is(err, fs.ErrNotExist):
				return fmt.Errorf("%w: %w", memory.ErrUnavailable, err)
			}
		}
		return nil
	})
	return total, s.fault(ctx, "size", err)
}

// Close waits for calls under way, moves the log into the file if no other
// process has it open, and gives everything back. Further calls do nothing.
func (s *Store) Close() error {
	s.stop()
	if first := s.gate.shut(); !first {
		return nil
	}
	if err := s.closePools(); err != nil {
		return fmt.Errorf("close store %s: %w", s.path, err)
	}
	return nil
}

func (s *Store) closePools() error {
	// The writer is the last to go: it moves the log into the file.
	errs := []error{s.reading.close(), s.reader.Close(), s.writing.close()}
	if s.conn != nil {
		errs = append(errs, s.conn.Close())
	}
	return errors.Join(append(errs, s.writer.Close())...)
}

// read runs do unless the store is closed or ctx is done.
func (s *Store) read(ctx context.Context, do func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !s.gate.enter() {
		return errClosed
	}
	defer s.gate.leave()
	return do()
}

// gate counts the calls under way, and lets none in once it is shut.
type gate struct {
	mu     sync.Mutex
	closed bool
	inside sync.WaitGroup
}

func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.inside.Add(1)
	return true
}

func (g *gate) leave() { g.inside.Done() }

// shut returns once nobody is inside, and says whether it was the first.
func (g *gate) shut() (first bool) {
	g.mu.Lock()
	first, g.closed = !g.closed, true
	g.mu.Unlock()
	g.inside.Wait()
	return first
}
