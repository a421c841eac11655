package storetest

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

func similar() map[string]func(*testing.T, memory.Store) {
	return map[string]func(*testing.T, memory.Store){
		"SimilarIsTheCosineOfEach":      similarIsTheCosine,
		"SimilarAgreesWithNearest":      similarAgreesWithNearest,
		"SimilarPassesByTheFilter":      similarPassesByTheFilter,
		"SimilarLeavesOutWhatIsGone":    similarLeavesOutWhatIsGone,
		"SimilarOfAnotherModelIsEmpty":  similarOfAnotherModel,
		"SimilarKeepsToItsWorkspace":    similarKeepsToItsWorkspace,
		"SimilarInUnknownWorkspace":     similarInUnknownWorkspace,
		"SimilarSeesWhatIsAttachedLast": similarSeesWhatIsAttached,
		"SimilarRefusesAsNearestDoes":   similarRefusesAsNearestDoes,
	}
}

// similarTo returns the similarities to ray(0) by ref.
func similarTo(t *testing.T, s memory.Store, w memory.Workspace, q memory.VectorQuery, refs ...memory.Ref) map[memory.Ref]float64 {
	t.Helper()
	found, err := s.Similar(t.Context(), w, q, refs)
	require.NoError(t, err)
	by := make(map[memory.Ref]float64, len(found))
	for _, n := range found {
		by[n.Ref] = n.Similarity
	}
	require.Len(t, by, len(found), "each chunk once")
	return by
}

func ofTall() memory.VectorQuery { return memory.VectorQuery{Model: tall, Vector: ray(0)} }

func similarIsTheCosine(t *testing.T, s memory.Store) {
	degreesApart(t, s, home, 18, 10)
	for i := range 18 {
		ref := refs(t, s, home, anyOf(fmt.Sprint(i)), 9)
		require.Len(t, ref, 1)
		by := similarTo(t, s, home, ofTall(), ref...)
		require.InDelta(t, math.Cos(float64(i)*10*math.Pi/180), by[ref[0]], precision, "%d degrees", 10*i)
	}
	require.Empty(t, similarTo(t, s, home, ofTall()))
}

func similarAgreesWithNearest(t *testing.T, s memory.Store) {
	degreesApart(t, s, home, 40, 4)
	found := nearestOfTall(t, s, ray(0))
	by := similarTo(t, s, home, ofTall(), append(refsOf(found), refsOf(found)[5:9]...)...)
	require.Len(t, by, 40)
	for _, n := range found {
		require.InDelta(t, n.Similarity, by[n.Ref], precision)
	}
}

func similarPassesByTheFilter(t *testing.T, s memory.Store) {
	degreesApart(t, s, home, 5, 4)
	q := ofTall()
	q.Filter = memory.Filter{Source: "none has it", Tags: []string{"nor this"}, To: at(-9)}
	require.Len(t, similarTo(t, s, home, q, refsOf(nearestOfTall(t, s, ray(0)))...), 5)
}

func similarLeavesOutWhatIsGone(t *testing.T, s memory.Store) {
	ms := degreesApart(t, s, home, 4, 4)
	notes(t, s, home, "waits")
	refs := append(refsOf(nearestOfTall(t, s, ray(0))), refOf(t, s, home, "waits"), "", "0", "no such chunk")
	require.Len(t, similarTo(t, s, home, ofTall(), refs...), 4)
	require.NoError(t, s.Delete(t.Context(), home, ms[0].ID))
	put(t, s, ms[1])
	by := similarTo(t, s, home, ofTall(), refs...)
	require.Len(t, by, 2)
	require.Contains(t, by, refs[2])
	require.Contains(t, by, refs[3])
	require.NoError(t, s.Detach(t.Context(), home))
	require.Empty(t, similarTo(t, s, home, ofTall(), refs...))
}

func similarOfAnotherModel(t *testing.T, s memory.Store) {
	degreesApart(t, s, home, 4, 4)
	refs := refsOf(nearestOfTall(t, s, ray(0)))
	require.Empty(t, similarTo(t, s, home, memory.VectorQuery{Model: wide, Vector: ray(0)}, refs...))
	require.Empty(t, similarTo(t, s, home, memory.VectorQuery{Model: wide, Vector: []float32{1}}, refs...))
}

func similarKeepsToItsWorkspace(t *testing.T, s memory.Store) {
	add(t, s, other)
	notes(t, s, home, "waits at home")
	degreesApart(t, s, other, 4, 4)
	found, err := s.Nearest(t.Context(), other, ofTall(), 9)
	require.NoError(t, err)
	require.Empty(t, similarTo(t, s, home, ofTall(), refsOf(found)...))
}

func similarInUnknownWorkspace(t *testing.T, s memory.Store) {
	degreesApart(t, s, home, 4, 4)
	require.Empty(t, similarTo(t, s, other, ofTall(), refsOf(nearestOfTall(t, s, ray(0)))...))
}

func similarSeesWhatIsAttached(t *testing.T, s memory.Store) {
	notes(t, s, home, "now or never")
	ref := refOf(t, s, home, "now or never")
	require.Empty(t, similarTo(t, s, home, ofTall(), ref))
	attach(t, s, home, tall, memory.Attachment{Ref: ref, Vector: ray(60)})
	require.InDelta(t, 0.5, similarTo(t, s, home, ofTall(), ref)[ref], precision)
}

func similarRefusesAsNearestDoes(t *testing.T, s memory.Store) {
	degreesApart(t, s, home, 3, 10)
	refs := refsOf(nearestOfTall(t, s, ray(0)))
	vectors := undirected()
	vectors["none"], vectors["longer"], vectors["shorter"] = nil, []float32{1, 0, 0, 0, 0}, []float32{1}
	for name, v := range vectors {
		q := memory.VectorQuery{Model: tall, Vector: v}
		_, err := s.Similar(t.Context(), home, q, refs)
		require.ErrorIs(t, err, memory.ErrInvalid, name)
		_, err = s.Nearest(t.Context(), home, q, 9)
		require.ErrorIs(t, err, memory.ErrInvalid, name)
	}
	require.Len(t, similarTo(t, s, home, ofTall(), refs...), 3)
}
