package storetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

func matching() map[string]func(*testing.T, memory.Store) {
	return map[string]func(*testing.T, memory.Store){
		"MatchingTakesAnyTerm":           matchingTakesAnyTerm,
		"MatchingPutsRareTermsFirst":     matchingPutsRareTermsFirst,
		"MatchingPutsMoreTermsFirst":     matchingPutsMoreTermsFirst,
		"MatchingGivesAtMostK":           matchingGivesAtMostK,
		"MatchingNamesEachChunkOnce":     matchingNamesEachChunkOnce,
		"MatchingFindsWhatWasJustPut":    matchingFindsWhatWasJustPut,
		"MatchingWithoutTermsIsEmpty":    matchingWithoutTermsIsEmpty,
		"MatchingInUnknownWorkspace":     matchingInUnknownWorkspace,
		"MatchingBearsHostileTerms":      matchingBearsHostileTerms,
		"MatchingFindsEveryScript":       matchingFindsEveryScript,
		"MatchingFindsTermsOfEveryForm":  matchingFindsTermsOfEveryForm,
		"MatchingKeepsToItsWorkspace":    matchingKeepsToItsWorkspace,
		"MatchingIsNotStarvedByOthers":   matchingIsNotStarvedByOthers,
		"WorkspaceOfSameNameStartsEmpty": workspaceOfSameNameStartsEmpty,
	}
}

func matchingTakesAnyTerm(t *testing.T, s memory.Store) {
	notes(t, s, home, "apples and pears", "pears and plums", "bread and butter")
	require.ElementsMatch(t, []string{"apples and pears", "pears and plums"},
		search(t, s, home, anyOf("apples plums"), 9))
	require.Empty(t, search(t, s, home, anyOf("cheese"), 9))
}

func matchingPutsRareTermsFirst(t *testing.T, s memory.Store) {
	texts := []string{"a walk by the river"}
	for i := range 20 {
		texts = append(texts, fmt.Sprintf("a walk number %d", i))
	}
	notes(t, s, home, texts...)
	found := search(t, s, home, anyOf("river walk"), 30)
	require.Len(t, found, 21)
	require.Equal(t, "a walk by the river", found[0])
}

func matchingPutsMoreTermsFirst(t *testing.T, s memory.Store) {
	notes(t, s, home, "salt with pepper", "salt with sugar", "sugar with pepper and salt", "sugar with flour",
		"flour with yeast", "yeast with water")
	require.Equal(t, "sugar with pepper and salt", search(t, s, home, anyOf("salt pepper sugar"), 9)[0])
}

func matchingGivesAtMostK(t *testing.T, s memory.Store) {
	for i := range 30 {
		put(t, s, note(home, i, fmt.Sprintf("wave %d", i)))
	}
	for _, k := range []int{1, 7, 30, 1000} {
		require.Len(t, refs(t, s, home, anyOf("wave"), k), min(k, 30))
	}
	require.Empty(t, refs(t, s, home, anyOf("wave"), 0))
}

func matchingNamesEachChunkOnce(t *testing.T, s memory.Store) {
	m := note(home, 0, "echo echo, says the echo. echo again")
	m.Chunks = []memory.Chunk{{Start: 0, End: 25}, {Start: 26, End: len(m.Text)}}
	put(t, s, m)
	q := memory.TermQuery{Terms: []string{"echo", "echo", "say", "echo"}}
	require.ElementsMatch(t, []string{"echo echo, says the echo.", "echo again"}, search(t, s, home, q, 9))
}

func matchingFindsWhatWasJustPut(t *testing.T, s memory.Store) {
	for i := range 50 {
		text := fmt.Sprintf("entry unique%dx", i)
		put(t, s, note(home, i, text))
		require.Equal(t, []string{text}, search(t, s, home, memory.TermQuery{Terms: terms(text)[1:2]}, 5))
	}
}

func matchingWithoutTermsIsEmpty(t *testing.T, s memory.Store) {
	notes(t, s, home, "something", "!?")
	require.Empty(t, refs(t, s, home, memory.TermQuery{}, 9))
	require.Empty(t, refs(t, s, home, memory.TermQuery{Terms: []string{""}}, 9))
}

