package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

func concurrency() map[string]func(*testing.T, memory.Store) {
	return map[string]func(*testing.T, memory.Store){
		"ManyPutsAtOnceKeepAll":       manyPutsAtOnce,
		"SamePutAtOnceKeepsOne":       samePutAtOnce,
		"SameIDInTwoWorkspacesAtOnce": sameIDInTwoWorkspacesAtOnce,
		"ReplacingIsSeenWhole":        replacingIsSeenWhole,
		"PutDeleteAndSearchAtOnce":    putDeleteAndSearchAtOnce,
		"OneFailureDoesNotHurtOthers": oneFailureDoesNotHurtOthers,
		"WorkspacesChangeWhileInUse":  workspacesChangeWhileInUse,
		"PutDoesNotReviveAWorkspace":  putDoesNotReviveAWorkspace,
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

// sameIDInTwoWorkspacesAtOnce: one of them has it, and the other is refused.
func sameIDInTwoWorkspacesAtOnce(t *testing.T, s memory.Store) {
	add(t, s, other)
	const rounds = 30
	for i := range rounds {
		m := note(home, i, "claimed twice")
		var claims [2]error
		require.NoError(t, together(2, func(j int) error {
			m := m
			m.Workspace = []memory.Workspace{home, other}[j]
			claims[j] = s.Put(t.Context(), m)
			return nil
		}))
		won, lost := claims[0], claims[1]
		if won != nil {
			won, lost = lost, won
		}
		require.NoError(t, won)
		require.ErrorIs(t, lost, memory.ErrConflict)
	}
	require.Equal(t, rounds, counts(t, s, home).Memories+counts(t, s, other).Memories)
}

// replacingIsSeenWhole: who reads meanwhile finds the one or the other, and no
// mixture of them.
func replacingIsSeenWhole(t *testing.T, s memory.Store) {
	long, short := note(home, 0, prose(5_000)), note(home, 0, "short")
	long.Chunks = pieces(long.Text, 100, 10, 0)
	short.ID = long.ID
	put(t, s, long)
	require.NoError(t, together(4, func(i int) error {
		for j := range 30 {
			if i == 0 {
				if err := s.Put(t.Context(), []memory.Memory{short, long}[j%2]); err != nil {
					return err
				}
				continue
			}
			got, err := s.Get(t.Context(), home, long.ID)
			if err != nil {
				return err
			}
			for _, m := range []memory.Memory{long, short} {
				if len(got.Text) == len(m.Text) && !slices.EqualFunc(got.Chunks, m.Chunks, sameChunk) {
					return fmt.Errorf("%d chunks with a text of %d bytes", len(got.Chunks), len(got.Text))
				}
			}
			if got.Text != long.Text && got.Text != short.Text {
				return fmt.Errorf("a text of %d bytes that nobody put", len(got.Text))
			}
		}
		return nil
	}))
}

func sameChunk(a, b memory.Chunk) bool {
	return a.Start == b.Start && a.End == b.End && slices.Equal(a.Vector, b.Vector)
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
	apart := false // the ID of a memory of another workspace is an ID like any other
	for i, err := range failed {
		switch i % 4 {
		case 0:
			require.NoError(t, err)
		case 1:
			if apart = err == nil; !apart {
				require.ErrorIs(t, err, memory.ErrConflict)
			}
		case 2:
			require.ErrorIs(t, err, memory.ErrNoWorkspace)
		case 3:
			require.ErrorIs(t, err, memory.ErrNotFound)
		}
	}
	want := 8
	if apart {
		want++
	}
	require.Equal(t, want, counts(t, s, home).Memories)
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

// putDoesNotReviveAWorkspace: a put that meets the deletion of its workspace
// comes before it, and is gone, or after it, and is refused.
func putDoesNotReviveAWorkspace(t *testing.T, s memory.Store) {
	for range 25 {
		add(t, s, other)
		require.NoError(t, together(4, func(i int) error {
			if i == 0 {
				return s.DeleteWorkspace(t.Context(), other)
			}
			err := s.Put(t.Context(), note(other, i, "too late"))
			if errors.Is(err, memory.ErrNoWorkspace) {
				return nil
			}
			return err
		}))
		require.Zero(t, counts(t, s, other))
		add(t, s, other)
		require.Zero(t, counts(t, s, other))
		require.NoError(t, s.DeleteWorkspace(t.Context(), other))
	}
}
