// Package chaos ends the program at the worst moments, starts it many times at
// once, and looks whether what it acknowledged is there.
package chaos

import (
	"database/sql"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // to look into files

	"zapomni/db/embedded"
	"zapomni/memory"
	"zapomni/tests/client"
)

func TestMain(m *testing.M) { os.Exit(client.Main(m)) }

// file is the name of the store within a data directory.
const file = "zapomni.db"

// sent is a text, and the word in it that no other text has.
type sent struct{ key, text string }

// acknowledged is what the server said it keeps, by ID.
type acknowledged struct {
	sync.Mutex
	texts map[string]sent
	twice []string // IDs given out more than once
}

func newAcknowledged() *acknowledged { return &acknowledged{texts: make(map[string]sent)} }

func (a *acknowledged) add(id string, s sent) {
	a.Lock()
	defer a.Unlock()
	if _, ok := a.texts[id]; ok {
		a.twice = append(a.twice, id)
	}
	a.texts[id] = s
}

func (a *acknowledged) count() int {
	a.Lock()
	defer a.Unlock()
	return len(a.texts)
}

// requireSound checks the file on a connection of its own, which has seen no
// other process write.
func requireSound(t *testing.T, dir string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, file))
	require.NoError(t, err)
	defer db.Close()
	var verdict string
	require.NoError(t, db.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&verdict))
	require.Equal(t, "ok", verdict)
}

// requireWhole reads each text from the file, byte by byte.
func requireWhole(t *testing.T, dir string, texts map[string]sent) {
	t.Helper()
	c := embedded.Defaults()
	c.Path = filepath.Join(dir, file)
	s, err := embedded.Open(t.Context(), c, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer s.Close()
	for id, want := range texts {
		m, err := s.Get(t.Context(), memory.DefaultWorkspace, memory.ID(id))
		require.NoError(t, err)
		require.Equal(t, want.text, m.Text)
		require.Equal(t, len(m.Text), m.Chunks[len(m.Chunks)-1].End, "its chunks reach to its end")
	}
}