func matchingInUnknownWorkspace(t *testing.T, s memory.Store) {
	notes(t, s, home, "something")
	require.Empty(t, refs(t, s, other, anyOf("something"), 9))
}

func matchingBearsHostileTerms(t *testing.T, s memory.Store) {
	put(t, s, note(home, 0, "an ordinary note"))
	for _, term := range []string{
		`"`, `""`, `"a"`, "'", "''; DROP TABLE memory; --", "AND", "OR", "NOT", "NEAR", "NEAR(a b)", "a*", "^a", "a:b",
		"terms:note", "-a", "+a", "(", ")", "((", "{", "}", "[", "|", "~", "%", "_", "%%", `\`, `\\`, "?", "?1", "$x", "@x", ":x", "#",
		"a,b", "[1,2]", "\u0001", "\u200b", "\ufeff", "\U0010ffff", "\xff\xfe", "\x00", "a\x00b", "1", "-1", "1e9", "null", "true",
		strings.Repeat("x", 100_000), strings.Repeat("(", 5_000),
	} {
		found, err := s.Matching(t.Context(), home, memory.TermQuery{Terms: []string{term, "ordinari"}}, 9)
		require.NoError(t, err, "term %.40q", term)
		require.Len(t, found, 1, "term %.40q", term)
		_, err = s.Frequencies(t.Context(), home, []string{term})
		require.NoError(t, err, "term %.40q", term)
	}
}

func matchingFindsEveryScript(t *testing.T, s memory.Store) {
	texts := []string{"naïve Straße", "вечерний поезд", "自然言語処理", "한국어 문장", "שלום עולם", "مرحبا بالعالم", "ΑΘΗΝΑ νύχτα", "नमस्ते दुनिया"}
	notes(t, s, home, texts...)
	for _, text := range texts {
		require.Equal(t, []string{text}, search(t, s, home, anyOf(text), 9))
	}
}

func matchingFindsTermsOfEveryForm(t *testing.T, s memory.Store) {
	texts := []string{
		"call parseHTTPRequest now", "snake_case_name here", "Marie Curie: radium was found", "see file main.go, line 42",
		"mail to ann@example.org", "version 1.2.3-beta", "don't and won't",
	}
	notes(t, s, home, texts...)
	for _, text := range texts {
		for _, term := range terms(text) {
			require.Contains(t, search(t, s, home, memory.TermQuery{Terms: []string{term}}, 9), text, "term %q", term)
		}
	}
}

func matchingKeepsToItsWorkspace(t *testing.T, s memory.Store) {
	add(t, s, other)
	notes(t, s, home, "a shared word at home")
	notes(t, s, other, "a shared word abroad")
	require.Equal(t, []string{"a shared word at home"}, search(t, s, home, anyOf("shared abroad"), 9))
	require.Equal(t, []string{"a shared word abroad"}, search(t, s, other, anyOf("shared home"), 9))
}

func matchingIsNotStarvedByOthers(t *testing.T, s memory.Store) {
	add(t, s, other)
	for i := range 300 {
		put(t, s, note(other, i, "crowd crowd crowd"))
	}
	notes(t, s, home, "one in the crowd, and by far the longest of all the texts in here")
	require.Len(t, refs(t, s, home, anyOf("crowd"), 5), 1)
}

func workspaceOfSameNameStartsEmpty(t *testing.T, s memory.Store) {
	add(t, s, other)
	m := notes(t, s, other, "left behind")[0]
	old := refs(t, s, other, anyOf("behind"), 9)
	require.NoError(t, s.DeleteWorkspace(t.Context(), other))
	add(t, s, other)
	require.Empty(t, refs(t, s, other, anyOf("behind"), 9))
	require.Zero(t, counts(t, s, other))
	_, err := s.Get(t.Context(), other, m.ID)
	require.ErrorIs(t, err, memory.ErrNotFound)
	passages, err := s.Passages(t.Context(), other, old)
	require.NoError(t, err)
	require.Empty(t, passages)
	put(t, s, m)
	found := refs(t, s, other, anyOf("behind"), 9)
	require.Len(t, found, 1)
	require.NotContains(t, old, found[0], "refs are never used again")
}
