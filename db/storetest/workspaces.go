package storetest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

func workspaces() map[string]func(*testing.T, memory.Store) {
	return map[string]func(*testing.T, memory.Store){
		"DefaultWorkspaceExists":          defaultWorkspaceExists,
		"DefaultWorkspaceStays":           defaultWorkspaceStays,
		"WorkspaceIsKeptAsAdded":          workspaceIsKeptAsAdded,
		"WorkspaceAddedTwiceConflicts":    workspaceAddedTwiceConflicts,
		"WorkspaceUnknown":                workspaceUnknown,
		"WorkspacesComeByAge":             workspacesComeByAge,
		"WorkspaceIsDeletedWithAllItHeld": workspaceIsDeletedWithAllItHeld,
		"WorkspaceOfManyIsDeletedWhole":   workspaceOfManyIsDeletedWhole,
		"WorkspaceIsDeletedAtOnce":        workspaceIsDeletedAtOnce,
		"WorkspaceAddedAtOnceIsAddedOnce": workspaceAddedAtOnce,
	}
}

func defaultWorkspaceExists(t *testing.T, s memory.Store) {
	info, err := s.Workspace(t.Context(), home)
	require.NoError(t, err)
	require.Equal(t, home, info.ID)
	require.Equal(t, "Default Workspace", info.Name)
	require.Equal(t, "Default workspace for memories without explicit workspace", info.Description)
	require.WithinDuration(t, time.Now(), info.CreatedAt, time.Hour)
	require.ErrorIs(t, s.AddWorkspace(t.Context(), memory.WorkspaceInfo{ID: home}), memory.ErrConflict)
}

func defaultWorkspaceStays(t *testing.T, s memory.Store) {
	m := notes(t, s, home, "stays")[0]
	require.ErrorIs(t, s.DeleteWorkspace(t.Context(), home), memory.ErrInvalid)
	_, err := s.Get(t.Context(), home, m.ID)
	require.NoError(t, err)
}

func workspaceIsKeptAsAdded(t *testing.T, s memory.Store) {
	want := memory.WorkspaceInfo{ID: other, Name: "Ünïcode 'name'", Description: "two\nlines", CreatedAt: at(1)}
	require.NoError(t, s.AddWorkspace(t.Context(), want))
	got, err := s.Workspace(t.Context(), other)
	require.NoError(t, err)
	require.True(t, want.CreatedAt.Equal(got.CreatedAt))
	require.Equal(t, time.UTC, got.CreatedAt.Location())
	got.CreatedAt = want.CreatedAt
	require.Equal(t, want, got)
}

func workspaceAddedTwiceConflicts(t *testing.T, s memory.Store) {
	require.NoError(t, s.AddWorkspace(t.Context(), memory.WorkspaceInfo{ID: other, Name: "first", CreatedAt: at(0)}))
	err := s.AddWorkspace(t.Context(), memory.WorkspaceInfo{ID: other, Name: "second", CreatedAt: at(0)})
	require.ErrorIs(t, err, memory.ErrConflict)
	info, err := s.Workspace(t.Context(), other)
	require.NoError(t, err)
	require.Equal(t, "first", info.Name)
}

func workspaceUnknown(t *testing.T, s memory.Store) {
	_, err := s.Workspace(t.Context(), other)
	require.ErrorIs(t, err, memory.ErrNoWorkspace)
	require.ErrorIs(t, s.DeleteWorkspace(t.Context(), other), memory.ErrNoWorkspace)
}

func workspacesComeByAge(t *testing.T, s memory.Store) {
	for _, info := range []memory.WorkspaceInfo{
		{ID: "b", CreatedAt: at(2)},
		{ID: "a", CreatedAt: at(3)},
		{ID: "old", CreatedAt: at(-1e6)},
		{ID: "new", CreatedAt: at(4)},
	} {
		require.NoError(t, s.AddWorkspace(t.Context(), info))
	}
	list, err := s.Workspaces(t.Context())
	require.NoError(t, err)
	ids := make([]memory.Workspace, len(list))
	for i, info := range list {
		ids[i] = info.ID
	}
	require.Equal(t, []memory.Workspace{home, "old", "b", "a", "new"}, ids)
}

func workspaceIsDeletedWithAllItHeld(t *testing.T, s memory.Store) {
	add(t, s, other, third)
	gone := notes(t, s, other, "passing clouds", "passing trains")
	kept := notes(t, s, third, "passing ships")[0]
	old := refs(t, s, other, anyOf("passing"), 9)
	require.NoError(t, s.DeleteWorkspace(t.Context(), other))

	_, err := s.Workspace(t.Context(), other)
	require.ErrorIs(t, err, memory.ErrNoWorkspace)
	_, err = s.Get(t.Context(), other, gone[0].ID)
	require.ErrorIs(t, err, memory.ErrNotFound)
	require.Empty(t, refs(t, s, other, anyOf("passing"), 9))
	passages, err := s.Passages(t.Context(), other, old)
	require.NoError(t, err)
	require.Empty(t, passages)
	require.Equal(t, []string{"passing ships"}, search(t, s, third, anyOf("passing"), 9))
	require.Equal(t, memory.Counts{Memories: 1, Chunks: 1, Oldest: at(0), Newest: at(0)}, counts(t, s, third))
	gone[0].Workspace = third
	put(t, s, gone[0])
	require.Empty(t, around(t, s, kept, 0))
}

func workspaceOfManyIsDeletedWhole(t *testing.T, s memory.Store) {
	add(t, s, other)
	m := note(other, 0, prose(300_000))
	m.Chunks = pieces(m.Text, 200, 20, 0)
	put(t, s, m)
	notes(t, s, home, "something stays")
	require.NoError(t, s.DeleteWorkspace(t.Context(), other))
	add(t, s, other)
	require.Empty(t, refs(t, s, other, anyOf("something"), 9))
	require.Equal(t, []string{"something stays"}, search(t, s, home, anyOf("something"), 9))
}

// workspaceIsDeletedAtOnce: who looks meanwhile sees all of it or nothing.
func workspaceIsDeletedAtOnce(t *testing.T, s memory.Store) {
	add(t, s, other)
	for i := range 10 {
		m := note(other, i, prose(5_000))
		m.Chunks = pieces(m.Text, 100, 0, 0)
		put(t, s, m)
	}
	all := counts(t, s, other)
	require.NoError(t, together(4, func(i int) error {
		if i == 0 {
			return s.DeleteWorkspace(t.Context(), other)
		}
		for {
			c, err := s.Counts(t.Context(), other)
			switch {
			case err != nil:
				return err
			case c == memory.Counts{}:
				return nil
			case c != all:
				return fmt.Errorf("%+v of %+v are left", c, all)
			}
		}
	}))
}

func workspaceAddedAtOnce(t *testing.T, s memory.Store) {
	for range 30 {
		var added atomic.Int32
		require.NoError(t, together(8, func(i int) error {
			err := s.AddWorkspace(t.Context(), memory.WorkspaceInfo{ID: other, CreatedAt: at(i)})
			if err == nil {
				added.Add(1)
			} else if !errors.Is(err, memory.ErrConflict) {
				return err
			}
			return nil
		}))
		require.EqualValues(t, 1, added.Load())
		require.NoError(t, s.DeleteWorkspace(t.Context(), other))
	}
}
