package embedded

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

// limitPages bounds the file, as a full disk would: SQLite then fails in the
// same way, and at the same places.
func limitPages(t *testing.T, s *Store, more int) {
	t.Helper()
	var pages int
	require.NoError(t, s.conn.QueryRowContext(t.Context(), "PRAGMA page_count").Scan(&pages))
	_, err := s.conn.ExecContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages+more))
	require.NoError(t, err)
}

func large() memory.Memory {
	m := said(strings.Repeat("a long story about many things. ", 60_000))
	m.Chunks = nil
	for start := 0; start < len(m.Text); start += 512 {
		m.Chunks = append(m.Chunks, memory.Chunk{Start: start, End: min(start+512, len(m.Text))})
	}
	return m
}

func TestFullDiskKeepsNothingHalf(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	limitPages(t, s, 60)
	m := large()
	require.ErrorIs(t, s.Put(t.Context(), m), memory.ErrFull)
	_, err := s.Get(t.Context(), memory.DefaultWorkspace, m.ID)
	require.ErrorIs(t, err, memory.ErrNotFound)
	requireSound(t, s.path, 0)

	small := said("small enough")
	require.NoError(t, s.Put(t.Context(), small))
	limitPages(t, s, 100_000)
	require.NoError(t, s.Put(t.Context(), m), "there is room again")
	requireSound(t, s.path, 2)
}

func TestFullDiskFillsUpToTheLastPage(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	limitPages(t, s, 200)
	kept := 0
	c := newCorpus(1)
	for {
		m := c.memory()
		err := s.Put(t.Context(), m)
		if err != nil {
			require.ErrorIs(t, err, memory.ErrFull)
			_, err = s.Get(t.Context(), memory.DefaultWorkspace, m.ID)
			require.ErrorIs(t, err, memory.ErrNotFound)
			break
		}
		kept++
	}
	require.Greater(t, kept, 100)
	requireSound(t, s.path, kept)
	require.NoError(t, s.Ping(t.Context()))
}

// TestFullFileSystem has a real one, of one megabyte.
func TestFullFileSystem(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		t.Skip("only root on Linux can mount a small file system")
	}
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("cannot mount a small file system: %s", out)
	}
	t.Cleanup(func() {
		require.NoError(t, exec.CommandContext(context.WithoutCancel(t.Context()), "umount", dir).Run())
	})
	ballast := filepath.Join(dir, "ballast")
	require.NoError(t, os.WriteFile(ballast, make([]byte, 300<<10), 0o600))
	s := openAt(t, configFor(filepath.Join(dir, "zapomni.db")))
	first := said("before it was full")
	require.NoError(t, s.Put(t.Context(), first))
	m := large()
	require.ErrorIs(t, s.Put(t.Context(), m), memory.ErrFull)
	got, err := s.Get(t.Context(), memory.DefaultWorkspace, first.ID)
	require.NoError(t, err)
	require.Equal(t, first, got)

	require.NoError(t, os.Remove(ballast))
	require.NoError(t, s.Put(t.Context(), said("after room was made")))
	requireSound(t, s.path, 2)
}

// group makes a store in which so many writes wait already.
func group(t *testing.T, runs ...func(*tx) error) (*Store, []*job) {
	t.Helper()
	s := openNew(t)
	var jobs []*job
	for _, run := range runs {
		j := &job{ctx: t.Context(), run: run, done: make(chan error, 1)}
		jobs = append(jobs, j)
		s.queue.add(j)
	}
	return s, jobs
}

func putting(t *testing.T, m memory.Memory) func(*tx) error {
	t.Helper()
	r, err := (&Store{}).newRecord(m)
	require.NoError(t, err)
	return func(t *tx) error { return t.put(r) }
}

func TestGroupIsOneTransaction(t *testing.T) {
	t.Parallel()
	var runs []func(*tx) error
	for i := range 10 {
		runs = append(runs, putting(t, said(fmt.Sprint("number ", i))))
	}
	s, jobs := group(t, runs...)
	before := transactions(t, s)
	s.writeGroup(t.Context())
	require.Equal(t, before+1, transactions(t, s))
	for _, j := range jobs {
		require.NoError(t, <-j.done)
	}
	requireSound(t, s.path, 10)
}

// transactions counts those that other connections have committed, as seen by
// one reader.
func transactions(t *testing.T, s *Store) int {
	t.Helper()
	var n int
	require.NoError(t, s.reader.QueryRowContext(t.Context(), "PRAGMA data_version").Scan(&n))
	return n
}

func TestGroupIsNotHurtByTheLargestOfIt(t *testing.T) {
	t.Parallel()
	s, jobs := group(t, putting(t, said("one")), putting(t, large()), putting(t, said("two")))
	limitPages(t, s, 60)
	for !s.queue.empty() {
		s.writeGroup(t.Context())
	}
	require.NoError(t, <-jobs[0].done)
	require.ErrorIs(t, translate(<-jobs[1].done), memory.ErrFull)
	require.NoError(t, <-jobs[2].done)
	requireSound(t, s.path, 2)
}

func TestGroupLeavesOutWhoGaveUp(t *testing.T) {
	t.Parallel()
	s, jobs := group(t, putting(t, said("gave up")), putting(t, said("waits")))
	require.True(t, s.queue.remove(jobs[0]), "as its caller does")
	s.writeGroup(t.Context())
	require.NoError(t, <-jobs[1].done)
	require.Empty(t, jobs[0].done)
	requireSound(t, s.path, 1)
}

