package storetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

func waiting() map[string]func(*testing.T, memory.Store) {
	return map[string]func(*testing.T, memory.Store){
		"UnembeddedGivesAtMostN":               unembeddedGivesAtMostN,
		"UnembeddedBearsAnyText":               unembeddedBearsAnyText,
		"UnembeddedRefsNameChunks":             unembeddedRefsNameChunks,
		"UnembeddedInUnknownWorkspace":         unembeddedInUnknownWorkspace,
		"UnembeddedKeepsToItsWorkspace":        unembeddedKeepsToItsWorkspace,
		"UnembeddedWhileTheyAreAttached":       unembeddedWhileAttached,
		"UnembeddedWhileTheNextOneIsForgotten": unembeddedWhileForgotten,
		"UnembeddedWhileOthersPut":             unembeddedWhileOthersPut,
	}
}

func unembeddedGivesAtMostN(t *testing.T, s memory.Store) {
	var texts []string
	for i := range 25 {
		texts = append(texts, fmt.Sprint("waits ", i))
	}
	notes(t, s, home, texts...)
	for _, n := range []int{1, 2, 7, 24, 25, 26, 1000} {
		all := unembedded(t, s, home, n)
		require.Len(t, all, len(texts), "n %d", n)
		for i, u := range all {
			require.Equal(t, texts[i], u.Text, "n %d", n)
		}
	}
	first, next, err := s.Unembedded(t.Context(), home, "", 7)
	require.NoError(t, err)
	require.Len(t, first, 7)
	require.NotEmpty(t, next)
}

func unembeddedBearsAnyText(t *testing.T, s memory.Store) {
	texts := []string{"it's \"quoted\"", "two\nlines", "$1 ?1 {x} \\ %", "Ünïcödé 漢字 🙂", "null", "-- ; DROP"}
	notes(t, s, home, texts...)
	long := note(home, 9, prose(30_000))
	long.Chunks = pieces(long.Text, 700, 50, 0)
	put(t, s, long)
	for _, c := range long.Chunks {
		texts = append(texts, long.Text[c.Start:c.End])
	}
	require.Equal(t, texts, waitingTexts(t, s, home))
}

func unembeddedRefsNameChunks(t *testing.T, s memory.Store) {
	m := note(home, 0, "apples and pears")
	m.Chunks = []memory.Chunk{{Start: 0, End: 6}, {Start: 11, End: 16}}
	put(t, s, m)
	for i, u := range unembedded(t, s, home, 9) {
		passages, err := s.Passages(t.Context(), home, []memory.Ref{u.Ref})
		require.NoError(t, err)
		require.Len(t, passages, 1)
		require.Equal(t, i, passages[0].Index)
		require.Equal(t, u.Text, passages[0].Text)
	}
}

func unembeddedInUnknownWorkspace(t *testing.T, s memory.Store) {
	notes(t, s, home, "elsewhere")
	require.Empty(t, unembedded(t, s, other, 9))
}

func unembeddedKeepsToItsWorkspace(t *testing.T, s memory.Store) {
	add(t, s, other)
	for i := range 9 {
		put(t, s, note([]memory.Workspace{home, other}[i%2], i, fmt.Sprint("waits ", i)))
	}
	require.Equal(t, []string{"waits 0", "waits 2", "waits 4", "waits 6", "waits 8"}, waitingTexts(t, s, home))
	require.Equal(t, []string{"waits 1", "waits 3", "waits 5", "waits 7"}, waitingTexts(t, s, other))
}

// unembeddedWhileAttached goes on from where it was, as the queue does that
// attaches what it is given.
func unembeddedWhileAttached(t *testing.T, s memory.Store) {
	var texts, seen []string
	for i := range 23 {
		texts = append(texts, fmt.Sprint("waits ", i))
	}
	notes(t, s, home, texts...)
	for after := memory.Cursor(""); ; {
		part, next, err := s.Unembedded(t.Context(), home, after, 5)
		require.NoError(t, err)
		var vectors []memory.Attachment
		for _, u := range part {
			seen = append(seen, u.Text)
			vectors = append(vectors, memory.Attachment{Ref: u.Ref, Vector: ray(float64(len(seen)))})
		}
		attach(t, s, home, tall, vectors...)
		if after = next; after == "" {
			break
		}
	}
	require.Equal(t, texts, seen)
	require.Empty(t, waitingTexts(t, s, home))
}

func unembeddedWhileForgotten(t *testing.T, s memory.Store) {
	ms := notes(t, s, home, "first", "second", "third", "fourth")
	_, next, err := s.Unembedded(t.Context(), home, "", 2)
	require.NoError(t, err)
	for _, m := range ms[1:3] { // the last that was seen, and the first that was not
		require.NoError(t, s.Delete(t.Context(), home, m.ID))
	}
	rest, _, err := s.Unembedded(t.Context(), home, next, 2)
	require.NoError(t, err)
	require.Len(t, rest, 1)
	require.Equal(t, "fourth", rest[0].Text)
}

// unembeddedWhileOthersPut sees each of those once that waited when it began.
func unembeddedWhileOthersPut(t *testing.T, s memory.Store) {
	var texts []string
	for i := range 60 {
		texts = append(texts, fmt.Sprint("waits ", i))
	}
	notes(t, s, home, texts...)
	require.NoError(t, together(4, func(caller int) error {
		if caller > 0 {
			for i := range 40 {
				if err := s.Put(t.Context(), note(home, i, fmt.Sprint("meanwhile ", caller, " ", i))); err != nil {
					return err
				}
			}
			return nil
		}
		var seen []string
		for after, done := memory.Cursor(""), false; !done; done = after == "" {
			part, next, err := s.Unembedded(t.Context(), home, after, 3)
			if err != nil {
				return err
			}
			for _, u := range part {
				seen = append(seen, u.Text)
			}
			after = next
		}
		if !slices.Equal(seen[:len(texts)], texts) {
			return fmt.Errorf("saw %q first", seen[:len(texts)])
		}
		return nil
	}))
	require.Len(t, waitingTexts(t, s, home), 60+3*40)
}
