package storetest

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

func vectors() map[string]func(*testing.T, memory.Store) {
	return map[string]func(*testing.T, memory.Store){
		"PutKeepsVectors":                       putKeepsVectors,
		"PutKeepsVectorsOfSomeChunks":           putKeepsVectorsOfSomeChunks,
		"PutKeepsVectorsOfManyChunks":           putKeepsVectorsOfManyChunks,
		"PutReplacesVectors":                    putReplacesVectors,
		"PutRefusesVectorsWithoutDirection":     putRefusesVectorsWithoutDirection,
		"PutRefusesVectorsOfAnotherLength":      putRefusesVectorsOfAnotherLength,
		"PutRefusesVectorsOfSeveralLengths":     putRefusesVectorsOfSeveralLengths,
		"VectorLengthIsThatOfTheWorkspace":      vectorLengthIsThatOfTheWorkspace,
		"VectorLengthIsFreeOnceAllAreDeleted":   vectorLengthIsFreeOnceAllAreDeleted,
		"VectorLengthIsFreeOnceAllAreReplaced":  vectorLengthIsFreeOnceAllAreReplaced,
		"VectorLengthIsFreeOnceWorkspaceIsGone": vectorLengthIsFreeOnceWorkspaceIsGone,
		"VectorLengthIsFreeOnceCleared":         vectorLengthIsFreeOnceCleared,
		"VectorsGoWithTheirMemory":              vectorsGoWithTheirMemory,
		"VectorsGoWithTheirWorkspace":           vectorsGoWithTheirWorkspace,
		"VectorsGoWhenCleared":                  vectorsGoWhenCleared,
	}
}

// ray is a vector of four numbers and of length 1, so many degrees away from
// ray(0).
func ray(degrees float64) []float32 {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	return []float32{float32(cos), float32(sin), 0, 0}
}

// pointing makes a memory of one chunk with a vector.
func pointing(w memory.Workspace, n int, text string, vector []float32) memory.Memory {
	m := note(w, n, text)
	m.Chunks[0].Vector = vector
	return m
}

func requireKept(t *testing.T, s memory.Store, m memory.Memory) {
	t.Helper()
	got, err := s.Get(t.Context(), m.Workspace, m.ID)
	require.NoError(t, err)
	requireMemory(t, m, got)
}

func putKeepsVectors(t *testing.T, s memory.Store) {
	m := pointing(home, 0, "with numbers", []float32{1.0 / 3, -2.0 / 7, 1e-3, -123.456, 0, 16_777_215, 0.1, -1})
	put(t, s, m)
	requireKept(t, s, m)
}

func putKeepsVectorsOfSomeChunks(t *testing.T, s memory.Store) {
	m := note(home, 0, "one two three four")
	m.Chunks = []memory.Chunk{
		{Start: 0, End: 3},
		{Start: 4, End: 7, Vector: ray(10)},
		{Start: 8, End: 13},
		{Start: 14, End: 18, Vector: ray(70)},
	}
	put(t, s, m)
	requireKept(t, s, m)
	require.Equal(t, []string{"four", "two"}, nearestTexts(t, s, home, ray(80), memory.Filter{}, 9))
}

func putKeepsVectorsOfManyChunks(t *testing.T, s memory.Store) {
	m := note(home, 0, prose(20_000))
	m.Chunks = pieces(m.Text, 100, 10, 0)
	for i := range m.Chunks {
		m.Chunks[i].Vector = ray(float64(i) / 2)
	}
	put(t, s, m)
	requireKept(t, s, m)
	c := m.Chunks[150]
	require.Equal(t, []string{m.Text[c.Start:c.End]}, nearestTexts(t, s, home, ray(75), memory.Filter{}, 1))
}

func putReplacesVectors(t *testing.T, s memory.Store) {
	put(t, s, pointing(home, 0, "stays", ray(45)))
	m := pointing(home, 1, "moves", ray(0))
	put(t, s, m)
	old := nearestTo(t, s, home, ray(0), memory.Filter{}, 1)
	require.Len(t, old, 1)

	m.Chunks[0].Vector = ray(90)
	put(t, s, m)
	requireKept(t, s, m)
	now := nearestTo(t, s, home, ray(0), memory.Filter{}, 9)
	require.Len(t, now, 2, "each chunk is found once")
	require.Equal(t, []string{"stays", "moves"}, textsOf(t, s, home, refsOf(now)))
	require.NotContains(t, refsOf(now), old[0].Ref)

	m.Chunks[0].Vector = nil
	put(t, s, m)
	requireKept(t, s, m)
	require.Equal(t, []string{"stays"}, nearestTexts(t, s, home, ray(90), memory.Filter{}, 9))
}

