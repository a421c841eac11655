package storetest

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

// The models that checks use.
const (
	tall = "tall-model"
	wide = "wide-model"
)

// unembedded goes through all chunks of w that wait, n at a time.
func unembedded(t *testing.T, s memory.Store, w memory.Workspace, n int) []memory.Unembedded {
	t.Helper()
	var all []memory.Unembedded
	for after := memory.Cursor(""); ; {
		part, next, err := s.Unembedded(t.Context(), w, after, n)
		require.NoError(t, err)
		require.LessOrEqual(t, len(part), n)
		all = append(all, part...)
		if after = next; after == "" {
			return all
		}
	}
}

// waitingTexts are those of the chunks of w that wait, the oldest first.
func waitingTexts(t *testing.T, s memory.Store, w memory.Workspace) []string {
	t.Helper()
	var texts []string
	for _, u := range unembedded(t, s, w, 100) {
		texts = append(texts, u.Text)
	}
	return texts
}

// refOf is the ref of the one chunk of w with this text that waits.
func refOf(t *testing.T, s memory.Store, w memory.Workspace, text string) memory.Ref {
	t.Helper()
	found := slices.DeleteFunc(unembedded(t, s, w, 100), func(u memory.Unembedded) bool { return u.Text != text })
	require.Len(t, found, 1, "chunks %q that wait", text)
	return found[0].Ref
}

func attach(t *testing.T, s memory.Store, w memory.Workspace, model string, vectors ...memory.Attachment) {
	t.Helper()
	require.NoError(t, s.Attach(t.Context(), w, model, vectors))
}

// attachTo gives the chunk of w with this text a vector.
func attachTo(t *testing.T, s memory.Store, w memory.Workspace, model, text string, vector []float32) {
	t.Helper()
	attach(t, s, w, model, memory.Attachment{Ref: refOf(t, s, w, text), Vector: vector})
}

func embedding(t *testing.T, s memory.Store, w memory.Workspace) memory.Embedding {
	t.Helper()
	e, err := s.Embedding(t.Context(), w)
	require.NoError(t, err)
	return e
}

// nearestOf returns the texts of the chunks whose vectors of a model are nearest
// to v.
func nearestOf(t *testing.T, s memory.Store, w memory.Workspace, model string, v []float32) []string {
	t.Helper()
	found, err := s.Nearest(t.Context(), w, memory.VectorQuery{Model: model, Vector: v}, 99)
	require.NoError(t, err)
	return textsOf(t, s, w, refsOf(found))
}

// meaningCalls makes each call of memory.Meaning on a chunk that waits.
func meaningCalls(s memory.Store, ref memory.Ref) map[string]func(context.Context) error {
	q := memory.VectorQuery{Model: tall, Vector: ray(0)}
	return map[string]func(context.Context) error{
		"Nearest":    func(ctx context.Context) error { _, err := s.Nearest(ctx, home, q, 9); return err },
		"Similar":    func(ctx context.Context) error { _, err := s.Similar(ctx, home, q, []memory.Ref{ref}); return err },
		"Embedding":  func(ctx context.Context) error { _, err := s.Embedding(ctx, home); return err },
		"Unembedded": func(ctx context.Context) error { _, _, err := s.Unembedded(ctx, home, "", 9); return err },
		"Attach": func(ctx context.Context) error {
			return s.Attach(ctx, home, tall, []memory.Attachment{{Ref: ref, Vector: ray(0)}})
		},
		"Detach": func(ctx context.Context) error { return s.Detach(ctx, home) },
	}
}

// models has the checks of which model vectors are of.
func models() map[string]func(*testing.T, memory.Store) {
	return map[string]func(*testing.T, memory.Store){
		"GetNamesTheModelOfVectors":              getNamesTheModel,
		"ModelWithoutVectorsIsNotKept":           modelWithoutVectorsIsNotKept,
		"PutRefusesAnotherModel":                 putRefusesAnotherModel,
		"PutOfAnotherModelInPlaceOfTheLast":      putOfAnotherModelInPlaceOfTheLast,
		"AttachRefusesAnotherModel":              attachRefusesAnotherModel,
		"NearestOfAnotherModelFindsNone":         nearestOfAnotherModelFindsNone,
		"EachWorkspaceHasAModelOfItsOwn":         eachWorkspaceHasAModelOfItsOwn,
		"ModelIsFreeOnceVectorsAreGone":          modelIsFreeOnceVectorsAreGone,
		"CopiedMemoryKeepsItsVectorsAndModel":    copiedMemoryKeepsItsVectors,
		"CopiedMemoryInPartEmbeddedWaitsInPart":  copiedMemoryWaitsInPart,
		"EmbeddingOfUnknownWorkspaceIsZero":      embeddingOfUnknownWorkspaceIsZero,
		"EmbeddingCountsThroughAllThatIsChanged": embeddingCounts,
	}
}

