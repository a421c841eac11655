package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
	"zapomni/memory/words"
)

func contexts() map[string]func(*testing.T, memory.Store) {
	return map[string]func(*testing.T, memory.Store){
		"DoneContextHasNoEffect":         doneContextHasNoEffect,
		"CancelledPutIsWholeOrNotThere":  cancelledPutIsWholeOrNotThere,
		"CancelledCallsLeaveStoreUsable": cancelledCallsLeaveStoreUsable,
	}
}

// calls makes each call that a store knows, on a memory m that it holds, and
// the ref of its only chunk.
func calls(s memory.Store, m memory.Memory, ref memory.Ref) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Put":    func(ctx context.Context) error { return s.Put(ctx, note(home, 1, "too late")) },
		"Get":    func(ctx context.Context) error { _, err := s.Get(ctx, home, m.ID); return err },
		"Delete": func(ctx context.Context) error { return s.Delete(ctx, home, m.ID) },
		"Clear":  s.Clear,
		"List":   func(ctx context.Context) error { _, _, err := s.List(ctx, home, "", 9); return err },
		"Matching": func(ctx context.Context) error {
			_, err := s.Matching(ctx, home, memory.TermQuery{Terms: []string{"note"}}, 9)
			return err
		},
		"Nearest": func(ctx context.Context) error {
			_, err := s.Nearest(ctx, home, memory.VectorQuery{Vector: []float32{1, 0}}, 9)
			return err
		},
		"Frequencies": func(ctx context.Context) error {
			_, err := s.Frequencies(ctx, home, []string{"note"})
			return err
		},
		"Headed": func(ctx context.Context) error {
			_, err := s.Headed(ctx, home, []words.Name{"ada_lovelace"}, 9)
			return err
		},
		"Passages": func(ctx context.Context) error { _, err := s.Passages(ctx, home, []memory.Ref{ref}); return err },
		"Around":   func(ctx context.Context) error { _, err := s.Around(ctx, home, []memory.ID{m.ID}, 1); return err },
		"AddWorkspace": func(ctx context.Context) error {
			return s.AddWorkspace(ctx, memory.WorkspaceInfo{ID: third, CreatedAt: at(0)})
		},
		"Workspace":       func(ctx context.Context) error { _, err := s.Workspace(ctx, home); return err },
		"Workspaces":      func(ctx context.Context) error { _, err := s.Workspaces(ctx); return err },
		"DeleteWorkspace": func(ctx context.Context) error { return s.DeleteWorkspace(ctx, other) },
		"Counts":          func(ctx context.Context) error { _, err := s.Counts(ctx, home); return err },
		"Size":            func(ctx context.Context) error { _, err := s.Size(ctx); return err },
		"Ping":            s.Ping,
	}
}

func doneContextHasNoEffect(t *testing.T, s memory.Store) {
	add(t, s, other)
	m := notes(t, s, home, "a note")[0]
	ref := refs(t, s, home, anyOf("note"), 9)[0]
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	expired, stop := context.WithDeadline(t.Context(), time.Now().Add(-time.Hour))
	defer stop()
	for _, ctx := range []context.Context{canceled, expired} {
		for name, call := range calls(s, m, ref) {
			require.ErrorIs(t, call(ctx), ctx.Err(), name)
		}
	}
	got, err := s.Get(t.Context(), home, m.ID)
	require.NoError(t, err)
	requireMemory(t, m, got)
	require.Equal(t, 1, counts(t, s, home).Memories)
	_, err = s.Workspace(t.Context(), other)
	require.NoError(t, err)
	_, err = s.Workspace(t.Context(), third)
	require.ErrorIs(t, err, memory.ErrNoWorkspace)
}

// cancelledPutIsWholeOrNotThere cancels while many puts are under way: what
// returned nil is kept, what returned an error is not.
func cancelledPutIsWholeOrNotThere(t *testing.T, s memory.Store) {
	const callers, each = 8, 40
	var started atomic.Int32
	kept := make([][]memory.Memory, callers)
	lost := make([][]memory.Memory, callers)
	require.NoError(t, together(callers, func(i int) error {
		for j := range each {
			ctx, cancel := context.WithCancel(t.Context())
			if started.Add(1)%3 == 0 {
				go cancel()
			}
			m := note(home, j, fmt.Sprintf("race r%dx%dx, of two parts", i, j))
			m.Chunks = []memory.Chunk{{Start: 0, End: 5}, {Start: 5, End: len(m.Text)}}
			err := s.Put(ctx, m)
			cancel()
			switch {
			case err == nil:
				kept[i] = append(kept[i], m)
			case errors.Is(err, context.Canceled):
				lost[i] = append(lost[i], m)
			default:
				return err
			}
		}
		return nil
	}))
	total := 0
	for i := range callers {
		total += len(kept[i])
		for _, m := range kept[i] {
			got, err := s.Get(t.Context(), home, m.ID)
			require.NoError(t, err)
			requireMemory(t, m, got)
		}
		for _, m := range lost[i] {
			got, err := s.Get(t.Context(), home, m.ID)
			if err == nil { // it had taken effect already
				requireMemory(t, m, got)
				total++
				continue
			}
			require.ErrorIs(t, err, memory.ErrNotFound)
		}
	}
	c := counts(t, s, home)
	require.Equal(t, total, c.Memories)
	require.Equal(t, 2*total, c.Chunks)
}

func cancelledCallsLeaveStoreUsable(t *testing.T, s memory.Store) {
	m := note(home, 0, prose(200_000))
	m.Chunks = pieces(m.Text, 100, 0, 0)
	put(t, s, m)
	for range 40 {
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		_, err := s.Matching(ctx, home, anyOf("sentence number says something else"), 5000)
		if err != nil {
			require.ErrorIs(t, err, context.Canceled)
		}
		cancel()
		require.NotEmpty(t, refs(t, s, home, anyOf("word7"), 9))
	}
	notes(t, s, home, "still writing")
	require.NotEmpty(t, refs(t, s, home, anyOf("writing"), 9))
}
