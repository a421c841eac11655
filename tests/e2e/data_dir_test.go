package e2e

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // to look into files

	"zapomni/tests/client"
)

// file is the name of the store within a data directory.
const file = "zapomni.db"

// refused starts a server that should not come up, and returns what its last
// words say.
func refused(t *testing.T, p *client.Process) string {
	t.Helper()
	require.NoError(t, p.EndInput())
	rest, err := p.Rest()
	require.NoError(t, err)
	require.Empty(t, rest)
	require.Equal(t, 1, ended(t, p), p.Stderr)
	var last struct{ Level, Error string }
	require.NoError(t, json.Unmarshal([]byte(p.LastWords()), &last), p.Stderr)
	require.Equal(t, "error", last.Level)
	return last.Error
}

// filled returns a data directory with n memories.
func filled(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	c := client.Start(t, dir)
	for i := range n {
		_, err := c.Add(map[string]any{"text": fmt.Sprintf("The walrus said for the %dth time that the time has come, to talk of many things.", i)})
		require.NoError(t, err)
	}
	require.NoError(t, c.CloseInput())
	left := contents(t, dir)
	delete(left, file+"-vectors")
	require.Equal(t, []string{file}, slices.Collect(maps.Keys(left)), "nothing is left beside the file, but for the cache")
	return dir
}

func TestAMissingDataDirectoryIsMade(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "one", "two é #%", "three")
	c := client.Start(t, dir)
	_, err := c.Add(map[string]any{"text": "First."})
	require.NoError(t, err)
	require.NoError(t, c.CloseInput())
	require.FileExists(t, filepath.Join(dir, file))
}

func TestADataDirectoryThatIsAFileIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notes.txt")
	require.NoError(t, os.WriteFile(path, []byte("my notes"), 0o600))
	why := refused(t, serve(t, path))
	require.Contains(t, why, path)
	require.Contains(t, why, "ZAPOMNI_DATA_DIR")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "my notes", string(content))
}

func TestAReadOnlyDataDirectoryIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.Mkdir(dir, 0o555))
	cmd := client.Command(t, dir, nil, "serve")
	harmless(t, cmd)
	why := refused(t, client.Run(t, cmd))
	require.Contains(t, why, dir)
	require.Contains(t, why, "ZAPOMNI_DATA_DIR")
	require.Empty(t, contents(t, dir))
}

func TestAReadOnlyFileIsLeftAlone(t *testing.T) {
	dir := filled(t, 3)
	before := contents(t, dir)
	require.NoError(t, os.Chmod(filepath.Join(dir, file), 0o444))
	require.NoError(t, os.Chmod(dir, 0o555))
	t.Cleanup(func() { require.NoError(t, os.Chmod(dir, 0o755)) })
	cmd := client.Command(t, dir, nil, "serve")
	harmless(t, cmd)
	require.Contains(t, refused(t, client.Run(t, cmd)), dir)
	require.Equal(t, before, contents(t, dir))
}

func TestAFileOfANewerVersionIsRefusedAndLeftAlone(t *testing.T) {
	dir := filled(t, 3)
	path := filepath.Join(dir, file)
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	var version int
	require.NoError(t, db.QueryRowContext(t.Context(), "PRAGMA user_version").Scan(&version))
	_, err = db.ExecContext(t.Context(), fmt.Sprint("PRAGMA user_version = ", version+1000))
	require.NoError(t, err)
	require.NoError(t, db.Close())
	before := contents(t, dir)

	why := refused(t, serve(t, dir))
	require.Contains(t, why, path)
	require.Contains(t, why, "newer version")
	require.Equal(t, before, contents(t, dir))
}

func TestADatabaseOfAnotherProgramIsRefusedAndLeftAlone(t *testing.T) {
	dir := t.TempDir()
	db, err := sql.Open("sqlite", filepath.Join(dir, file))
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "CREATE TABLE songs (title TEXT); INSERT INTO songs VALUES ('Yesterday')")
	require.NoError(t, err)
	require.NoError(t, db.Close())
	before := contents(t, dir)
	require.Contains(t, refused(t, serve(t, dir)), "another program")
	require.Equal(t, before, contents(t, dir))
}

func TestADamagedFileIsReportedAndLeftAlone(t *testing.T) {
	good := contents(t, filled(t, 300))[file]
	for _, tc := range []struct {
		name    string
		content []byte
	}{
		{"something else", []byte("These are no memories, only some text that lies in their place.")},
		{"the first page lost", append(make([]byte, 4096), good[4096:]...)},
		{"the header broken", append([]byte("SQLite format 3\x00garbage"), good[len("SQLite format 3\x00garbage"):]...)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, file), tc.content, 0o600))
			before := contents(t, dir)
			why := refused(t, serve(t, dir))
			require.Contains(t, why, filepath.Join(dir, file))
			require.Contains(t, why, "damaged")
			require.Contains(t, why, "Nothing was changed")
			require.Contains(t, why, ".recover")
			require.Equal(t, before, contents(t, dir))
		})
	}
}

// What is damaged further in shows only when it is read.
func TestDamageFoundOnTheWayIsReportedAndNothingReplaced(t *testing.T) {
	good := contents(t, filled(t, 300))[file]
	for _, tc := range []struct {
		name    string
		content []byte
	}{
		{"cut off", []byte(good[:len(good)/2])},
		{"pages overwritten", slices.Concat([]byte(good[:4096*3]), make([]byte, len(good)-4096*3))},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, file), tc.content, 0o600))
			before := contents(t, dir)
			p := serve(t, dir)
			for id := range 3 {
				// Nobody is there to read it if the server did not come up.
				_ = p.Send(toolCall(id, "search_memory", map[string]any{"query": "What did the walrus say?"}))
			}
			require.NoError(t, p.EndInput())
			lines, err := p.Rest()
			require.NoError(t, err)
			ended(t, p)
			for _, a := range answers(t, lines) {
				require.Contains(t, a["result"], "isError", "no answer from what is damaged")
			}
			require.Contains(t, p.Stderr.String(), "damaged")
			require.Contains(t, p.Stderr.String(), ".recover")
			after := contents(t, dir)
			delete(after, file+"-vectors")
			require.Equal(t, before, after)
		})
	}
}
