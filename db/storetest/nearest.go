package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

// precision is how far a similarity may be off.
const precision = 1e-4

func nearest() map[string]func(*testing.T, memory.Store) {
	return map[string]func(*testing.T, memory.Store){
		"NearestGoesByCosine":             nearestGoesByCosine,
		"NearestLooksAtEveryNumber":       nearestLooksAtEveryNumber,
		"NearestGivesAtMostK":             nearestGivesAtMostK,
		"NearestNamesChunksAsMatching":    nearestNamesChunksAsMatching,
		"NearestNamesEachChunkOnce":       nearestNamesEachChunkOnce,
		"NearestFindsWhatWasJustPut":      nearestFindsWhatWasJustPut,
		"NearestWithoutVectorsIsEmpty":    nearestWithoutVectorsIsEmpty,
		"NearestInUnknownWorkspace":       nearestInUnknownWorkspace,
		"NearestRefusesWhatHasNoCosine":   nearestRefusesWhatHasNoCosine,
		"NearestRefusesAnotherLength":     nearestRefusesAnotherLength,
		"NearestKeepsToItsWorkspace":      nearestKeepsToItsWorkspace,
		"NearestIsNotStarvedByOthers":     nearestIsNotStarvedByOthers,
		"NearestFilters":                  nearestFilters,
		"NearestFilterStillFillsK":        nearestFilterStillFillsK,
		"NearestFilterFollowsReplacement": nearestFilterFollowsReplacement,
		"NearestForManyAtOnce":            nearestForManyAtOnce,
		"NearestWhileOthersPut":           nearestWhileOthersPut,
		"NearestCancelledLeavesItUsable":  nearestCancelledLeavesItUsable,
	}
}

func nearestTo(t *testing.T, s memory.Store, w memory.Workspace, v []float32, f memory.Filter, k int) []memory.Near {
	t.Helper()
	found, err := s.Nearest(t.Context(), w, memory.VectorQuery{Vector: v, Filter: f}, k)
	require.NoError(t, err)
	return found
}

func refsOf(found []memory.Near) []memory.Ref {
	refs := make([]memory.Ref, len(found))
	for i, n := range found {
		refs[i] = n.Ref
	}
	return refs
}

// nearestTexts returns the texts of the chunks nearest to v, nearest first.
func nearestTexts(t *testing.T, s memory.Store, w memory.Workspace, v []float32, f memory.Filter, k int) []string {
	t.Helper()
	return textsOf(t, s, w, refsOf(nearestTo(t, s, w, v, f, k)))
}

// fan puts n memories, named by the whole degrees between them and ray(0).
func fan(t *testing.T, s memory.Store, n int) {
	t.Helper()
	for i := range n {
		degrees := i * 180 / n
		put(t, s, pointing(home, i, fmt.Sprint(degrees), ray(float64(degrees))))
	}
}

// nearestGoesByCosine: neither the lengths of vectors count nor the order in
// which they came.
func nearestGoesByCosine(t *testing.T, s memory.Store) {
	degrees := []int{90, 10, 180, 45, 0, 135, 60, 30}
	for i, d := range degrees {
		v := ray(float64(d))
		for j := range v {
			v[j] *= []float32{0.01, 1, 250}[i%3]
		}
		put(t, s, pointing(home, i, fmt.Sprint(d), v))
	}
	slices.Sort(degrees)
	for _, long := range []float32{0.02, 1, 300} {
		found := nearestTo(t, s, home, []float32{long, 0, 0, 0}, memory.Filter{}, 99)
		require.Len(t, found, len(degrees))
		for i, text := range textsOf(t, s, home, refsOf(found)) {
			require.Equal(t, fmt.Sprint(degrees[i]), text)
			require.InDelta(t, math.Cos(float64(degrees[i])*math.Pi/180), found[i].Similarity, precision, "at %s degrees", text)
		}
	}
}