// undirected are vectors of four numbers to which no cosine can be had.
func undirected() map[string][]float32 {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	return map[string][]float32{
		"zeros":             {0, 0, 0, 0},
		"not a number":      {1, nan, 0, 0},
		"infinite":          {inf, 0, 0, 1},
		"minus infinite":    {1, 0, 0, -inf},
		"infinite at last":  {0, 0, 0, inf},
		"nothing but a NaN": {nan, nan, nan, nan},
	}
}

// requireRefused puts a memory with the vectors given, once as a new one and
// once in place of m, and finds nothing changed.
func requireRefused(t *testing.T, s memory.Store, m memory.Memory, why string, vectors ...[]float32) {
	t.Helper()
	held := counts(t, s, home)
	before := nearestTo(t, s, home, ray(0), memory.Filter{}, 9)
	bad := note(home, 1, "all of the new text")
	bad.Chunks = nil
	for i, v := range vectors {
		bad.Chunks = append(bad.Chunks, memory.Chunk{Start: i, End: i + 1, Vector: v})
	}
	require.ErrorIs(t, s.Put(t.Context(), bad), memory.ErrInvalid, why)
	_, err := s.Get(t.Context(), home, bad.ID)
	require.ErrorIs(t, err, memory.ErrNotFound, why)
	bad.ID = m.ID
	require.ErrorIs(t, s.Put(t.Context(), bad), memory.ErrInvalid, why)
	requireKept(t, s, m)
	require.Equal(t, before, nearestTo(t, s, home, ray(0), memory.Filter{}, 9), why)
	require.Equal(t, held, counts(t, s, home), why)
}

func putRefusesVectorsWithoutDirection(t *testing.T, s memory.Store) {
	for name, v := range undirected() {
		require.ErrorIs(t, s.Put(t.Context(), pointing(home, 0, "the first", v)), memory.ErrInvalid, name)
	}
	require.Zero(t, counts(t, s, home))
	m := pointing(home, 0, "the old text", ray(20))
	put(t, s, m)
	put(t, s, pointing(home, 0, "stays", ray(40)))
	for name, v := range undirected() {
		requireRefused(t, s, m, name, v)
		requireRefused(t, s, m, name+", beside a good one", ray(1), v)
	}
}

func putRefusesVectorsOfAnotherLength(t *testing.T, s memory.Store) {
	m := pointing(home, 0, "the old text", ray(20))
	put(t, s, m)
	put(t, s, pointing(home, 0, "stays", ray(40)))
	for name, v := range map[string][]float32{
		"shorter": {1, 0, 0}, "longer": {1, 0, 0, 0, 0}, "twice as long": {1, 0, 0, 0, 0, 0, 0, 0}, "one number": {1},
	} {
		requireRefused(t, s, m, name, v)
		requireRefused(t, s, m, name+", beside a good one", ray(1), nil, v)
	}
}

func putRefusesVectorsOfSeveralLengths(t *testing.T, s memory.Store) {
	m := note(home, 0, "of two minds")
	m.Chunks = []memory.Chunk{{Start: 0, End: 6, Vector: []float32{1, 2}}, {Start: 7, End: 12, Vector: []float32{1, 2, 3}}}
	require.ErrorIs(t, s.Put(t.Context(), m), memory.ErrInvalid)
	require.Zero(t, counts(t, s, home))
	m.Chunks[1].Vector = []float32{3, 1}
	put(t, s, m)
	requireKept(t, s, m)
}

func vectorLengthIsThatOfTheWorkspace(t *testing.T, s memory.Store) {
	add(t, s, other)
	put(t, s, pointing(home, 0, "four numbers", ray(0)))
	put(t, s, pointing(other, 0, "two numbers", []float32{0, 3}))
	require.Equal(t, []string{"four numbers"}, nearestTexts(t, s, home, ray(10), memory.Filter{}, 9))
	require.Equal(t, []string{"two numbers"}, nearestTexts(t, s, other, []float32{1, 1}, memory.Filter{}, 9))
	_, err := s.Nearest(t.Context(), other, memory.VectorQuery{Vector: ray(0)}, 9)
	require.ErrorIs(t, err, memory.ErrInvalid)
}

// requireFree puts a vector of a length that none had so far.
func requireFree(t *testing.T, s memory.Store, w memory.Workspace) {
	t.Helper()
	require.Empty(t, nearestTo(t, s, w, ray(0), memory.Filter{}, 9))
	require.Empty(t, nearestTo(t, s, w, []float32{1, 0}, memory.Filter{}, 9))
	m := pointing(w, 0, "short", []float32{1, 1})
	put(t, s, m)
	requireKept(t, s, m)
	require.Equal(t, []string{"short"}, nearestTexts(t, s, w, []float32{1, 0}, memory.Filter{}, 9))
	_, err := s.Nearest(t.Context(), w, memory.VectorQuery{Vector: ray(0)}, 9)
	require.ErrorIs(t, err, memory.ErrInvalid)
}

