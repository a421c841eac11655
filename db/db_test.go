package db_test

import (
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/db"
	"zapomni/db/falkor"
)

func TestOpenTakesTheBackendThatIsChosen(t *testing.T) {
	t.Parallel()
	for driver, want := range map[string]string{db.Auto: "", db.Embedded: "", db.FalkorDB: "no such file"} {
		c := db.Defaults()
		c.Driver = driver
		c.Embedded.Path = filepath.Join(t.TempDir(), "zapomni.db")
		if driver == db.FalkorDB {
			c.Falkor.URL = falkor.Secret("unix://" + filepath.Join(t.TempDir(), "nobody"))
		}
		s, err := db.Open(t.Context(), c, slog.New(slog.DiscardHandler))
		if want != "" {
			require.ErrorContains(t, err, want)
			continue
		}
		require.NoError(t, err)
		require.NoError(t, s.Ping(t.Context()))
		require.NoError(t, s.Close())
	}
}

func TestOpenFailsWithoutAStore(t *testing.T) {
	t.Parallel()
	c := db.Defaults()
	c.Embedded.Path = t.TempDir()
	s, err := db.Open(t.Context(), c, slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "directory")
	require.Nil(t, s, "not an interface around a nil pointer")
}
