package storetest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

func attaching() map[string]func(*testing.T, memory.Store) {
	return map[string]func(*testing.T, memory.Store){
		"AttachedIsFoundAtOnce":              attachedIsFoundAtOnce,
		"AttachManyAtOnce":                   attachManyAtOnce,
		"AttachToChunksOfOneMemory":          attachToChunksOfOneMemory,
		"AttachTwiceKeepsTheFirst":           attachTwiceKeepsTheFirst,
		"AttachKeepsTheFirstForTheSameChunk": attachKeepsTheFirst,
		"AttachLeavesOutWhatIsGone":          attachLeavesOutWhatIsGone,
		"AttachLeavesOutWhatIsElsewhere":     attachLeavesOutWhatIsElsewhere,
		"AttachToNothing":                    attachToNothing,
		"AttachRefusesWhatHasNoCosine":       attachRefusesWhatHasNoCosine,
		"AttachRefusesAnotherLength":         attachRefusesAnotherLength,
		"AttachedGoesWithItsMemory":          attachedGoesWithItsMemory,
		"AttachedGoesWithItsWorkspace":       attachedGoesWithItsWorkspace,
		"AttachedPassesFilters":              attachedPassesFilters,
	}
}

func attachedIsFoundAtOnce(t *testing.T, s memory.Store) {
	for i := range 30 {
		text := fmt.Sprint("entry ", i)
		notes(t, s, home, text)
		require.Equal(t, []string{text}, waitingTexts(t, s, home))
		require.NotContains(t, nearestOf(t, s, home, tall, ray(0)), text)
		attachTo(t, s, home, tall, text, ray(float64(i*7%180)))
		require.Empty(t, waitingTexts(t, s, home))
		require.Equal(t, text, nearestOf(t, s, home, tall, ray(float64(i*7%180)))[0])
	}
}

// degreesApart puts n memories that wait, and attaches vectors so many degrees
// apart to them in one call.
func degreesApart(t *testing.T, s memory.Store, w memory.Workspace, n int, degrees float64) []memory.Memory {
	t.Helper()
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprint("number ", i)
	}
	ms := notes(t, s, w, texts...)
	vectors := make([]memory.Attachment, n)
	for i, u := range unembedded(t, s, w, 7) {
		require.Equal(t, texts[i], u.Text)
		vectors[i] = memory.Attachment{Ref: u.Ref, Vector: ray(float64(i) * degrees)}
	}
	attach(t, s, w, tall, vectors...)
	return ms
}

func attachManyAtOnce(t *testing.T, s memory.Store) {
	ms := degreesApart(t, s, home, 90, 2)
	require.Equal(t, memory.Embedding{Model: tall, Dimensions: 4, Chunks: 90, Embedded: 90}, embedding(t, s, home))
	for i, text := range nearestOf(t, s, home, tall, ray(0)) {
		require.Equal(t, ms[i].Text, text)
	}
}

func attachToChunksOfOneMemory(t *testing.T, s memory.Store) {
	m := note(home, 0, "  apples. pears. plums and more")
	m.Chunks = []memory.Chunk{{Start: 2, End: 9}, {Start: 6, End: 16}, {Start: 17, End: 22}}
	put(t, s, m)
	require.Equal(t, []string{"apples.", "es. pears.", "plums"}, waitingTexts(t, s, home))
	attachTo(t, s, home, tall, "plums", ray(0))
	attachTo(t, s, home, tall, "apples.", ray(40))
	m.Chunks[2].Vector, m.Chunks[0].Vector, m.Model = ray(0), ray(40), tall
	requireKept(t, s, m)
	require.Equal(t, []string{"es. pears."}, waitingTexts(t, s, home))
	require.Equal(t, []string{"plums", "apples."}, nearestOf(t, s, home, tall, ray(0)))
}

