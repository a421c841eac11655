package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

func forgetting() map[string]func(*testing.T, memory.Store) {
	return map[string]func(*testing.T, memory.Store){
		"DeleteForgets":             deleteForgets,
		"DeleteKnowsWhatIsNotThere": deleteKnowsWhatIsNotThere,
		"DeleteThenPutAgain":        deleteThenPutAgain,
		"DeleteThenPutElsewhere":    deleteThenPutElsewhere,
		"ClearForgetsAll":           clearForgetsAll,
		"ClearThenPutAgain":         clearThenPutAgain,
		"RefsAreNeverUsedAgain":     refsAreNeverUsedAgain,
		"RefsLastUntilReplaced":     refsLastUntilReplaced,
	}
}

func deleteForgets(t *testing.T, s memory.Store) {
	ms := notes(t, s, home, "a red kite", "a blue kite")
	old := refs(t, s, home, anyOf("red"), 9)
	require.Len(t, old, 1)
	require.NoError(t, s.Delete(t.Context(), home, ms[0].ID))

	_, err := s.Get(t.Context(), home, ms[0].ID)
	require.ErrorIs(t, err, memory.ErrNotFound)
	require.Equal(t, []string{"a blue kite"}, search(t, s, home, anyOf("red kite"), 9))
	gone, err := s.Passages(t.Context(), home, old)
	require.NoError(t, err)
	require.Empty(t, gone)
	near, err := s.Around(t.Context(), home, []memory.ID{ms[0].ID, ms[1].ID}, 3)
	require.NoError(t, err)
	require.Empty(t, near)
	require.Equal(t, memory.Counts{Memories: 1, Chunks: 1, Oldest: at(1), Newest: at(1)}, counts(t, s, home))
	f, err := s.Frequencies(t.Context(), home, terms("red kite"))
	require.NoError(t, err)
	require.Equal(t, memory.Frequencies{Chunks: 1, With: []int{0, 1}}, f)
}

func deleteKnowsWhatIsNotThere(t *testing.T, s memory.Store) {
	add(t, s, other)
	m := notes(t, s, home, "stays")[0]
	require.ErrorIs(t, s.Delete(t.Context(), home, memory.NewID()), memory.ErrNotFound)
	require.ErrorIs(t, s.Delete(t.Context(), other, m.ID), memory.ErrNotFound)
	require.ErrorIs(t, s.Delete(t.Context(), third, m.ID), memory.ErrNotFound)
	require.NoError(t, s.Delete(t.Context(), home, m.ID))
	require.ErrorIs(t, s.Delete(t.Context(), home, m.ID), memory.ErrNotFound)
}

func deleteThenPutAgain(t *testing.T, s memory.Store) {
	m := notes(t, s, home, "here again")[0]
	require.NoError(t, s.Delete(t.Context(), home, m.ID))
	put(t, s, m)
	got, err := s.Get(t.Context(), home, m.ID)
	require.NoError(t, err)
	requireMemory(t, m, got)
	require.Equal(t, []string{"here again"}, search(t, s, home, anyOf("again"), 9))
}

func deleteThenPutElsewhere(t *testing.T, s memory.Store) {
	add(t, s, other)
	m := notes(t, s, home, "moving house")[0]
	require.NoError(t, s.Delete(t.Context(), home, m.ID))
	m.Workspace = other
	put(t, s, m)
	require.Empty(t, refs(t, s, home, anyOf("moving"), 9))
	require.Equal(t, []string{"moving house"}, search(t, s, other, anyOf("moving"), 9))
}

func clearForgetsAll(t *testing.T, s memory.Store) {
	add(t, s, other, third)
	m := notes(t, s, home, "one", "two")[0]
	elsewhere := notes(t, s, other, "one", "two")[0]
	old := refs(t, s, home, anyOf("one two"), 9)
	require.Len(t, old, 2)
	require.NoError(t, s.Clear(t.Context()))

	list, err := s.Workspaces(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, home, list[0].ID)
	for _, w := range []memory.Workspace{home, other} {
		require.Zero(t, counts(t, s, w))
		require.Empty(t, refs(t, s, w, anyOf("one two"), 9))
	}
	_, err = s.Get(t.Context(), home, m.ID)
	require.ErrorIs(t, err, memory.ErrNotFound)
	gone, err := s.Passages(t.Context(), home, old)
	require.NoError(t, err)
	require.Empty(t, gone)
	elsewhere.Workspace = home
	put(t, s, elsewhere) // its ID belongs to nobody
}

func clearThenPutAgain(t *testing.T, s memory.Store) {
	add(t, s, other)
	before := notes(t, s, other, "before")[0]
	require.NoError(t, s.Clear(t.Context()))
	add(t, s, other)
	require.Zero(t, counts(t, s, other))
	notes(t, s, other, "after")
	require.Equal(t, []string{"after"}, search(t, s, other, anyOf("before after"), 9))
	_, err := s.Get(t.Context(), other, before.ID)
	require.ErrorIs(t, err, memory.ErrNotFound)
}

func refsAreNeverUsedAgain(t *testing.T, s memory.Store) {
	seen := make(map[memory.Ref]bool)
	fresh := func(why string) {
		found := refs(t, s, home, anyOf("same words"), 9)
		require.NotEmpty(t, found)
		for _, ref := range found {
			require.False(t, seen[ref], "ref %s was used before %s", ref, why)
			seen[ref] = true
		}
	}
	m := notes(t, s, home, "same words")[0]
	fresh("the first put")
	put(t, s, m)
	fresh("it was replaced")
	require.NoError(t, s.Delete(t.Context(), home, m.ID))
	put(t, s, m)
	fresh("it was deleted")
	require.NoError(t, s.Clear(t.Context()))
	put(t, s, m)
	fresh("all was cleared")
}

func refsLastUntilReplaced(t *testing.T, s memory.Store) {
	ms := notes(t, s, home, "a lasting note", "a passing note")
	found := refs(t, s, home, anyOf("lasting"), 9)
	require.Len(t, found, 1)
	put(t, s, ms[1])
	require.NoError(t, s.Delete(t.Context(), home, ms[1].ID))
	notes(t, s, home, "a further note")
	require.Equal(t, []string{"a lasting note"}, textsOf(t, s, home, found))
}
