package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

func detaching() map[string]func(*testing.T, memory.Store) {
	return map[string]func(*testing.T, memory.Store){
		"DetachForgetsAllVectors":         detachForgetsAllVectors,
		"DetachedWaitInTheirOrder":        detachedWaitInTheirOrder,
		"DetachLetsAnotherModelIn":        detachLetsAnotherModelIn,
		"DetachKeepsToItsWorkspace":       detachKeepsToItsWorkspace,
		"DetachWithoutVectorsIsHarmless":  detachWithoutVectors,
		"DetachOfUnknownWorkspaceIsNone":  detachOfUnknownWorkspace,
		"DetachAndAttachTheSameModelOver": detachAndAttachOver,
	}
}

func detachForgetsAllVectors(t *testing.T, s memory.Store) {
	ms := degreesApart(t, s, home, 20, 5)
	require.NoError(t, s.Detach(t.Context(), home))
	require.Empty(t, nearestOf(t, s, home, tall, ray(0)))
	require.Equal(t, memory.Embedding{Chunks: 20}, embedding(t, s, home))
	for _, m := range ms {
		requireKept(t, s, m)
	}
	require.Len(t, refs(t, s, home, anyOf("number"), 99), 20, "words are not forgotten")
}

// detachedWaitInTheirOrder, those that waited before among them.
func detachedWaitInTheirOrder(t *testing.T, s memory.Store) {
	texts := []string{"first", "second", "third", "fourth"}
	notes(t, s, home, texts...)
	attachTo(t, s, home, tall, "third", ray(0))
	attachTo(t, s, home, tall, "first", ray(0))
	require.NoError(t, s.Detach(t.Context(), home))
	require.Equal(t, texts, waitingTexts(t, s, home))
}

func detachLetsAnotherModelIn(t *testing.T, s memory.Store) {
	ms := degreesApart(t, s, home, 20, 5)
	old := memory.Attachment{Ref: refsOf(nearestOfTall(t, s, ray(0)))[0], Vector: ray(0)}
	require.NoError(t, s.Detach(t.Context(), home))
	for i, m := range ms[:10] {
		attachTo(t, s, home, wide, m.Text, []float32{float32(i), 1, 0, 0, 0, 0})
	}
	require.Equal(t, memory.Embedding{Model: wide, Dimensions: 6, Chunks: 20, Embedded: 10}, embedding(t, s, home))
	require.ErrorIs(t, s.Attach(t.Context(), home, tall, []memory.Attachment{old}), memory.ErrConflict)
	require.Empty(t, nearestOf(t, s, home, tall, ray(0)))
	found := nearestOf(t, s, home, wide, []float32{0, 1, 0, 0, 0, 0})
	require.Len(t, found, 10)
	for i, text := range found {
		require.Equal(t, ms[i].Text, text)
	}
}

func nearestOfTall(t *testing.T, s memory.Store, v []float32) []memory.Near {
	t.Helper()
	found, err := s.Nearest(t.Context(), home, memory.VectorQuery{Model: tall, Vector: v}, 99)
	require.NoError(t, err)
	return found
}

func detachKeepsToItsWorkspace(t *testing.T, s memory.Store) {
	add(t, s, other)
	degreesApart(t, s, home, 5, 5)
	degreesApart(t, s, other, 7, 5)
	before := nearestOf(t, s, other, tall, ray(0))
	require.NoError(t, s.Detach(t.Context(), home))
	require.Equal(t, before, nearestOf(t, s, other, tall, ray(0)))
	require.Empty(t, waitingTexts(t, s, other))
	require.NoError(t, s.Detach(t.Context(), other))
	require.Len(t, waitingTexts(t, s, other), 7)
	require.Len(t, waitingTexts(t, s, home), 5)
}

func detachWithoutVectors(t *testing.T, s memory.Store) {
	require.NoError(t, s.Detach(t.Context(), home))
	notes(t, s, home, "waits")
	require.NoError(t, s.Detach(t.Context(), home))
	require.NoError(t, s.Detach(t.Context(), home))
	require.Equal(t, []string{"waits"}, waitingTexts(t, s, home))
}

func detachOfUnknownWorkspace(t *testing.T, s memory.Store) {
	require.NoError(t, s.Detach(t.Context(), other))
	_, err := s.Workspace(t.Context(), other)
	require.ErrorIs(t, err, memory.ErrNoWorkspace)
}

// detachAndAttachOver gives the same chunks other vectors of the same model and
// length: none of the old ones is left anywhere.
func detachAndAttachOver(t *testing.T, s memory.Store) {
	ms := degreesApart(t, s, home, 30, 3)
	require.Equal(t, ms[0].Text, nearestOf(t, s, home, tall, ray(0))[0])
	require.NoError(t, s.Detach(t.Context(), home))
	var vectors []memory.Attachment
	for i, u := range unembedded(t, s, home, 100) {
		vectors = append(vectors, memory.Attachment{Ref: u.Ref, Vector: ray(float64(29-i) * 3)})
	}
	attach(t, s, home, tall, vectors...)
	found := nearestOf(t, s, home, tall, ray(0))
	require.Len(t, found, 30)
	for i, text := range found {
		require.Equal(t, ms[29-i].Text, text)
	}
}