func attachTwiceKeepsTheFirst(t *testing.T, s memory.Store) {
	m := notes(t, s, home, "only one")[0]
	once := memory.Attachment{Ref: refOf(t, s, home, "only one"), Vector: ray(0)}
	attach(t, s, home, tall, once)
	attach(t, s, home, tall, once)
	attach(t, s, home, tall, memory.Attachment{Ref: once.Ref, Vector: ray(90)})
	m.Model, m.Chunks[0].Vector = tall, ray(0)
	requireKept(t, s, m)
	require.Equal(t, []string{"only one"}, nearestOf(t, s, home, tall, ray(0)))
	require.Equal(t, 1, embedding(t, s, home).Embedded)
}

func attachKeepsTheFirst(t *testing.T, s memory.Store) {
	ms := notes(t, s, home, "one", "two")
	one, two := refOf(t, s, home, "one"), refOf(t, s, home, "two")
	attach(t, s, home, tall, memory.Attachment{Ref: two, Vector: ray(50)}, memory.Attachment{Ref: one, Vector: ray(0)},
		memory.Attachment{Ref: two, Vector: ray(70)}, memory.Attachment{Ref: one, Vector: ray(90)})
	for i, v := range [][]float32{ray(0), ray(50)} {
		ms[i].Model, ms[i].Chunks[0].Vector = tall, v
		requireKept(t, s, ms[i])
	}
	require.Equal(t, memory.Embedding{Model: tall, Dimensions: 4, Chunks: 2, Embedded: 2}, embedding(t, s, home))
	require.Equal(t, []string{"one", "two"}, nearestOf(t, s, home, tall, ray(0)))
}

func attachLeavesOutWhatIsGone(t *testing.T, s memory.Store) {
	ms := notes(t, s, home, "stays", "goes", "changes")
	var vectors []memory.Attachment
	for i, u := range unembedded(t, s, home, 9) {
		vectors = append(vectors, memory.Attachment{Ref: u.Ref, Vector: ray(float64(i))})
	}
	require.NoError(t, s.Delete(t.Context(), home, ms[1].ID))
	put(t, s, ms[2])
	for _, unknown := range []memory.Ref{"", "0", "-1", "no such chunk", "99999999999999999999999"} {
		vectors = append(vectors, memory.Attachment{Ref: unknown, Vector: ray(7)})
	}
	attach(t, s, home, tall, vectors...)
	require.Equal(t, []string{"stays"}, nearestOf(t, s, home, tall, ray(0)))
	require.Equal(t, []string{"changes"}, waitingTexts(t, s, home))
	require.Equal(t, memory.Embedding{Model: tall, Dimensions: 4, Chunks: 2, Embedded: 1}, embedding(t, s, home))
}

func attachLeavesOutWhatIsElsewhere(t *testing.T, s memory.Store) {
	add(t, s, other)
	notes(t, s, home, "at home")
	notes(t, s, other, "abroad", "abroad, too")
	ref := refOf(t, s, home, "at home")
	for _, u := range unembedded(t, s, other, 9) {
		if u.Ref != ref { // a ref names a chunk within a store, or within a workspace
			attach(t, s, home, tall, memory.Attachment{Ref: u.Ref, Vector: ray(0)})
		}
	}
	require.Equal(t, []string{"at home"}, waitingTexts(t, s, home))
	require.Equal(t, []string{"abroad", "abroad, too"}, waitingTexts(t, s, other))
	require.Equal(t, memory.Embedding{Chunks: 1}, embedding(t, s, home))
}

func attachToNothing(t *testing.T, s memory.Store) {
	attach(t, s, other, tall, memory.Attachment{Ref: "1", Vector: ray(0)})
	attach(t, s, home, tall, memory.Attachment{Ref: "1", Vector: ray(0)})
	attach(t, s, home, tall)
	require.Zero(t, embedding(t, s, home))
	notes(t, s, home, "comes later")
	attachTo(t, s, home, wide, "comes later", []float32{1})
}

func attachRefusesWhatHasNoCosine(t *testing.T, s memory.Store) {
	notes(t, s, home, "good", "bad")
	good := memory.Attachment{Ref: refOf(t, s, home, "good"), Vector: ray(0)}
	bad := memory.Attachment{Ref: refOf(t, s, home, "bad")}
	vectors := undirected()
	vectors["none"] = nil
	for name, v := range vectors {
		bad.Vector = v
		require.ErrorIs(t, s.Attach(t.Context(), home, tall, []memory.Attachment{good, bad}), memory.ErrInvalid, name)
		require.ErrorIs(t, s.Attach(t.Context(), home, tall, []memory.Attachment{bad}), memory.ErrInvalid, name)
		require.Equal(t, memory.Embedding{Chunks: 2}, embedding(t, s, home), name)
	}
	require.Len(t, waitingTexts(t, s, home), 2)
}

