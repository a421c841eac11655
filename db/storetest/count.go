package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

func counting() map[string]func(*testing.T, memory.Store) {
	return map[string]func(*testing.T, memory.Store){
		"FrequenciesCountChunks":         frequenciesCountChunks,
		"FrequenciesSeeNewTerms":         frequenciesSeeNewTerms,
		"FrequenciesInUnknownWorkspace":  frequenciesInUnknownWorkspace,
		"FrequenciesKeepToTheWorkspace":  frequenciesKeepToTheWorkspace,
		"CountsFollowEachChange":         countsFollowEachChange,
		"CountsKeepToTheWorkspace":       countsKeepToTheWorkspace,
		"CountsOfUnknownWorkspaceAreNil": countsOfUnknownWorkspace,
	}
}

func frequencies(t *testing.T, s memory.Store, w memory.Workspace, terms ...string) memory.Frequencies {
	t.Helper()
	f, err := s.Frequencies(t.Context(), w, terms)
	require.NoError(t, err)
	return f
}

func frequenciesCountChunks(t *testing.T, s memory.Store) {
	m := note(home, 0, "rain rain rain. more rain. sun")
	m.Chunks = []memory.Chunk{{Start: 0, End: 15}, {Start: 16, End: 26}, {Start: 27, End: 30}}
	put(t, s, m)
	notes(t, s, home, "wind", "sun")
	require.Equal(t, memory.Frequencies{Chunks: 5, With: []int{2, 0, 2, 1, 2}},
		frequencies(t, s, home, "sun", "snow", "rain", "wind", "sun"))
	require.Equal(t, memory.Frequencies{Chunks: 5, With: []int{}}, frequencies(t, s, home))
}

// frequenciesSeeNewTerms: counts may lag, but a term that was just put must
// not look as if it stood nowhere.
func frequenciesSeeNewTerms(t *testing.T, s memory.Store) {
	for i := range 40 {
		put(t, s, note(home, i, "filler"))
	}
	require.Equal(t, []int{0}, frequencies(t, s, home, "novelti").With)
	put(t, s, note(home, 50, "a novelty"))
	require.Equal(t, []int{1}, frequencies(t, s, home, "novelti").With)
}

func frequenciesInUnknownWorkspace(t *testing.T, s memory.Store) {
	require.Equal(t, memory.Frequencies{With: []int{0, 0}}, frequencies(t, s, other, "one", "two"))
}

func frequenciesKeepToTheWorkspace(t *testing.T, s memory.Store) {
	add(t, s, other)
	notes(t, s, home, "storm", "storm")
	notes(t, s, other, "storm", "calm", "calm")
	require.Equal(t, memory.Frequencies{Chunks: 2, With: []int{2, 0}}, frequencies(t, s, home, "storm", "calm"))
	require.Equal(t, memory.Frequencies{Chunks: 3, With: []int{1, 2}}, frequencies(t, s, other, "storm", "calm"))
}

func countsFollowEachChange(t *testing.T, s memory.Store) {
	require.Zero(t, counts(t, s, home))
	m := note(home, 3, "one two three")
	m.ValidFrom = at(59) // Oldest and Newest are of recording
	m.Chunks = []memory.Chunk{{Start: 0, End: 3}, {Start: 4, End: 7}, {Start: 8, End: 13}}
	put(t, s, m)
	require.Equal(t, memory.Counts{Memories: 1, Chunks: 3, Oldest: at(3), Newest: at(3)}, counts(t, s, home))
	earlier, later := note(home, 1, "earlier"), note(home, 5, "later")
	put(t, s, later)
	put(t, s, earlier)
	require.Equal(t, memory.Counts{Memories: 3, Chunks: 5, Oldest: at(1), Newest: at(5)}, counts(t, s, home))
	m.Chunks = m.Chunks[:2]
	put(t, s, m)
	require.Equal(t, memory.Counts{Memories: 3, Chunks: 4, Oldest: at(1), Newest: at(5)}, counts(t, s, home))
	require.NoError(t, s.Delete(t.Context(), home, later.ID))
	require.Equal(t, memory.Counts{Memories: 2, Chunks: 3, Oldest: at(1), Newest: at(3)}, counts(t, s, home))
	require.NoError(t, s.Delete(t.Context(), home, earlier.ID))
	require.NoError(t, s.Delete(t.Context(), home, m.ID))
	require.Zero(t, counts(t, s, home))
}

func countsKeepToTheWorkspace(t *testing.T, s memory.Store) {
	add(t, s, other, third)
	notes(t, s, home, "one")
	notes(t, s, other, "one", "two")
	require.Equal(t, memory.Counts{Memories: 1, Chunks: 1, Oldest: at(0), Newest: at(0)}, counts(t, s, home))
	require.Equal(t, memory.Counts{Memories: 2, Chunks: 2, Oldest: at(0), Newest: at(1)}, counts(t, s, other))
	require.Zero(t, counts(t, s, third))
}

func countsOfUnknownWorkspace(t *testing.T, s memory.Store) {
	require.Zero(t, counts(t, s, "nowhere"))
}
