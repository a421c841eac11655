package embedded

import (
	"compress/gzip"
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
	"zapomni/memory/words"
)

func open(t *testing.T, c Config) (*Store, error) {
	t.Helper()
	return Open(t.Context(), c, slog.New(slog.DiscardHandler))
}

// filled makes a file with n memories in it and returns its path.
func filled(t *testing.T, n int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "zapomni.db")
	s, err := open(t, configFor(path))
	require.NoError(t, err)
	fill(t, s, n)
	require.NoError(t, s.Close())
	return path
}

// execute changes a file behind the store's back.
func execute(t *testing.T, path string, queries ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", dsn(path))
	require.NoError(t, err)
	for _, query := range queries {
		_, err := db.ExecContext(t.Context(), query)
		require.NoError(t, err, query)
	}
	require.NoError(t, db.Close())
}

func filesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	files := make(map[string]string)
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		files[e.Name()] = string(b)
	}
	return files
}

func said(text string) memory.Memory {
	now := time.Now().UTC().Truncate(time.Microsecond)
	return memory.Memory{
		ID: memory.NewID(), Workspace: memory.DefaultWorkspace, Text: text, CreatedAt: now, ValidFrom: now,
		Chunks: []memory.Chunk{{Start: 0, End: len(text)}},
	}
}

func TestOpenFindsWhatWasKept(t *testing.T) {
	t.Parallel()
	c := configFor(filepath.Join(t.TempDir(), "new", "deep", "zapomni.db"))
	s, err := open(t, c)
	require.NoError(t, err)
	m := said("kept over night")
	require.NoError(t, s.Put(t.Context(), m))
	require.NoError(t, s.Close())

	got, err := openAt(t, c).Get(t.Context(), memory.DefaultWorkspace, m.ID)
	require.NoError(t, err)
	require.Equal(t, m, got)
}

func TestOpenBearsAnyFileName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a b", "what?", "50%", "%41", "#1", "q=1&mode=memory", "ünï", "semi;colon", "it's"} {
		path := filepath.Join(t.TempDir(), name, name+".db")
		s := openAt(t, configFor(path))
		require.NoError(t, s.Put(t.Context(), said("here")))
		require.FileExists(t, path)
	}
}

func TestOpenKeepsFilesPrivate(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such permissions")
	}
	dir := filepath.Join(t.TempDir(), "data")
	s := openAt(t, configFor(filepath.Join(dir, "zapomni.db")))
	require.NoError(t, s.Put(t.Context(), said("private")))
	fi, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), fi.Mode().Perm())
	for _, suffix := range []string{"", "-wal", "-shm"} {
		fi, err := os.Stat(s.path + suffix)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), fi.Mode().Perm(), suffix)
	}
}

func TestOpenChecksTheSettings(t *testing.T) {
	t.Parallel()
	_, err := open(t, Config{})
	require.ErrorContains(t, err, "path must not be empty")
}

func TestOpenHonoursItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Open(ctx, configFor(filepath.Join(t.TempDir(), "zapomni.db")), slog.New(slog.DiscardHandler))
	require.ErrorIs(t, err, context.Canceled)
}

func TestOpenRefusesNewerVersionWithoutATrace(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]version{
		"schema": {current().schema + 1, current().terms},
		"terms":  {current().schema, current().terms + 1},
	} {
		path := filled(t, 8)
		execute(t, path, fmt.Sprintf("PRAGMA user_version = %d", v.userVersion()))
		before := filesIn(t, filepath.Dir(path))
		require.Len(t, before, 1)
		_, err := open(t, configFor(path))
		require.ErrorIs(t, err, errNewer, name)
		require.ErrorContains(t, err, v.String())
		require.ErrorContains(t, err, current().String())
		require.ErrorContains(t, err, path)
		require.Equal(t, before, filesIn(t, filepath.Dir(path)), name)
	}
}