func attachRefusesAnotherLength(t *testing.T, s memory.Store) {
	notes(t, s, home, "first", "second", "third")
	second := memory.Attachment{Ref: refOf(t, s, home, "second"), Vector: ray(10)}
	third := memory.Attachment{Ref: refOf(t, s, home, "third"), Vector: []float32{1, 2}}
	require.ErrorIs(t, s.Attach(t.Context(), home, tall, []memory.Attachment{second, third}), memory.ErrInvalid, "of two lengths")
	require.Len(t, waitingTexts(t, s, home), 3)
	attachTo(t, s, home, tall, "first", ray(0))
	require.ErrorIs(t, s.Attach(t.Context(), home, tall, []memory.Attachment{third}), memory.ErrInvalid)
	require.ErrorIs(t, s.Attach(t.Context(), home, tall, []memory.Attachment{second, third}), memory.ErrInvalid)
	require.Equal(t, []string{"second", "third"}, waitingTexts(t, s, home))
	attach(t, s, home, tall, second)
	require.Equal(t, []string{"first", "second"}, nearestOf(t, s, home, tall, ray(0)))
}

// attachedGoesWithItsMemory: what was deleted is not found at once, and what was
// replaced waits again.
func attachedGoesWithItsMemory(t *testing.T, s memory.Store) {
	ms := degreesApart(t, s, home, 40, 3)
	var left, changed []string
	for i, m := range ms {
		switch i % 4 {
		case 0:
			require.NoError(t, s.Delete(t.Context(), home, m.ID))
			require.NotContains(t, nearestOf(t, s, home, tall, ray(float64(i)*3)), m.Text)
		case 1:
			put(t, s, m)
			require.NotContains(t, nearestOf(t, s, home, tall, ray(float64(i)*3)), m.Text)
			changed = append(changed, m.Text)
		default:
			left = append(left, m.Text)
		}
	}
	require.Equal(t, left, nearestOf(t, s, home, tall, ray(0)))
	require.Equal(t, changed, waitingTexts(t, s, home))
	attachTo(t, s, home, tall, changed[3], ray(0))
	require.Equal(t, append([]string{changed[3]}, left...), nearestOf(t, s, home, tall, ray(0)))
}

func attachedGoesWithItsWorkspace(t *testing.T, s memory.Store) {
	add(t, s, other)
	degreesApart(t, s, other, 9, 3)
	degreesApart(t, s, home, 3, 3)
	require.NoError(t, s.DeleteWorkspace(t.Context(), other))
	require.Empty(t, nearestOf(t, s, other, tall, ray(0)))
	require.Zero(t, embedding(t, s, other))
	add(t, s, other)
	require.Empty(t, nearestOf(t, s, other, tall, ray(0)))
	require.Empty(t, waitingTexts(t, s, other))
	notes(t, s, other, "of another model")
	attachTo(t, s, other, wide, "of another model", []float32{1, 2})
	require.Equal(t, []string{"of another model"}, nearestOf(t, s, other, wide, []float32{1, 2}))
	require.Len(t, nearestOf(t, s, home, tall, ray(0)), 3)
}

func attachedPassesFilters(t *testing.T, s memory.Store) {
	for i, m := range filterable() {
		put(t, s, m)
		attachTo(t, s, home, tall, m.Text, ray(float64(20*i)))
	}
	for name, row := range filters() {
		found, err := s.Nearest(t.Context(), home, memory.VectorQuery{Model: tall, Vector: ray(0), Filter: row.filter}, 9)
		require.NoError(t, err, name)
		texts := textsOf(t, s, home, refsOf(found))
		require.Len(t, texts, len(row.texts()), name)
		if len(texts) > 0 {
			require.Equal(t, row.texts(), texts, name)
		}
	}
}
