package chaos

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/tests/client"
)

const crowd = 8

// together runs do once for each process, all at the same time.
func together(t *testing.T, do func(i int) error) {
	t.Helper()
	var all sync.WaitGroup
	errs := make([]error, crowd)
	for i := range crowd {
		all.Go(func() { errs[i] = do(i) })
	}
	all.Wait()
	require.NoError(t, errors.Join(errs...))
}

// started starts the processes on a directory, one right after the other.
func started(t *testing.T, dir string) []*client.Conn {
	t.Helper()
	conns := make([]*client.Conn, crowd)
	for i := range conns {
		conns[i] = client.Start(t, dir)
	}
	return conns
}

func TestAllComeUpThatStartAtOnceOnAFreshDirectory(t *testing.T) {
	for range 5 {
		dir := t.TempDir()
		conns := started(t, dir)
		together(t, func(i int) error { return conns[i].Initialize() })
		for _, c := range conns {
			require.NoError(t, c.CloseInput())
			require.NotContains(t, c.Stderr.String(), `"level":"error"`)
		}
		requireSound(t, dir)
	}
}

// medlar is the word in the nth text of a process.
func medlar(process, n int) string { return fmt.Sprintf("medlar%dx%d", process, n) }

func TestManyWritersLoseAndDoubleNothing(t *testing.T) {
	const adds = 100
	dir := t.TempDir()
	conns := started(t, dir)
	kept := newAcknowledged()
	together(t, func(i int) error {
		if err := conns[i].Initialize(); err != nil {
			return err
		}
		for n := range adds {
			s := sent{key: medlar(i, n), text: fmt.Sprintf("Visitor %d says that %s has come.", i, medlar(i, n))}
			id, err := conns[i].Add(map[string]any{"text": s.text})
			if err != nil {
				return fmt.Errorf("visitor %d: %w", i, err)
			}
			kept.add(id, s)
		}
		return nil
	})
	require.Empty(t, kept.twice)
	require.Equal(t, crowd*adds, kept.count())
	for i, c := range conns {
		require.Equal(t, crowd*adds, stored(t, c))
		for n := range adds {
			// Each process looks for what another one has written.
			require.Len(t, found(t, c, medlar((i+1)%crowd, n)), 1)
		}
	}
	for _, c := range conns {
		require.NoError(t, c.CloseInput())
	}
	requireWhole(t, dir, kept.texts)
	requireSound(t, dir)
}
