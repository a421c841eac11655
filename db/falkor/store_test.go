package falkor

import (
	"context"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/db/falkor/falkortest"
	"zapomni/db/falkor/reply"
	"zapomni/db/storetest"
	"zapomni/memory"
)

// configFor has the settings of a store on a server, in graphs of its own.
func configFor(t *testing.T, s *falkortest.Server) Config {
	t.Helper()
	c := Defaults()
	c.URL = Secret(s.URL())
	c.Graph = s.Graph(t)
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
	return openAt(t, configFor(t, falkortest.Shared(t)))
}

func TestStoreKeepsThePromises(t *testing.T) {
	t.Parallel()
	open := func(t *testing.T) memory.Store {
		t.Helper()
		t.Parallel()
		return openNew(t)
	}
	storetest.Run(t, open, storetest.Apart...)
}

// twice sends each write twice and forgets the first answer, as when a
// connection is lost on the way back.
type twice struct{ next querier }

func (q twice) Query(ctx context.Context, s Statement) (Result, error) {
	if s.Effect != Repeatable {
		return q.next.Query(ctx, s)
	}
	lost, failed := q.next.Query(ctx, s)
	found, err := q.next.Query(ctx, s)
	found.Again = failed == nil && lost.Stats != (reply.Stats{Cached: lost.Stats.Cached, Time: lost.Stats.Time})
	return found, err
}

func TestStoreKeepsThePromisesWhenEachWriteIsSentTwice(t *testing.T) {
	t.Parallel()
	open := func(t *testing.T) memory.Store {
		t.Helper()
		t.Parallel()
		s := openNew(t)
		s.querier = twice{s.querier}
		return s
	}
	storetest.Run(t, open, storetest.Apart...)
}
