package embedded

import (
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/db/storetest"
	"zapomni/memory"
)

func configFor(path string) Config {
	c := Defaults()
	c.Path = path
	return c
}

func openAt(t *testing.T, c Config) *Store {
	t.Helper()
	s, err := Open(t.Context(), c, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func openNew(t *testing.T) *Store {
	t.Helper()
	return openAt(t, configFor(filepath.Join(t.TempDir(), "zapomni.db")))
}

func TestStoreKeepsThePromises(t *testing.T) {
	t.Parallel()
	open := func(t *testing.T) memory.Store {
		t.Helper()
		t.Parallel()
		return openNew(t)
	}
	storetest.Run(t, open)
}