func getNamesTheModel(t *testing.T, s memory.Store) {
	m := pointing(home, 0, "put with its vector", ray(10))
	m.Model = tall
	put(t, s, m)
	requireKept(t, s, m)
	late := note(home, 1, "embedded later")
	put(t, s, late)
	requireKept(t, s, late)
	attachTo(t, s, home, tall, late.Text, ray(20))
	late.Model, late.Chunks[0].Vector = tall, ray(20)
	requireKept(t, s, late)
	require.Equal(t, memory.Embedding{Model: tall, Dimensions: 4, Chunks: 2, Embedded: 2}, embedding(t, s, home))
}

func modelWithoutVectorsIsNotKept(t *testing.T, s memory.Store) {
	m := note(home, 0, "only said to have one")
	m.Model = tall
	put(t, s, m)
	m.Model = ""
	requireKept(t, s, m)
	require.Equal(t, memory.Embedding{Chunks: 1}, embedding(t, s, home))
	attachTo(t, s, home, wide, m.Text, ray(0))
}

func putRefusesAnotherModel(t *testing.T, s memory.Store) {
	m := pointing(home, 0, "the old text", ray(0))
	stays := pointing(home, 1, "stays", ray(10))
	m.Model, stays.Model = tall, tall
	put(t, s, m)
	put(t, s, stays)
	for name, v := range map[string][]float32{"as long": ray(20), "longer": {1, 0, 0, 0, 0}} {
		bad := pointing(home, 2, "the new text", v)
		bad.Model = wide
		require.ErrorIs(t, s.Put(t.Context(), bad), memory.ErrConflict, name)
		_, err := s.Get(t.Context(), home, bad.ID)
		require.ErrorIs(t, err, memory.ErrNotFound, name)
		bad.ID = m.ID
		require.ErrorIs(t, s.Put(t.Context(), bad), memory.ErrConflict, "%s, in place of another", name)
	}
	requireKept(t, s, m)
	require.Equal(t, []string{m.Text, stays.Text}, nearestOf(t, s, home, tall, ray(0)))
	without := note(home, 3, "has no vector of any model")
	put(t, s, without)
	require.Equal(t, memory.Embedding{Model: tall, Dimensions: 4, Chunks: 3, Embedded: 2}, embedding(t, s, home))
}

func putOfAnotherModelInPlaceOfTheLast(t *testing.T, s memory.Store) {
	m := pointing(home, 0, "changing", ray(0))
	m.Model = tall
	put(t, s, m)
	m.Model, m.Chunks[0].Vector = wide, []float32{1, 2, 3}
	put(t, s, m)
	requireKept(t, s, m)
	require.Equal(t, []string{m.Text}, nearestOf(t, s, home, wide, []float32{1, 2, 2}))
	require.Empty(t, nearestOf(t, s, home, tall, ray(0)))
}

func attachRefusesAnotherModel(t *testing.T, s memory.Store) {
	notes(t, s, home, "first", "second")
	attachTo(t, s, home, tall, "first", ray(0))
	second := memory.Attachment{Ref: refOf(t, s, home, "second"), Vector: ray(10)}
	require.ErrorIs(t, s.Attach(t.Context(), home, wide, []memory.Attachment{second}), memory.ErrConflict)
	second.Vector = []float32{1, 2}
	require.ErrorIs(t, s.Attach(t.Context(), home, wide, []memory.Attachment{second}), memory.ErrConflict)
	require.Equal(t, []string{"second"}, waitingTexts(t, s, home))
	require.Equal(t, memory.Embedding{Model: tall, Dimensions: 4, Chunks: 2, Embedded: 1}, embedding(t, s, home))
}

// nearestOfAnotherModelFindsNone, however long its vectors are: models that
// differ in that are to be changed without a search that fails.
func nearestOfAnotherModelFindsNone(t *testing.T, s memory.Store) {
	notes(t, s, home, "only one")
	attachTo(t, s, home, tall, "only one", ray(0))
	for _, model := range []string{wide, ""} {
		for _, v := range [][]float32{ray(0), {1, 0}} {
			require.Empty(t, nearestOf(t, s, home, model, v))
		}
	}
	require.Equal(t, []string{"only one"}, nearestOf(t, s, home, tall, ray(0)))
	_, err := s.Nearest(t.Context(), home, memory.VectorQuery{Model: tall, Vector: []float32{1, 0}}, 9)
	require.ErrorIs(t, err, memory.ErrInvalid)
}

