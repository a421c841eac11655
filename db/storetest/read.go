package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

func reading() map[string]func(*testing.T, memory.Store) {
	return map[string]func(*testing.T, memory.Store){
		"PassagesTellAll":               passagesTellAll,
		"PassagesLeaveOutWhatIsGone":    passagesLeaveOutWhatIsGone,
		"PassagesComeOnceEach":          passagesComeOnceEach,
		"PassagesKeepToTheWorkspace":    passagesKeepToTheWorkspace,
		"PassagesOfManyRefs":            passagesOfManyRefs,
		"PassagesOrderFollowsRecording": passagesOrderFollowsRecording,
	}
}

func passagesTellAll(t *testing.T, s memory.Store) {
	m := note(home, 2, "zero is here. one is there. two is nowhere")
	m.Chunks = []memory.Chunk{{Start: 0, End: 13}, {Start: 11, End: 27}, {Start: 28, End: len(m.Text)}}
	m.Tags, m.Source, m.CreatedAt = []string{"a", "b"}, "src", at(9)
	put(t, s, m)
	found := refs(t, s, home, anyOf("zero one two"), 9)
	require.Len(t, found, 3)
	passages, err := s.Passages(t.Context(), home, found)
	require.NoError(t, err)
	require.Len(t, passages, 3)
	byIndex := make(map[int]memory.Passage)
	for _, p := range passages {
		require.Contains(t, found, p.Ref)
		require.True(t, p.CreatedAt.Equal(at(9)))
		require.True(t, p.ValidFrom.Equal(at(2)))
		p.Ref, p.Order, p.CreatedAt, p.ValidFrom = "", 0, at(9), at(2)
		byIndex[p.Index] = p
	}
	for i, c := range m.Chunks {
		require.Equal(t, memory.Passage{
			Memory: m.ID, Index: i, Chunks: 3, Text: m.Text[c.Start:c.End],
			CreatedAt: at(9), ValidFrom: at(2), Tags: m.Tags, Source: "src",
		}, byIndex[i])
	}
}

func passagesLeaveOutWhatIsGone(t *testing.T, s memory.Store) {
	ms := notes(t, s, home, "kept word", "deleted word", "replaced word")
	found := refs(t, s, home, anyOf("word"), 9)
	require.Len(t, found, 3)
	require.NoError(t, s.Delete(t.Context(), home, ms[1].ID))
	put(t, s, ms[2])
	nonsense := []memory.Ref{
		"", "0", "-1", "nonsense", "99999999999999999999", "9223372036854775807", " 1", "1.5",
		"'", `"`, `\`, "\x00", "\xff", "{}", "a:b", memory.Ref(ms[0].ID), memory.Ref(strings.Repeat("9", 10_000)),
	}
	passages, err := s.Passages(t.Context(), home, slices.Concat(found, nonsense))
	require.NoError(t, err)
	require.Len(t, passages, 1)
	require.Equal(t, "kept word", passages[0].Text)
}

func passagesComeOnceEach(t *testing.T, s memory.Store) {
	notes(t, s, home, "once")
	found := refs(t, s, home, anyOf("once"), 9)
	passages, err := s.Passages(t.Context(), home, append(found, found...))
	require.NoError(t, err)
	require.Len(t, passages, 1)
	passages, err = s.Passages(t.Context(), home, nil)
	require.NoError(t, err)
	require.Empty(t, passages)
}

func passagesKeepToTheWorkspace(t *testing.T, s memory.Store) {
	add(t, s, other)
	notes(t, s, home, "secret")
	notes(t, s, other, "public") // a ref that only counts from the start of its workspace would name this
	found := refs(t, s, home, anyOf("secret"), 9)
	require.Len(t, found, 1)
	for _, w := range []memory.Workspace{other, third} {
		passages, err := s.Passages(t.Context(), w, found)
		require.NoError(t, err)
		require.Empty(t, passages)
	}
}

func passagesOfManyRefs(t *testing.T, s memory.Store) {
	m := note(home, 0, prose(200_000))
	m.Chunks = pieces(m.Text, 50, 0, 10)
	put(t, s, m)
	found := refs(t, s, home, anyOf("sentence number says something else"), 10_000)
	require.Greater(t, len(found), 2000)
	passages, err := s.Passages(t.Context(), home, found)
	require.NoError(t, err)
	require.Len(t, passages, len(found))
	for _, p := range passages {
		c := m.Chunks[p.Index]
		require.Equal(t, m.Text[c.Start:c.End], p.Text)
	}
}

func passagesOrderFollowsRecording(t *testing.T, s memory.Store) {
	for i := range 12 {
		m := note(home, 0, fmt.Sprintf("same moment m%dx", i))
		put(t, s, m)
	}
	passages, err := s.Passages(t.Context(), home, refs(t, s, home, anyOf("moment"), 99))
	require.NoError(t, err)
	order := make(map[string]int64)
	for _, p := range passages {
		order[p.Text] = p.Order
	}
	require.Len(t, order, 12)
	for i := range 11 {
		require.Less(t, order[fmt.Sprintf("same moment m%dx", i)], order[fmt.Sprintf("same moment m%dx", i+1)])
	}
}
