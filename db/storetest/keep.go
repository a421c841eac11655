package storetest

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

func keeping() map[string]func(*testing.T, memory.Store) {
	return map[string]func(*testing.T, memory.Store){
		"PutKeepsEverything":             putKeepsEverything,
		"PutKeepsBareMemory":             putKeepsBareMemory,
		"PutKeepsControlCharacters":      putKeepsControlCharacters,
		"PutKeepsLongText":               putKeepsLongText,
		"PutKeepsWhatLiesBetweenChunks":  putKeepsWhatLiesBetweenChunks,
		"PutKeepsTextWithoutChunks":      putKeepsTextWithoutChunks,
		"PutKeepsTimesToTheMicrosecond":  putKeepsTimesToTheMicrosecond,
		"PutTwiceKeepsOne":               putTwiceKeepsOne,
		"PutReplaces":                    putReplaces,
		"PutKeepsPlaceWhenReplacing":     putKeepsPlaceWhenReplacing,
		"PutRefusesIDOfAnotherWorkspace": putRefusesIDOfAnotherWorkspace,
		"PutRefusesUnknownWorkspace":     putRefusesUnknownWorkspace,
		"PutRefusesChunksOutsideTheText": putRefusesChunksOutsideTheText,
		"PutRefusedChangesNothing":       putRefusedChangesNothing,
		"GetKnowsWhatIsNotThere":         getKnowsWhatIsNotThere,
		"SizeGrowsWithWhatIsKept":        sizeGrows,
		"PingAnswers":                    pingAnswers,
	}
}

func putKeepsEverything(t *testing.T, s memory.Store) {
	text := "Grüße — привет, 世界! \"quoted\" 'single' \\ %_ \t\r\n👩‍👩‍👧 end"
	m := memory.Memory{
		ID: memory.NewID(), Workspace: home, Text: text,
		Metadata:  []byte(`{"z": 1,  "a":"\u00e9 é","tags":["x"], "n": 1.0e3}`),
		Tags:      []string{"x", "with, comma", `quote " and \ slash`, "日本", "<&>", "two\nlines", ""},
		Source:    "mail from O'Brien",
		CreatedAt: at(5), ValidFrom: at(1),
		Chunks: []memory.Chunk{{Start: 0, End: len("Grüße — привет")}, {Start: len("Grüße — "), End: len(text)}},
	}
	put(t, s, m)
	got, err := s.Get(t.Context(), home, m.ID)
	require.NoError(t, err)
	requireMemory(t, m, got)
}

func putKeepsBareMemory(t *testing.T, s memory.Store) {
	m := note(home, 0, "nothing else")
	put(t, s, m)
	got, err := s.Get(t.Context(), home, m.ID)
	require.NoError(t, err)
	requireMemory(t, m, got)
}

// putKeepsControlCharacters: they are valid UTF-8, and some end a text early.
func putKeepsControlCharacters(t *testing.T, s memory.Store) {
	const hostile = "\x00 \x01\x1b\x7f\u0085\u2028\ufeff\ufffd\uffff\U0010ffff"
	m := note(home, 0, "before"+hostile+" after")
	m.Tags, m.Source = []string{"tag" + hostile}, "source"+hostile
	put(t, s, m)
	got, err := s.Get(t.Context(), home, m.ID)
	require.NoError(t, err)
	requireMemory(t, m, got)
	q := anyOf("after")
	q.Filter = memory.Filter{Tags: m.Tags, Source: m.Source}
	require.Equal(t, []string{m.Text}, search(t, s, home, q, 9))
}

func putKeepsLongText(t *testing.T, s memory.Store) {
	m := note(home, 0, prose(1<<20))
	m.Chunks = pieces(m.Text, 400, 50, 0)
	put(t, s, m)
	got, err := s.Get(t.Context(), home, m.ID)
	require.NoError(t, err)
	requireMemory(t, m, got)
	require.Equal(t, memory.Counts{Memories: 1, Chunks: len(m.Chunks), Oldest: at(0), Newest: at(0)}, counts(t, s, home))
	require.NotEmpty(t, search(t, s, home, anyOf("word20000"), 3), "its last part is found")
}

func putKeepsWhatLiesBetweenChunks(t *testing.T, s memory.Store) {
	m := note(home, 0, "   head one   two\n\n\nthree tail   ")
	m.Chunks = []memory.Chunk{{Start: 8, End: 11}, {Start: 14, End: 17}, {Start: 20, End: 25}}
	put(t, s, m)
	got, err := s.Get(t.Context(), home, m.ID)
	require.NoError(t, err)
	requireMemory(t, m, got)
	require.ElementsMatch(t, []string{"one", "two", "three"}, search(t, s, home, anyOf("one two three"), 9))
	require.Empty(t, search(t, s, home, anyOf("head tail"), 9), "only chunks are found")
}

func putKeepsTextWithoutChunks(t *testing.T, s memory.Store) {
	m := note(home, 0, "not to be found")
	m.Chunks = nil
	put(t, s, m)
	got, err := s.Get(t.Context(), home, m.ID)
	require.NoError(t, err)
	requireMemory(t, m, got)
}

func putKeepsTimesToTheMicrosecond(t *testing.T, s memory.Store) {
	m := note(home, 0, "old")
	m.ValidFrom = time.Date(1848, 2, 21, 23, 59, 59, 999_999_000, time.UTC)
	m.CreatedAt = time.Date(2031, 1, 1, 0, 0, 0, 1_000, time.UTC)
	put(t, s, m)
	got, err := s.Get(t.Context(), home, m.ID)
	require.NoError(t, err)
	requireMemory(t, m, got)
}

