package falkor

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

func TestUnembeddedGoesThroughAllInOrder(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	var want []string
	for i, chunks := range []int{1, 7, 0, 3, 1, 12} {
		m := piecesOf(chunks)
		m.Text = strings.ReplaceAll(m.Text, "words", fmt.Sprintf("wrd%02d", i))
		for _, c := range m.Chunks {
			want = append(want, m.Text[c.Start:c.End])
		}
		require.NoError(t, s.Put(t.Context(), m))
	}
	for n := 1; n < 30; n++ {
		var texts []string
		for _, c := range waiting(t, s, "default", n) {
			texts = append(texts, c.Text)
		}
		require.Equal(t, want, texts, "pages of %d", n)
	}
	_, _, err := s.Unembedded(t.Context(), "default", "x", 9)
	require.ErrorIs(t, err, memory.ErrInvalid)
}

// A page may end with a memory of which nothing waits when the next is asked
// for.
func TestUnembeddedGoesOnBehindWhatWasAttachedMeanwhile(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	random := rand.New(rand.NewPCG(7, 8))
	for range 20 {
		require.NoError(t, s.Put(t.Context(), piecesOf(3)))
	}
	for _, n := range []int{1, 2, 3, 4, 5} {
		seen := 0
		for cursor := memory.Cursor(""); ; {
			page, next, err := s.Unembedded(t.Context(), "default", cursor, n)
			require.NoError(t, err)
			require.NoError(t, s.Attach(t.Context(), "default", "m", vectorsFor(random, page, 4)))
			seen += len(page)
			if cursor = next; next == "" {
				break
			}
		}
		require.Equal(t, 60, seen, "pages of %d", n)
		requireSound(t, s, s.graph)
		require.NoError(t, s.Detach(t.Context(), "default"))
	}
}
