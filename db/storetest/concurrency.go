package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

func concurrency() map[string]func(*testing.T, memory.Store) {
	return map[string]func(*testing.T, memory.Store){
		"ManyPutsAtOnceKeepAll":       manyPutsAtOnce,
		"SamePutAtOnceKeepsOne":       samePutAtOnce,
		"PutDeleteAndSearchAtOnce":    putDeleteAndSearchAtOnce,
		"OneFailureDoesNotHurtOthers": oneFailureDoesNotHurtOthers,
		"WorkspacesChangeWhileInUse":  workspacesChangeWhileInUse,
	}
}

// together runs do in n goroutines and returns their errors joined.
func together(n int, do func(i int) error) error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = do(i) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func manyPutsAtOnce(t *testing.T, s memory.Store) {
	const callers, each = 16, 25
	require.NoError(t, together(callers, func(i int) error {
		for j := range each {
			if err := s.Put(t.Context(), note(home, j, fmt.Sprintf("crowd c%dx%dx", i, j))); err != nil {
				return err
			}
		}
		return nil
	}))
	require.Equal(t, callers*each, counts(t, s, home).Memories)
	found := search(t, s, home, anyOf("crowd"), 2*callers*each)
	require.Len(t, found, callers*each)
	seen := make(map[string]bool)
	for _, text := range found {
		require.False(t, seen[text], "%s was kept twice", text)
		seen[text] = true
	}
}

func samePutAtOnce(t *testing.T, s memory.Store) {
	m := note(home, 0, "the same for all")
	require.NoError(t, together(16, func(int) error { return s.Put(t.Context(), m) }))
	require.Equal(t, memory.Counts{Memories: 1, Chunks: 1, Oldest: at(0), Newest: at(0)}, counts(t, s, home))
	require.Len(t, refs(t, s, home, anyOf("same"), 99), 1)
}

// putDeleteAndSearchAtOnce: each caller sees its own writes at once, whatever
// the others do.
func putDeleteAndSearchAtOnce(t *testing.T, s memory.Store) {
	const callers, rounds = 16, 12
	require.NoError(t, together(callers, func(i int) error {
		for j := range rounds {
			if err := round(t.Context(), s, i, j); err != nil {
				return fmt.Errorf("caller %d, round %d: %w", i, j, err)
			}
		}
		return nil
	}))
	require.Equal(t, callers*rounds/2, counts(t, s, home).Memories)
	require.Len(t, refs(t, s, home, anyOf("busy"), callers*rounds), callers*rounds/2)
}

// round keeps one memory, finds it, and forgets it in every second round.
func round(ctx context.Context, s memory.Store, caller, n int) error {
	own := fmt.Sprintf("own%dx%dx", caller, n)
	m := note(home, n, "busy "+own)
	if err := s.Put(ctx, m); err != nil {
		return err
	}
	q := memory.TermQuery{Terms: terms(own)}
	found, err := s.Matching(ctx, home, q, 9)
	if err != nil {
		return err
	}
	if len(found) != 1 {
		return fmt.Errorf("%d chunks match what was just put", len(found))
	}
	passages, err := s.Passages(ctx, home, found)
	if err != nil {
		return err
	}
	if len(passages) != 1 || passages[0].Memory != m.ID || passages[0].Text != m.Text {
		return fmt.Errorf("passages of what was just put: %v", passages)
	}
	if n%2 == 0 {
		return nil
	}
	if err := s.Delete(ctx, home, m.ID); err != nil {
		return err
	}
	if found, err = s.Matching(ctx, home, q, 9); err == nil && len(found) > 0 {
		return errors.New("what was just deleted still matches")
	}
	return err
}

func oneFailureDoesNotHurtOthers(t *testing.T, s memory.Store) {
	add(t, s, other)
	taken := notes(t, s, other, "taken")[0]
	failed := make([]error, 32)
	require.NoError(t, together(32, func(i int) error {
		m := note(home, i, fmt.Sprintf("group g%dx", i))
		switch i % 4 {
		case 1:
			m.ID = taken.ID
		case 2:
			m.Workspace = third
		case 3:
			failed[i] = s.Delete(t.Context(), home, m.ID)
			return nil
		}
		failed[i] = s.Put(t.Context(), m)
		return nil
	}))
	for i, err := range failed {
		switch i % 4 {
		case 0:
			require.NoError(t, err)
		case 1:
			require.ErrorIs(t, err, memory.ErrConflict)
		case 2:
			require.ErrorIs(t, err, memory.ErrNoWorkspace)
		case 3:
			require.ErrorIs(t, err, memory.ErrNotFound)
		}
	}
	require.Equal(t, 8, counts(t, s, home).Memories)
	require.Equal(t, 1, counts(t, s, other).Memories)
}

func workspacesChangeWhileInUse(t *testing.T, s memory.Store) {
	require.NoError(t, together(8, func(i int) error {
		w := memory.Workspace(fmt.Sprintf("w%d", i%2))
		for j := range 15 {
			var err error
			switch i / 2 {
			case 0:
				err = s.AddWorkspace(t.Context(), memory.WorkspaceInfo{ID: w, CreatedAt: at(j)})
			case 1:
				err = s.DeleteWorkspace(t.Context(), w)
			default:
				err = s.Put(t.Context(), note(w, j, fmt.Sprintf("moving %d", j)))
			}
			if err != nil && !errors.Is(err, memory.ErrNoWorkspace) && !errors.Is(err, memory.ErrConflict) {
				return err
			}
		}
		return nil
	}))
	for _, w := range []memory.Workspace{"w0", "w1"} {
		require.Len(t, refs(t, s, w, anyOf("moving"), 999), counts(t, s, w).Chunks)
	}
}
