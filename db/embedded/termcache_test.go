package embedded

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

func TestAddedChunksAreCountedIn(t *testing.T) {
	t.Parallel()
	var c termCache
	before := index{prefix: "1:", chunks: 2, state: 2}
	after := index{prefix: "1:", chunks: 3, state: 9}
	c.keep(before, map[string]knownTerm{
		"places": {with: 1, places: ranking{{1, 1}}}, "count": {with: 600}, "nowhere": {},
	})
	known, err := c.look(after, []string{"places", "count", "nowhere", "unknown"}, func(since int64) ([]newChunk, error) {
		require.Equal(t, int64(2), since)
		return []newChunk{{num: 9, terms: []string{"places", "nowhere", "places", "count", "unknown"}}}, nil
	})
	require.NoError(t, err)
	require.Equal(t, map[string]knownTerm{
		"places": {with: 2, places: ranking{{1, 1}, {9, saturate(2)}}}, "count": {with: 601},
		"nowhere": {with: 1, places: ranking{{9, saturate(1)}}},
	}, known)
	again, err := c.look(after, []string{"places"}, func(int64) ([]newChunk, error) { return nil, errors.New("asked twice") })
	require.NoError(t, err)
	require.Len(t, again, 1)
}

func TestWhatCannotBeCountedInIsForgotten(t *testing.T) {
	t.Parallel()
	many := make([]newChunk, mostNew+1)
	for name, row := range map[string]struct {
		now   index
		added []newChunk
	}{
		"a chunk is gone":       {index{prefix: "1:", chunks: 1, state: 2}, nil},
		"a chunk was replaced":  {index{prefix: "1:", chunks: 2, state: 3}, []newChunk{{num: 3}}},
		"too many were added":   {index{prefix: "1:", chunks: 2 + mostNew + 1, state: 900}, many},
		"too many elsewhere":    {index{prefix: "1:", chunks: 2, state: 2 + mostPassed + 1}, nil},
		"another workspace":     {index{prefix: "2:", chunks: 2, state: 2}, nil},
		"a state that is older": {index{prefix: "1:", chunks: 1, state: 1}, nil},
	} {
		var c termCache
		c.keep(index{prefix: "1:", chunks: 2, state: 2}, map[string]knownTerm{"a": {with: 1, places: ranking{{1, 1}}}})
		known, err := c.look(row.now, []string{"a"}, func(int64) ([]newChunk, error) { return row.added, nil })
		require.NoError(t, err, name)
		require.Empty(t, known, name)
	}
}

func TestTermCacheIsBounded(t *testing.T) {
	t.Parallel()
	var c termCache
	for i := range 9 {
		x := index{prefix: prefix(int64(i % 2))}
		c.keep(x, map[string]knownTerm{fmt.Sprint(i): {places: make(ranking, cachedPlaces/3)}})
		require.LessOrEqual(t, c.held, cachedPlaces)
		held := 0
		for _, of := range c.workspaces {
			for term := range of.terms {
				held += of.room(term)
			}
		}
		require.Equal(t, held, c.held)
	}
}

// One store searches all along while another changes the file; a third that
// remembers nothing says what is right.
func TestWhatIsRememberedIsWhatTheIndexSays(t *testing.T) {
	t.Parallel()
	c := configFor(filepath.Join(t.TempDir(), "zapomni.db"))
	searching, changing, fresh := openAt(t, c), openAt(t, c), openAt(t, c)
	require.NoError(t, changing.AddWorkspace(t.Context(), memory.WorkspaceInfo{ID: "other", Name: "Other", CreatedAt: firstTime}))
	text, random := newCorpus(7), rand.New(rand.NewPCG(7, 7))
	var kept []memory.ID
	put := func(id memory.ID, w memory.Workspace) {
		m := text.memory()
		m.ID, m.Workspace = id, w
		require.NoError(t, changing.Put(t.Context(), m))
	}
	for step := range 50 {
		switch what := random.IntN(20); {
		case step == 25:
			for range mostNew + 10 {
				kept = append(kept, memory.NewID())
				put(kept[len(kept)-1], memory.DefaultWorkspace)
			}
		case what < 12 || len(kept) == 0:
			kept = append(kept, memory.NewID())
			put(kept[len(kept)-1], memory.DefaultWorkspace)
		case what < 14:
			put(memory.NewID(), "other")
		case what < 16:
			put(kept[random.IntN(len(kept))], memory.DefaultWorkspace)
		default:
			i := random.IntN(len(kept))
			require.NoError(t, changing.Delete(t.Context(), memory.DefaultWorkspace, kept[i]))
			kept = append(kept[:i], kept[i+1:]...)
		}
		terms := fresh.analyzer.Terms(text.memory().Text)[:8]
		fresh.cache = termCache{}
		for _, w := range []memory.Workspace{memory.DefaultWorkspace, "other"} {
			want, err := fresh.Frequencies(t.Context(), w, terms)
			require.NoError(t, err)
			got, err := searching.Frequencies(t.Context(), w, terms)
			require.NoError(t, err)
			require.Equal(t, want, got)
			right, err := fresh.Matching(t.Context(), w, memory.TermQuery{Terms: terms}, 50)
			require.NoError(t, err)
			found, err := searching.Matching(t.Context(), w, memory.TermQuery{Terms: terms}, 50)
			require.NoError(t, err)
			require.Equal(t, right, found)
		}
	}
	require.NotEmpty(t, searching.cache.workspaces, "something was remembered")
}

func TestRankDoesNotDisturbWhatItRemembers(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	for range 3 { // the same text under three IDs
		require.NoError(t, s.Put(t.Context(), newCorpus(1).memory()))
	}
	x, err := s.index(t.Context(), memory.DefaultWorkspace)
	require.NoError(t, err)
	terms := s.analyzer.Terms(newCorpus(1).memory().Text)[:1]
	first, err := s.rank(t.Context(), x, terms)
	require.NoError(t, err)
	require.NotEmpty(t, first)
	for h := first.heap(); len(h) > 0; {
		h.pop()
	}
	again, err := s.rank(t.Context(), x, terms)
	require.NoError(t, err)
	require.Len(t, again, 3)
	require.IsIncreasing(t, []int64{again[0].num, again[1].num, again[2].num})
}