// nearestLooksAtEveryNumber: each vector is nearest by one number alone.
func nearestLooksAtEveryNumber(t *testing.T, s memory.Store) {
	for _, length := range []int{1, 2, 7, 48} {
		w := memory.Workspace(fmt.Sprintf("w%d", length))
		add(t, s, w)
		axis := func(i int) []float32 {
			v := make([]float32, length)
			for j := range v {
				v[j] = 0.05
			}
			v[i] = 1
			return v
		}
		for i := range length {
			put(t, s, pointing(w, i, fmt.Sprint("axis ", i), axis(i)))
		}
		for i := range length {
			found := nearestTo(t, s, w, axis(i), memory.Filter{}, 1)
			require.Equal(t, []string{fmt.Sprint("axis ", i)}, textsOf(t, s, w, refsOf(found)))
			require.InDelta(t, 1, found[0].Similarity, precision)
		}
	}
}

func nearestGivesAtMostK(t *testing.T, s memory.Store) {
	fan(t, s, 30)
	for _, k := range []int{1, 7, 29, 30, 31, 1000} {
		texts := nearestTexts(t, s, home, ray(0), memory.Filter{}, k)
		require.Len(t, texts, min(k, 30))
		for i, text := range texts {
			require.Equal(t, fmt.Sprint(6*i), text, "k %d", k)
		}
	}
	require.Empty(t, nearestTo(t, s, home, ray(0), memory.Filter{}, 0))
}

func nearestNamesChunksAsMatching(t *testing.T, s memory.Store) {
	m := note(home, 0, "apples. pears. plums")
	m.Chunks = []memory.Chunk{
		{Start: 0, End: 7, Vector: ray(0)}, {Start: 8, End: 14, Vector: ray(60)}, {Start: 15, End: 20, Vector: ray(120)},
	}
	put(t, s, m)
	for i, word := range []string{"apples", "pears", "plums"} {
		found := nearestTo(t, s, home, m.Chunks[i].Vector, memory.Filter{}, 1)
		require.Equal(t, refs(t, s, home, anyOf(word), 9), refsOf(found))
		passages, err := s.Passages(t.Context(), home, refsOf(found))
		require.NoError(t, err)
		require.Len(t, passages, 1)
		require.Equal(t, i, passages[0].Index)
	}
}

func nearestNamesEachChunkOnce(t *testing.T, s memory.Store) {
	var texts []string
	for i := range 12 { // four at each of three directions
		m := pointing(home, i, fmt.Sprint("copy ", i), ray(float64(i%3*60)))
		put(t, s, m)
		put(t, s, m)
		texts = append(texts, m.Text)
	}
	require.ElementsMatch(t, texts, nearestTexts(t, s, home, ray(0), memory.Filter{}, 99))
	require.ElementsMatch(t, []string{"copy 1", "copy 4", "copy 7", "copy 10"}, nearestTexts(t, s, home, ray(65), memory.Filter{}, 4))
}

func nearestFindsWhatWasJustPut(t *testing.T, s memory.Store) {
	for i := range 50 {
		m := pointing(home, i, fmt.Sprint("entry ", i), ray(float64(i*7%180)))
		put(t, s, m)
		require.Equal(t, []string{m.Text}, nearestTexts(t, s, home, m.Chunks[0].Vector, memory.Filter{}, 1))
	}
}

func nearestWithoutVectorsIsEmpty(t *testing.T, s memory.Store) {
	require.Empty(t, nearestTo(t, s, home, ray(0), memory.Filter{}, 9))
	notes(t, s, home, "has no vector")
	require.Empty(t, nearestTo(t, s, home, ray(0), memory.Filter{}, 9))
	require.Empty(t, nearestTo(t, s, home, []float32{1}, memory.Filter{}, 9))
	put(t, s, pointing(home, 1, "has one", ray(180)))
	notes(t, s, home, "has none, either")
	require.Equal(t, []string{"has one"}, nearestTexts(t, s, home, ray(0), memory.Filter{}, 9))
}

func nearestInUnknownWorkspace(t *testing.T, s memory.Store) {
	put(t, s, pointing(home, 0, "elsewhere", ray(0)))
	require.Empty(t, nearestTo(t, s, other, ray(0), memory.Filter{}, 9))
	require.Empty(t, nearestTo(t, s, other, []float32{1, 0}, memory.Filter{}, 9))
}