func vectorLengthIsFreeOnceAllAreDeleted(t *testing.T, s memory.Store) {
	notes(t, s, home, "has no vector")
	ms := []memory.Memory{pointing(home, 1, "goes", ray(0)), pointing(home, 2, "goes, too", ray(30))}
	for _, m := range ms {
		put(t, s, m)
	}
	require.NoError(t, s.Delete(t.Context(), home, ms[0].ID))
	require.ErrorIs(t, s.Put(t.Context(), pointing(home, 3, "too early", []float32{1, 1})), memory.ErrInvalid)
	require.NoError(t, s.Delete(t.Context(), home, ms[1].ID))
	requireFree(t, s, home)
}

func vectorLengthIsFreeOnceAllAreReplaced(t *testing.T, s memory.Store) {
	m := pointing(home, 0, "changing", ray(0))
	put(t, s, m)
	m.Chunks[0].Vector = []float32{1, 2, 3}
	put(t, s, m)
	requireKept(t, s, m)
	require.Equal(t, []string{"changing"}, nearestTexts(t, s, home, []float32{1, 2, 2}, memory.Filter{}, 9))
	m.Chunks[0].Vector = nil
	put(t, s, m)
	requireFree(t, s, home)
}

func vectorLengthIsFreeOnceWorkspaceIsGone(t *testing.T, s memory.Store) {
	add(t, s, other)
	put(t, s, pointing(other, 0, "goes", ray(0)))
	require.NoError(t, s.DeleteWorkspace(t.Context(), other))
	require.Empty(t, nearestTo(t, s, other, []float32{1, 0}, memory.Filter{}, 9))
	add(t, s, other)
	requireFree(t, s, other)
}

func vectorLengthIsFreeOnceCleared(t *testing.T, s memory.Store) {
	put(t, s, pointing(home, 0, "goes", ray(0)))
	require.NoError(t, s.Clear(t.Context()))
	requireFree(t, s, home)
}

// vectorsGoWithTheirMemory replaces and deletes so much that what is left of
// vectors that are gone would crowd out the others.
func vectorsGoWithTheirMemory(t *testing.T, s memory.Store) {
	const n = 30
	var ms []memory.Memory
	for i := range n {
		ms = append(ms, pointing(home, i, fmt.Sprintf("turning %d", i), ray(float64(i))))
	}
	for round := range 6 {
		for i, m := range ms {
			m.Chunks = slices.Clone(m.Chunks)
			m.Chunks[0].Vector = ray(float64(i + 5*round))
			put(t, s, m)
		}
	}
	var left []string
	for i, m := range ms {
		if i%3 > 0 {
			require.NoError(t, s.Delete(t.Context(), home, m.ID))
			continue
		}
		left = append(left, m.Text)
	}
	require.Equal(t, left, nearestTexts(t, s, home, ray(0), memory.Filter{}, n), "the last vectors begin at 25 degrees")
	require.Equal(t, left[:3], nearestTexts(t, s, home, ray(0), memory.Filter{}, 3))
}

func vectorsGoWithTheirWorkspace(t *testing.T, s memory.Store) {
	add(t, s, other, third)
	for i := range 20 {
		put(t, s, pointing(other, i, "passing clouds", ray(float64(i))))
	}
	put(t, s, pointing(third, 0, "passing ships", ray(90)))
	require.NoError(t, s.DeleteWorkspace(t.Context(), other))
	require.Empty(t, nearestTo(t, s, other, ray(0), memory.Filter{}, 9))
	require.Equal(t, []string{"passing ships"}, nearestTexts(t, s, third, ray(0), memory.Filter{}, 9))
	add(t, s, other)
	require.Empty(t, nearestTo(t, s, other, ray(0), memory.Filter{}, 9))
	put(t, s, pointing(other, 0, "passing trains", ray(60)))
	require.Equal(t, []string{"passing trains"}, nearestTexts(t, s, other, ray(0), memory.Filter{}, 9))
}

func vectorsGoWhenCleared(t *testing.T, s memory.Store) {
	add(t, s, other)
	for i := range 20 {
		put(t, s, pointing(home, i, "before", ray(float64(i))))
		put(t, s, pointing(other, i, "before", ray(float64(i))))
	}
	require.NoError(t, s.Clear(t.Context()))
	add(t, s, other)
	for _, w := range []memory.Workspace{home, other} {
		require.Empty(t, nearestTo(t, s, w, ray(0), memory.Filter{}, 9))
		put(t, s, pointing(w, 0, "after", ray(60)))
		require.Equal(t, []string{"after"}, nearestTexts(t, s, w, ray(0), memory.Filter{}, 9))
	}
}