func TestOpenRefusesNewerVersionThatIsOnlyInTheLog(t *testing.T) {
	t.Parallel()
	path := filled(t, 8)
	s := openAt(t, configFor(path))
	newer := version{current().schema + 1, current().terms}
	_, err := s.conn.ExecContext(t.Context(), fmt.Sprintf("PRAGMA user_version = %d", newer.userVersion()))
	require.NoError(t, err)
	_, err = open(t, configFor(path))
	require.ErrorIs(t, err, errNewer)
}

func TestWriteRefusesFileUpgradedMeanwhile(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	execute(t, s.path, "PRAGMA user_version = 99001")
	err := s.Put(t.Context(), said("too old"))
	require.ErrorIs(t, err, memory.ErrUnavailable)
	require.ErrorIs(t, err, errNewer)
}

func TestOpenRefusesWhatIsNotOurs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := filepath.Join(dir, "text.db")
	require.NoError(t, os.WriteFile(text, []byte("just a text, and longer than the header of a database: 100 bytes, which this is, surely, by now"), 0o600))
	foreign := filepath.Join(dir, "foreign.db")
	execute(t, foreign, "CREATE TABLE theirs (x)", "PRAGMA user_version = 3")
	named := filepath.Join(dir, "named.db")
	execute(t, named, "PRAGMA application_id = 77")
	below := filepath.Join(text, "zapomni.db")
	before := filesIn(t, dir)
	for path, want := range map[string]string{
		text: "damaged", foreign: "another program", named: "another program", dir: "directory", below: "not a directory",
	} {
		_, err := open(t, configFor(path))
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, path)
	}
	require.Equal(t, before, filesIn(t, dir))
}

// TestDamageIsReportedAndLeftAlone overwrites parts of the file. Whatever is
// hit, no call may claim that all is well and answer wrongly: it succeeds, or
// it says what to do.
func TestDamageIsReportedAndLeftAlone(t *testing.T) {
	t.Parallel()
	whole, err := os.ReadFile(filled(t, 400))
	require.NoError(t, err)
	reported := 0
	for i := range 12 {
		offset := len(whole) * i / 12
		damaged := append([]byte(nil), whole...)
		for j := offset; j < min(offset+3*4096, len(damaged)); j++ {
			damaged[j] = 0xa5
		}
		path := filepath.Join(t.TempDir(), "zapomni.db")
		require.NoError(t, os.WriteFile(path, damaged, 0o600))
		s, err := open(t, configFor(path))
		if err == nil {
			err = readAll(t, s)
			require.NoError(t, s.Close())
		}
		after, readErr := os.ReadFile(path)
		require.NoError(t, readErr)
		require.True(t, string(damaged) == string(after), "the file was changed") //nolint:testifylint // it would be printed whole.
		if err == nil {
			continue
		}
		reported++
		require.ErrorIs(t, err, errDamaged)
		require.ErrorContains(t, err, ".recover")
		require.ErrorContains(t, err, path)
	}
	require.Greater(t, reported, 6, "most of the file matters")
}

// readAll reads all memories of the default workspace, by words and one by
// one.
func readAll(t *testing.T, s *Store) error {
	t.Helper()
	for n := range 40 {
		refs, err := s.Matching(t.Context(), memory.DefaultWorkspace, memory.TermQuery{Terms: termsOf([]int{n})}, 1000)
		if err != nil {
			return err
		}
		passages, err := s.Passages(t.Context(), memory.DefaultWorkspace, refs)
		if err != nil {
			return err
		}
		for _, p := range passages {
			if _, err := s.Get(t.Context(), memory.DefaultWorkspace, p.Memory); err != nil {
				return err
			}
		}
	}
	return nil
}