func nearestRefusesWhatHasNoCosine(t *testing.T, s memory.Store) {
	refused := func(when string) {
		for name, v := range undirected() {
			_, err := s.Nearest(t.Context(), home, memory.VectorQuery{Vector: v}, 9)
			require.ErrorIs(t, err, memory.ErrInvalid, "%s, %s", name, when)
		}
		_, err := s.Nearest(t.Context(), home, memory.VectorQuery{Vector: nil}, 9)
		require.ErrorIs(t, err, memory.ErrInvalid, "nil, %s", when)
	}
	refused("with no vector kept")
	fan(t, s, 10)
	refused("with vectors kept")
	require.Len(t, nearestTo(t, s, home, ray(0), memory.Filter{}, 99), 10, "they harm nothing")
}

func nearestRefusesAnotherLength(t *testing.T, s memory.Store) {
	fan(t, s, 10)
	for name, v := range map[string][]float32{
		"shorter": {1, 0, 0}, "longer": {1, 0, 0, 0, 0}, "twice as long": {1, 0, 0, 0, 0, 0, 0, 0}, "one number": {1},
	} {
		_, err := s.Nearest(t.Context(), home, memory.VectorQuery{Vector: v}, 9)
		require.ErrorIs(t, err, memory.ErrInvalid, name)
		_, err = s.Nearest(t.Context(), home, memory.VectorQuery{Vector: v, Filter: memory.Filter{Source: "none has it"}}, 9)
		require.ErrorIs(t, err, memory.ErrInvalid, name)
	}
	require.Len(t, nearestTo(t, s, home, ray(0), memory.Filter{}, 99), 10)
}

func nearestKeepsToItsWorkspace(t *testing.T, s memory.Store) {
	add(t, s, other)
	put(t, s, pointing(home, 0, "at home", ray(90)))
	put(t, s, pointing(other, 0, "abroad", ray(0)))
	require.Equal(t, []string{"at home"}, nearestTexts(t, s, home, ray(0), memory.Filter{}, 9))
	require.Equal(t, []string{"abroad"}, nearestTexts(t, s, other, ray(90), memory.Filter{}, 9))
}

func nearestIsNotStarvedByOthers(t *testing.T, s memory.Store) {
	add(t, s, other)
	for i := range 200 {
		put(t, s, pointing(other, i, "crowd", ray(float64(i)/4)))
	}
	put(t, s, pointing(home, 0, "far away", ray(170)))
	require.Equal(t, []string{"far away"}, nearestTexts(t, s, home, ray(0), memory.Filter{}, 5))
}

// nearestFilters puts them in order, so that the first that passes is nearest.
func nearestFilters(t *testing.T, s memory.Store) {
	for i, m := range filterable() {
		m.Chunks[0].Vector = ray(float64(20 * i))
		put(t, s, m)
	}
	for name, row := range filters() {
		want := row.texts()
		require.Len(t, nearestTo(t, s, home, ray(0), row.filter, 9), len(want), name)
		for k := 1; k <= len(want); k++ {
			require.Equal(t, want[:k], nearestTexts(t, s, home, ray(0), row.filter, k), name)
		}
	}
}

// nearestFilterStillFillsK: each tenth comes from "few"; nine that do not are
// nearer.
func nearestFilterStillFillsK(t *testing.T, s memory.Store) {
	var want []string
	for i := range 400 {
		m := pointing(home, i, fmt.Sprint("plenty ", i), ray(float64(i)*0.45))
		if i%10 == 9 {
			m.Source = "few"
			want = append(want, m.Text)
		}
		put(t, s, m)
	}
	for _, k := range []int{1, 10, 39, 40, 41, 400} {
		require.Equal(t, want[:min(k, 40)], nearestTexts(t, s, home, ray(0), memory.Filter{Source: "few"}, k), "k %d", k)
	}
	last := memory.Filter{From: at(399)}
	require.Equal(t, []string{"plenty 399"}, nearestTexts(t, s, home, ray(0), last, 5), "the farthest of all")
}

