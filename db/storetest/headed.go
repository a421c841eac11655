package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
	"zapomni/memory/words"
)

func headings() map[string]func(*testing.T, memory.Store) {
	return map[string]func(*testing.T, memory.Store){
		"HeadedFindsByName":             headedFindsByName,
		"HeadedGivesFirstChunks":        headedGivesFirstChunks,
		"HeadedLeavesOutCommonNames":    headedLeavesOutCommonNames,
		"HeadedKeepsToTheWorkspace":     headedKeepsToTheWorkspace,
		"HeadedFollowsReplaceAndDelete": headedFollowsReplaceAndDelete,
		"HeadedForgetsWithWorkspace":    headedForgetsWithWorkspace,
		"HeadedBearsHostileNames":       headedBearsHostileNames,
	}
}

func headed(t *testing.T, s memory.Store, w memory.Workspace, most int, names ...words.Name) []string {
	t.Helper()
	found, err := s.Headed(t.Context(), w, names, most)
	require.NoError(t, err)
	return textsOf(t, s, w, found)
}

func headedFindsByName(t *testing.T, s memory.Store) {
	notes(t, s, home, "Ada Lovelace wrote it", "Blue whale\nIt is large", "said of Ada Lovelace")
	require.Equal(t, []string{"Ada Lovelace wrote it"}, headed(t, s, home, 5, "ada_lovelace"))
	require.ElementsMatch(t, []string{"Ada Lovelace wrote it", "Blue whale\nIt is large"},
		headed(t, s, home, 5, "blue_whale", "nobody", "ada_lovelace"))
	require.Empty(t, headed(t, s, home, 5))
}

func headedGivesFirstChunks(t *testing.T, s memory.Store) {
	m := note(home, 0, "Ada Lovelace wrote it. Charles Babbage read it.")
	m.Chunks = []memory.Chunk{{Start: 0, End: 22}, {Start: 23, End: len(m.Text)}}
	put(t, s, m)
	require.Equal(t, []string{"Ada Lovelace wrote it."}, headed(t, s, home, 5, "ada_lovelace", "charles_babbage"))
}

func headedLeavesOutCommonNames(t *testing.T, s memory.Store) {
	notes(t, s, home, "Ada Lovelace wrote", "Ada Lovelace read", "Ada Lovelace sang", "Blue whale\nIt is large")
	require.Len(t, headed(t, s, home, 3, "ada_lovelace"), 3)
	require.Equal(t, []string{"Blue whale\nIt is large"}, headed(t, s, home, 2, "ada_lovelace", "blue_whale"))
}

func headedKeepsToTheWorkspace(t *testing.T, s memory.Store) {
	add(t, s, other)
	notes(t, s, home, "Ada Lovelace wrote it")
	require.Empty(t, headed(t, s, other, 5, "ada_lovelace"))
	require.Empty(t, headed(t, s, "nowhere", 5, "ada_lovelace"))
}

func headedFollowsReplaceAndDelete(t *testing.T, s memory.Store) {
	m := note(home, 0, "Ada Lovelace wrote it")
	put(t, s, m)
	next := note(home, 0, "Blue whale\nIt is large")
	next.ID = m.ID
	put(t, s, next)
	require.Empty(t, headed(t, s, home, 5, "ada_lovelace"))
	require.Len(t, headed(t, s, home, 5, "blue_whale"), 1)
	require.NoError(t, s.Delete(t.Context(), home, m.ID))
	require.Empty(t, headed(t, s, home, 5, "blue_whale"))
}

func headedForgetsWithWorkspace(t *testing.T, s memory.Store) {
	add(t, s, other)
	notes(t, s, home, "Blue whale\nIt is large")
	notes(t, s, other, "Ada Lovelace wrote it")
	require.NoError(t, s.DeleteWorkspace(t.Context(), other))
	add(t, s, other)
	require.Empty(t, headed(t, s, other, 5, "ada_lovelace"))
	require.Len(t, headed(t, s, home, 5, "blue_whale"), 1)
	require.NoError(t, s.Clear(t.Context()))
	require.Empty(t, headed(t, s, home, 5, "blue_whale"))
}

func headedBearsHostileNames(t *testing.T, s memory.Store) {
	notes(t, s, home, "Ada Lovelace wrote it")
	require.Len(t, headed(t, s, home, 5, `"`, "'; DROP TABLE memory; --", "%", "\x00", "\xff", "ada_lovelace"), 1)
}