func putTwiceKeepsOne(t *testing.T, s memory.Store) {
	m := note(home, 0, "said twice")
	put(t, s, m)
	put(t, s, m)
	require.Equal(t, memory.Counts{Memories: 1, Chunks: 1, Oldest: at(0), Newest: at(0)}, counts(t, s, home))
	require.Equal(t, []string{"said twice"}, search(t, s, home, anyOf("twice"), 9))
}

func putReplaces(t *testing.T, s memory.Store) {
	m := note(home, 0, "the harbour is closed. ships wait outside")
	m.Chunks = []memory.Chunk{{Start: 0, End: 22}, {Start: 23, End: len(m.Text)}}
	m.Tags, m.Source, m.Metadata = []string{"before"}, "log", []byte(`{"a":1}`)
	put(t, s, m)
	old := refs(t, s, home, anyOf("harbour ships"), 9)
	require.Len(t, old, 2)

	now := note(home, 7, "the gate is open")
	now.ID = m.ID
	put(t, s, now)
	got, err := s.Get(t.Context(), home, m.ID)
	require.NoError(t, err)
	requireMemory(t, now, got)
	require.Empty(t, refs(t, s, home, anyOf("harbour ships"), 9), "the old terms are gone")
	require.Equal(t, []string{"the gate is open"}, search(t, s, home, anyOf("gate"), 9))
	gone, err := s.Passages(t.Context(), home, old)
	require.NoError(t, err)
	require.Empty(t, gone, "the old refs name nothing")
	require.Equal(t, memory.Counts{Memories: 1, Chunks: 1, Oldest: at(7), Newest: at(7)}, counts(t, s, home))
}

func putKeepsPlaceWhenReplacing(t *testing.T, s memory.Store) {
	first, second := note(home, 0, "first"), note(home, 0, "second")
	put(t, s, first)
	put(t, s, second)
	first.Text = "First"
	put(t, s, first)
	near, err := s.Around(t.Context(), home, []memory.ID{first.ID}, 1)
	require.NoError(t, err)
	require.Len(t, near, 1)
	require.Equal(t, second.ID, near[0].Memory)
	require.Equal(t, 1, near[0].Offset, "it was still recorded before the other")
	passages, err := s.Passages(t.Context(), home, refs(t, s, home, anyOf("first second"), 9))
	require.NoError(t, err)
	require.Len(t, passages, 2)
	slices.SortFunc(passages, func(a, b memory.Passage) int { return cmp.Compare(a.Order, b.Order) })
	require.Equal(t, first.ID, passages[0].Memory)
}

func putRefusesIDOfAnotherWorkspace(t *testing.T, s memory.Store) {
	add(t, s, other)
	m := note(home, 0, "here")
	put(t, s, m)
	moved := note(other, 0, "there")
	moved.ID = m.ID
	require.ErrorIs(t, s.Put(t.Context(), moved), memory.ErrConflict)
	got, err := s.Get(t.Context(), home, m.ID)
	require.NoError(t, err)
	requireMemory(t, m, got)
	require.Zero(t, counts(t, s, other))
}

func putRefusesUnknownWorkspace(t *testing.T, s memory.Store) {
	m := note(other, 0, "nowhere")
	require.ErrorIs(t, s.Put(t.Context(), m), memory.ErrNoWorkspace)
	_, err := s.Get(t.Context(), other, m.ID)
	require.ErrorIs(t, err, memory.ErrNotFound)
}

func putRefusesChunksOutsideTheText(t *testing.T, s memory.Store) {
	for name, chunks := range map[string][]memory.Chunk{
		"after the end":    {{Start: 0, End: 6}},
		"before the start": {{Start: -1, End: 2}},
		"end before start": {{Start: 3, End: 2}},
		"far off":          {{Start: 0, End: 2}, {Start: 9, End: 12}},
		"out of order":     {{Start: 2, End: 5}, {Start: 0, End: 2}},
	} {
		m := note(home, 0, "12345")
		m.Chunks = chunks
		require.ErrorIs(t, s.Put(t.Context(), m), memory.ErrInvalid, name)
	}
	require.Zero(t, counts(t, s, home))
}

func putRefusedChangesNothing(t *testing.T, s memory.Store) {
	m := notes(t, s, home, "the old text")[0]
	bad := note(home, 1, "new")
	bad.ID, bad.Chunks = m.ID, []memory.Chunk{{Start: 0, End: 3}, {Start: 3, End: 4}}
	require.ErrorIs(t, s.Put(t.Context(), bad), memory.ErrInvalid)
	got, err := s.Get(t.Context(), home, m.ID)
	require.NoError(t, err)
	requireMemory(t, m, got)
	require.Equal(t, []string{"the old text"}, search(t, s, home, anyOf("old new"), 9))
}

func getKnowsWhatIsNotThere(t *testing.T, s memory.Store) {
	add(t, s, other)
	m := note(home, 0, "here")
	put(t, s, m)
	for name, ask := range map[string]struct {
		w  memory.Workspace
		id memory.ID
	}{
		"unknown id":        {home, memory.NewID()},
		"another workspace": {other, m.ID},
		"unknown workspace": {third, m.ID},
	} {
		_, err := s.Get(t.Context(), ask.w, ask.id)
		require.ErrorIs(t, err, memory.ErrNotFound, name)
	}
}

func sizeGrows(t *testing.T, s memory.Store) {
	before, err := s.Size(t.Context())
	require.NoError(t, err)
	m := note(home, 0, prose(1<<20))
	m.Chunks = pieces(m.Text, 400, 0, 0)
	put(t, s, m)
	after, err := s.Size(t.Context())
	require.NoError(t, err)
	require.Greater(t, after, before+1<<20)
}

func pingAnswers(t *testing.T, s memory.Store) {
	require.NoError(t, s.Ping(t.Context()))
}