func nearestFilterFollowsReplacement(t *testing.T, s memory.Store) {
	m := pointing(home, 0, "changing", ray(0))
	m.Tags, m.Source = []string{"old"}, "old"
	put(t, s, m)
	m.Tags, m.Source, m.ValidFrom = []string{"new"}, "new", at(9)
	put(t, s, m)
	found := func(f memory.Filter) int { return len(nearestTo(t, s, home, ray(10), f, 9)) }
	require.Zero(t, found(memory.Filter{Tags: []string{"old"}}))
	require.Zero(t, found(memory.Filter{Source: "old"}))
	require.Zero(t, found(memory.Filter{To: at(5)}))
	require.Equal(t, 1, found(memory.Filter{Tags: []string{"new"}, Source: "new", From: at(9)}))
}

// after is where the chunks of fan(60) lie, in degrees, that are nearest to one
// degree after that at place i.
func after(i int) []int {
	return []int{3 * i, 3*i + 3, 3*i - 3, 3*i + 6, 3*i - 6}
}

// askAfter compares what is nearest with what is known of fan(60).
func askAfter(ctx context.Context, s memory.Store, i int) error {
	found, err := s.Nearest(ctx, home, memory.VectorQuery{Vector: ray(float64(3*i + 1))}, 5)
	if err != nil {
		return err
	}
	passages, err := s.Passages(ctx, home, refsOf(found))
	if err != nil {
		return err
	}
	texts := make(map[memory.Ref]string)
	for _, p := range passages {
		texts[p.Ref] = p.Text
	}
	for j, degrees := range after(i) {
		if j >= len(found) || texts[found[j].Ref] != fmt.Sprint(degrees) {
			return fmt.Errorf("nearest to %d degrees: %v of %v, want %v", 3*i+1, found, texts, after(i))
		}
		if cos := math.Cos(float64(degrees-3*i-1) * math.Pi / 180); math.Abs(found[j].Similarity-cos) > precision {
			return fmt.Errorf("similarity %v of what is %d degrees from %d", found[j].Similarity, degrees, 3*i+1)
		}
	}
	return nil
}

// nearestForManyAtOnce: each gets the answer to its own question.
func nearestForManyAtOnce(t *testing.T, s memory.Store) {
	fan(t, s, 60)
	require.NoError(t, together(8, func(caller int) error {
		for j := range 40 {
			if err := askAfter(t.Context(), s, 5+(7*caller+j)%50); err != nil {
				return err
			}
		}
		return nil
	}))
}

// nearestWhileOthersPut keeps, replaces and forgets meanwhile what is farther
// from all that is asked for.
func nearestWhileOthersPut(t *testing.T, s memory.Store) {
	fan(t, s, 60)
	require.NoError(t, together(12, func(caller int) error {
		for j := range 25 {
			if caller < 8 {
				if err := askAfter(t.Context(), s, 5+(7*caller+j)%50); err != nil {
					return err
				}
				continue
			}
			sin, cos := math.Sincos(float64(25*caller + j))
			m := pointing(home, j, "aside", []float32{float32(cos) / 2, float32(sin) / 2, 0.8, 0.3})
			err := s.Put(t.Context(), m)
			switch {
			case err == nil && j%3 == 0:
				err = s.Put(t.Context(), m)
			case err == nil && j%3 == 1:
				err = s.Delete(t.Context(), home, m.ID)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}))
	require.Equal(t, 60+4*17, counts(t, s, home).Memories)
	require.Len(t, nearestTo(t, s, home, ray(0), memory.Filter{}, 999), 60+4*17)
}

func nearestCancelledLeavesItUsable(t *testing.T, s memory.Store) {
	fan(t, s, 60)
	for range 40 {
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		if err := askAfter(ctx, s, 20); err != nil && !errors.Is(err, context.Canceled) {
			require.NoError(t, err)
		}
		cancel()
		require.NoError(t, askAfter(t.Context(), s, 30))
	}
	put(t, s, pointing(home, 0, "still writing", ray(179)))
	require.Equal(t, []string{"still writing"}, nearestTexts(t, s, home, ray(180), memory.Filter{}, 1))
}
