package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

func closing() map[string]func(*testing.T, memory.Store) {
	return map[string]func(*testing.T, memory.Store){
		"CallsAfterCloseAreUnavailable": callsAfterClose,
		"CloseTwiceIsHarmless":          closeTwice,
		"CloseWaitsForCallsUnderWay":    closeWaits,
	}
}

func callsAfterClose(t *testing.T, s memory.Store) {
	add(t, s, other)
	m := notes(t, s, home, "a note")[0]
	ref := refs(t, s, home, anyOf("note"), 9)[0]
	require.NoError(t, s.Close())
	for name, call := range calls(s, m, ref) {
		require.ErrorIs(t, call(t.Context()), memory.ErrUnavailable, name)
	}
}

func closeTwice(t *testing.T, s memory.Store) {
	require.NoError(t, together(4, func(int) error { return s.Close() }))
	require.NoError(t, s.Close())
}

// closeWaits: each call either succeeds or is refused; none is cut off.
func closeWaits(t *testing.T, s memory.Store) {
	var begun sync.WaitGroup
	begun.Add(8)
	done := make(chan error, 1)
	go func() {
		begun.Wait()
		done <- s.Close()
	}()
	require.NoError(t, together(8, func(i int) error {
		for j := 0; ; j++ {
			err := s.Put(t.Context(), note(home, j, fmt.Sprintf("last words %d %d", i, j)))
			if j == 0 {
				begun.Done()
			}
			if errors.Is(err, memory.ErrUnavailable) {
				return nil
			}
			if err != nil {
				return err
			}
		}
	}))
	require.NoError(t, <-done)
}