func TestPutGivesUpWhileItWaits(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	holding, release := make(chan struct{}), make(chan struct{})
	first := make(chan error, 1)
	go func() {
		first <- s.write(t.Context(), func(*tx) error {
			close(holding)
			<-release
			return nil
		})
	}()
	<-holding
	ctx, cancel := context.WithCancel(t.Context())
	second := make(chan error, 1)
	m := said("never said")
	go func() { second <- s.Put(ctx, m) }()
	cancel()
	require.ErrorIs(t, <-second, context.Canceled)
	close(release)
	require.NoError(t, <-first)
	_, err := s.Get(t.Context(), memory.DefaultWorkspace, m.ID)
	require.ErrorIs(t, err, memory.ErrNotFound)
}

func TestPutSaysWhenAnotherProcessHoldsTheFile(t *testing.T) {
	t.Parallel()
	c := configFor(filepath.Join(t.TempDir(), "zapomni.db"))
	c.BusyTimeout = 20 * time.Millisecond
	s := openAt(t, c)
	db, err := sql.Open("sqlite", dsn(c.Path, "_txlock=immediate"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	held, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	require.ErrorIs(t, s.Put(t.Context(), said("too early")), memory.ErrUnavailable)
	require.NoError(t, s.Ping(t.Context()), "reading goes on")
	require.NoError(t, held.Rollback())
	require.NoError(t, s.Put(t.Context(), said("in time")))
	requireSound(t, c.Path, 1)
}

func TestPutWaitsForAnotherProcessNoLongerThanItMay(t *testing.T) {
	t.Parallel()
	c := configFor(filepath.Join(t.TempDir(), "zapomni.db"))
	c.BusyTimeout = time.Hour
	s := openAt(t, c)
	db, err := sql.Open("sqlite", dsn(c.Path, "_txlock=immediate"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	held, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, s.Put(ctx, said("gave up")), context.DeadlineExceeded)
	require.NoError(t, held.Rollback())
	require.NoError(t, s.Put(t.Context(), said("had time")))
	requireSound(t, c.Path, 1)
}

// requireSound opens the file anew, as a connection that has seen others
// write reports faults that are none, and checks all that belongs together.
func requireSound(t *testing.T, path string, memories int) {
	t.Helper()
	db, err := sql.Open("sqlite", dsn(path))
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	for query, want := range map[string]string{
		"PRAGMA integrity_check":                        "ok",
		"SELECT count(*) FROM pragma_foreign_key_check": "0",
		"SELECT count(*) FROM memory":                   fmt.Sprint(memories),
		"SELECT sum(memories) FROM workspace":           fmt.Sprint(memories),
		`SELECT count(*) FROM workspace w
			WHERE memories <> (SELECT count(*) FROM memory WHERE workspace = w.num)
			OR chunks <> (SELECT ifnull(sum(chunks), 0) FROM memory WHERE workspace = w.num)`: "0",
		"SELECT (SELECT count(*) FROM chunk) - (SELECT ifnull(sum(chunks), 0) FROM memory)":                               "0",
		"SELECT count(*) FROM memory m, chunk c WHERE c.num BETWEEN m.first AND m.first+m.chunks-1 AND c.memory <> m.num": "0",
		"SELECT (SELECT count(*) FROM chunk) - (SELECT count(*) FROM chunk JOIN chunk_text USING (num))":                  "0",
		"SELECT (SELECT count(*) FROM chunk) - (SELECT count(*) FROM chunk_text)":                                         "0",
		"SELECT (SELECT count(*) FROM chunk) - (SELECT count(*) FROM words_docsize)":                                      "0",
		"SELECT count(*) FROM chunk_vector WHERE num NOT IN (SELECT num FROM chunk)":                                      "0",
		`SELECT count(*) FROM workspace w
			WHERE vectors <> (SELECT count(*) FROM memory m, chunk_vector v
				WHERE m.workspace = w.num AND v.num BETWEEN m.first AND m.first+m.chunks-1)`: "0",
		`SELECT count(*) FROM workspace w, memory m, chunk_vector v
			WHERE m.workspace = w.num AND v.num BETWEEN m.first AND m.first+m.chunks-1
			AND length(v.vector) <> 4 * w.dimensions`: "0",
		`SELECT count(*) FROM chunk c LEFT JOIN chunk_vector v USING (num)
			LEFT JOIN memory m ON m.num = c.memory LEFT JOIN chunk_waiting u ON u.chunk = c.num AND u.workspace = m.workspace
			WHERE (v.num IS NULL) <> (u.chunk IS NOT NULL)`: "0",
		"SELECT count(*) FROM chunk_waiting WHERE chunk NOT IN (SELECT num FROM chunk)":                       "0",
		"SELECT count(*) FROM (SELECT DISTINCT doc FROM word_place) WHERE doc NOT IN (SELECT num FROM chunk)": "0",
	} {
		var got string
		require.NoError(t, db.QueryRowContext(context.WithoutCancel(t.Context()), query).Scan(&got), query)
		require.Equal(t, want, got, query)
	}
	requireCodes(t, db)
}