func TestOpenBuildsWordsAnewWhenTermsChange(t *testing.T) {
	t.Parallel()
	c := configFor(filepath.Join(t.TempDir(), "zapomni.db"))
	s, err := open(t, c)
	require.NoError(t, err)
	require.NoError(t, s.AddWorkspace(t.Context(), memory.WorkspaceInfo{ID: "other"}))
	here, there := said("  a needle here  "), said("a needle there")
	here.Chunks = []memory.Chunk{{Start: 2, End: 10}, {Start: 4, End: 15}}
	there.Workspace = "other"
	require.NoError(t, s.Put(t.Context(), here))
	require.NoError(t, s.Put(t.Context(), there))
	fill(t, s, 1040)
	before, err := s.Matching(t.Context(), memory.DefaultWorkspace, memory.TermQuery{Terms: termsOf([]int{9, 60})}, 500)
	require.NoError(t, err)
	require.NoError(t, s.Close())

	execute(t, c.Path, fmt.Sprintf("PRAGMA user_version = %d", version{current().schema, 0}.userVersion()),
		"INSERT INTO words(words) VALUES ('delete-all')", "INSERT INTO words(rowid, terms) VALUES (1, '1:obsolete')")
	s = openAt(t, c)
	v, err := headerVersion(t.Context(), s.conn)
	require.NoError(t, err)
	require.Equal(t, current(), v)
	after, err := s.Matching(t.Context(), memory.DefaultWorkspace, memory.TermQuery{Terms: termsOf([]int{9, 60})}, 500)
	require.NoError(t, err)
	require.Equal(t, before, after)
	for w, want := range map[memory.Workspace]int{memory.DefaultWorkspace: 2, "other": 1} {
		refs, err := s.Matching(t.Context(), w, memory.TermQuery{Terms: []string{"needl"}}, 9)
		require.NoError(t, err)
		require.Len(t, refs, want)
	}
	refs, err := s.Matching(t.Context(), memory.DefaultWorkspace, memory.TermQuery{Terms: []string{"obsolete"}}, 9)
	require.NoError(t, err)
	require.Empty(t, refs)
}

// oldFile unpacks a file that a former version of the schema was written to.
func oldFile(t *testing.T, name string) string {
	t.Helper()
	packed, err := os.Open(filepath.Join("testdata", name))
	require.NoError(t, err)
	defer func() { require.NoError(t, packed.Close()) }()
	unpacked, err := gzip.NewReader(packed)
	require.NoError(t, err)
	b, err := io.ReadAll(unpacked)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "zapomni.db")
	require.NoError(t, os.WriteFile(path, b, 0o600))
	return path
}

func TestOpenFindsAllInAFileOfVersion1(t *testing.T) {
	t.Parallel()
	s := openAt(t, configFor(oldFile(t, "version1.db.gz")))
	v, err := headerVersion(t.Context(), s.conn)
	require.NoError(t, err)
	require.Equal(t, current(), v)
	requireSound(t, s.path, 3)

	at := func(minute int) time.Time { return time.Date(2024, 5, 17, 8, minute, 0, 123_456_000, time.UTC) }
	const ada, later memory.ID = "0190a000-0000-7000-8000-000000000001", "0190a000-0000-7000-8000-000000000002"
	m, err := s.Get(t.Context(), memory.DefaultWorkspace, ada)
	require.NoError(t, err)
	require.Equal(t, memory.Memory{
		ID: ada, Workspace: memory.DefaultWorkspace, Text: "  Ada Lovelace wrote notes. They hold the first program.  ",
		Metadata: []byte(`{"tags": ["history"], "n": 1.0}`), Tags: []string{"history"}, Source: "a book",
		CreatedAt: at(9), ValidFrom: at(1),
		Chunks: []memory.Chunk{{Start: 2, End: 27}, {Start: 20, End: 56}},
	}, m)
	refs, err := s.Matching(t.Context(), memory.DefaultWorkspace, memory.TermQuery{Terms: []string{"note"}}, 9)
	require.NoError(t, err)
	require.Len(t, refs, 2)
	refs, err = s.Headed(t.Context(), memory.DefaultWorkspace, []words.Name{"ada_lovelace"}, 9)
	require.NoError(t, err)
	require.Equal(t, []memory.Ref{"1"}, refs)
	near, err := s.Around(t.Context(), memory.DefaultWorkspace, []memory.ID{ada}, 1)
	require.NoError(t, err)
	require.Equal(t, []memory.Neighbor{{Of: ada, Offset: 1, Memory: later, First: "3"}}, near)
	other, err := s.Workspace(t.Context(), "other")
	require.NoError(t, err)
	require.Equal(t, memory.WorkspaceInfo{ID: "other", Name: "Other", Description: "of its own", CreatedAt: at(0)}, other)
	counts, err := s.Counts(t.Context(), "other")
	require.NoError(t, err)
	require.Equal(t, memory.Counts{Memories: 1, Chunks: 1, Oldest: at(3), Newest: at(3)}, counts)
}