func eachWorkspaceHasAModelOfItsOwn(t *testing.T, s memory.Store) {
	add(t, s, other)
	notes(t, s, home, "at home")
	notes(t, s, other, "abroad")
	attachTo(t, s, home, tall, "at home", ray(0))
	attachTo(t, s, other, wide, "abroad", []float32{0, 1})
	require.Equal(t, []string{"at home"}, nearestOf(t, s, home, tall, ray(0)))
	require.Equal(t, []string{"abroad"}, nearestOf(t, s, other, wide, []float32{1, 1}))
	require.Empty(t, nearestOf(t, s, other, tall, ray(0)))
	require.Equal(t, memory.Embedding{Model: wide, Dimensions: 2, Chunks: 1, Embedded: 1}, embedding(t, s, other))
}

// modelIsFreeOnceVectorsAreGone in each way in which they go.
func modelIsFreeOnceVectorsAreGone(t *testing.T, s memory.Store) {
	ways := map[string]func(memory.Memory) error{
		"deleted": func(m memory.Memory) error { return s.Delete(t.Context(), home, m.ID) },
		"replaced": func(m memory.Memory) error {
			m.Chunks = []memory.Chunk{{Start: 0, End: 4}}
			return s.Put(t.Context(), m)
		},
		"detached": func(memory.Memory) error { return s.Detach(t.Context(), home) },
		"cleared":  func(memory.Memory) error { return s.Clear(t.Context()) },
	}
	for _, name := range slices.Sorted(maps.Keys(ways)) {
		m := pointing(home, 0, "soon without", ray(0))
		m.Model = tall
		put(t, s, m)
		require.NoError(t, ways[name](m), name)
		require.Zero(t, embedding(t, s, home).Embedded, name)
		require.Empty(t, embedding(t, s, home).Model, name)
		require.Zero(t, embedding(t, s, home).Dimensions, name)
		another := pointing(home, 1, "of another model", []float32{1, 2})
		another.Model = wide
		put(t, s, another)
		require.Equal(t, []string{another.Text}, nearestOf(t, s, home, wide, []float32{1, 1}), name)
		require.NoError(t, s.Clear(t.Context()))
	}
}

func copiedMemoryKeepsItsVectors(t *testing.T, s memory.Store) {
	add(t, s, other)
	m := pointing(home, 0, "goes along", ray(30))
	m.Model = tall
	put(t, s, m)
	got, err := s.Get(t.Context(), home, m.ID)
	require.NoError(t, err)
	got.ID, got.Workspace = memory.NewID(), other
	put(t, s, got)
	requireKept(t, s, got)
	require.Equal(t, embedding(t, s, home), embedding(t, s, other))
	require.Equal(t, []string{m.Text}, nearestOf(t, s, other, tall, ray(0)))
	require.Empty(t, waitingTexts(t, s, other))
}

func copiedMemoryWaitsInPart(t *testing.T, s memory.Store) {
	add(t, s, other)
	m := note(home, 0, "one two three")
	m.Chunks = []memory.Chunk{{Start: 0, End: 3}, {Start: 4, End: 7, Vector: ray(5)}, {Start: 8, End: 13}}
	m.Model = tall
	put(t, s, m)
	got, err := s.Get(t.Context(), home, m.ID)
	require.NoError(t, err)
	got.ID, got.Workspace = memory.NewID(), other
	put(t, s, got)
	requireKept(t, s, got)
	require.Equal(t, []string{"one", "three"}, waitingTexts(t, s, other))
	require.Equal(t, memory.Embedding{Model: tall, Dimensions: 4, Chunks: 3, Embedded: 1}, embedding(t, s, other))
}

func embeddingOfUnknownWorkspaceIsZero(t *testing.T, s memory.Store) {
	require.Zero(t, embedding(t, s, other))
	require.Zero(t, embedding(t, s, home))
}

func embeddingCounts(t *testing.T, s memory.Store) {
	add(t, s, other)
	ms := notes(t, s, home, "first", "second", "third")
	want := func(chunks, embedded int) {
		t.Helper()
		e := memory.Embedding{Chunks: chunks, Embedded: embedded}
		if embedded > 0 {
			e.Model, e.Dimensions = tall, 4
		}
		require.Equal(t, e, embedding(t, s, home))
		require.Len(t, waitingTexts(t, s, home), chunks-embedded)
	}
	want(3, 0)
	attachTo(t, s, home, tall, "first", ray(0))
	attachTo(t, s, home, tall, "second", ray(10))
	want(3, 2)
	put(t, s, ms[1])
	want(3, 1)
	require.NoError(t, s.Delete(t.Context(), home, ms[2].ID))
	want(2, 1)
	require.NoError(t, s.Delete(t.Context(), home, ms[0].ID))
	want(1, 0)
	require.Zero(t, embedding(t, s, other))
}