func TestFileOfVersion1TakesVectors(t *testing.T) {
	t.Parallel()
	s := openAt(t, configFor(oldFile(t, "version1.db.gz")))
	found, err := s.Nearest(t.Context(), memory.DefaultWorkspace, memory.VectorQuery{Vector: []float32{1, 0}}, 9)
	require.NoError(t, err)
	require.Empty(t, found)
	m, err := s.Get(t.Context(), memory.DefaultWorkspace, "0190a000-0000-7000-8000-000000000001")
	require.NoError(t, err)
	m.Chunks[1].Vector = []float32{3, 4}
	require.NoError(t, s.Put(t.Context(), m))
	found, err = s.Nearest(t.Context(), memory.DefaultWorkspace, memory.VectorQuery{Vector: []float32{1, 0}}, 9)
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.InDelta(t, 0.6, found[0].Similarity, 1e-12)
	requireSound(t, s.path, 3)
}

// TestOpenMakesCodesInAFileOfVersion2: its vectors, of a model without a name,
// are found, and what has none waits.
func TestOpenMakesCodesInAFileOfVersion2(t *testing.T) {
	t.Parallel()
	s := openAt(t, configFor(oldFile(t, "version2.db.gz")))
	requireSound(t, s.path, 4)
	for w, want := range map[memory.Workspace]memory.Embedding{
		memory.DefaultWorkspace: {Dimensions: 3, Chunks: 4, Embedded: 2},
		"other":                 {Dimensions: 2, Chunks: 1, Embedded: 1},
	} {
		e, err := s.Embedding(t.Context(), w)
		require.NoError(t, err)
		require.Equal(t, want, e)
	}
	found, err := s.Nearest(t.Context(), memory.DefaultWorkspace, memory.VectorQuery{Vector: []float32{0, 2, 0}}, 9)
	require.NoError(t, err)
	require.Equal(t, []memory.Near{{Ref: "3", Similarity: 1}, {Ref: "1", Similarity: 0.8}}, found)
	waiting, _, err := s.Unembedded(t.Context(), memory.DefaultWorkspace, "", 9)
	require.NoError(t, err)
	require.Equal(t, []memory.Unembedded{
		{Ref: "2", Text: " notes. They hold the first program."}, {Ref: "5", Text: "Nobody embedded this."},
	}, waiting)
	require.ErrorIs(t, s.Attach(t.Context(), "other", "of a name", []memory.Attachment{{Ref: "4", Vector: []float32{1, 1}}}), memory.ErrConflict)
}

func TestLogStaysSmall(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	c := newCorpus(1)
	for range 1200 {
		require.NoError(t, s.Put(t.Context(), c.memory()))
	}
	fi, err := os.Stat(s.path + "-wal")
	require.NoError(t, err)
	require.Less(t, fi.Size(), int64(2*4096*checkpointAt), "though four times as much was written")
	require.NoError(t, s.Close())
	require.NoFileExists(t, s.path+"-wal", "the last to close moves the log into the file")
}
