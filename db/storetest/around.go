package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

func neighborhood() map[string]func(*testing.T, memory.Store) {
	return map[string]func(*testing.T, memory.Store){
		"AroundFollowsTime":           aroundFollowsTime,
		"AroundBreaksTiesByRecording": aroundBreaksTiesByRecording,
		"AroundStopsAtTheEnds":        aroundStopsAtTheEnds,
		"AroundKeepsToTheWorkspace":   aroundKeepsToTheWorkspace,
		"AroundLeavesOutUnknown":      aroundLeavesOutUnknown,
		"AroundGivesFirstChunks":      aroundGivesFirstChunks,
		"AroundSeesWhatIsNewAndGone":  aroundSeesWhatIsNewAndGone,
	}
}

// around returns the texts of the neighbors of m by their offsets.
func around(t *testing.T, s memory.Store, m memory.Memory, n int) map[int]string {
	t.Helper()
	near, err := s.Around(t.Context(), m.Workspace, []memory.ID{m.ID}, n)
	require.NoError(t, err)
	found := make(map[int]string)
	for _, b := range near {
		require.Equal(t, m.ID, b.Of)
		require.NotContains(t, found, b.Offset, "each place once")
		got, err := s.Get(t.Context(), m.Workspace, b.Memory)
		require.NoError(t, err)
		found[b.Offset] = got.Text
	}
	return found
}

// aroundFollowsTime puts memories in another order than that of their times.
func aroundFollowsTime(t *testing.T, s memory.Store) {
	ms := make([]memory.Memory, 8)
	for _, i := range []int{5, 0, 7, 3, 2, 6, 1, 4} {
		ms[i] = note(home, i, fmt.Sprint(i))
		ms[i].CreatedAt = at(59 - i)
		put(t, s, ms[i])
	}
	require.Equal(t, map[int]string{-2: "2", -1: "3", 1: "5", 2: "6"}, around(t, s, ms[4], 2))
	require.Equal(t, map[int]string{-1: "2", 1: "4"}, around(t, s, ms[3], 1))
	near, err := s.Around(t.Context(), home, []memory.ID{ms[3].ID, ms[4].ID, ms[3].ID}, 1)
	require.NoError(t, err)
	for i := range near {
		near[i].First = ""
	}
	require.ElementsMatch(t, []memory.Neighbor{
		{Of: ms[3].ID, Offset: -1, Memory: ms[2].ID},
		{Of: ms[3].ID, Offset: 1, Memory: ms[4].ID},
		{Of: ms[4].ID, Offset: -1, Memory: ms[3].ID},
		{Of: ms[4].ID, Offset: 1, Memory: ms[5].ID},
	}, near, "an ID given twice answers once")
}

func aroundBreaksTiesByRecording(t *testing.T, s memory.Store) {
	var ms []memory.Memory
	for i := range 7 {
		ms = append(ms, note(home, 0, fmt.Sprint(i)))
		put(t, s, ms[i])
	}
	before, after := note(home, -1, "before"), note(home, 1, "after")
	put(t, s, after)
	put(t, s, before)
	require.Equal(t, map[int]string{-3: "0", -2: "1", -1: "2", 1: "4", 2: "5", 3: "6"}, around(t, s, ms[3], 3))
	require.Equal(t, map[int]string{-2: "before", -1: "0", 1: "2", 2: "3"}, around(t, s, ms[1], 2))
	require.Equal(t, map[int]string{-2: "4", -1: "5", 1: "after"}, around(t, s, ms[6], 2))
}

func aroundStopsAtTheEnds(t *testing.T, s memory.Store) {
	ms := notes(t, s, home, "a", "b", "c")
	require.Equal(t, map[int]string{1: "b", 2: "c"}, around(t, s, ms[0], 9))
	require.Equal(t, map[int]string{-2: "a", -1: "b"}, around(t, s, ms[2], 9))
	require.Empty(t, around(t, s, ms[1], 0))
}

func aroundKeepsToTheWorkspace(t *testing.T, s memory.Store) {
	add(t, s, other)
	var here []memory.Memory
	for i := range 12 {
		w := []memory.Workspace{home, other}[i%2]
		m := note(w, 0, fmt.Sprint(i))
		m.ValidFrom = at(0).Add(time.Duration(i/4) * time.Microsecond)
		put(t, s, m)
		if w == home {
			here = append(here, m)
		}
	}
	require.Equal(t, map[int]string{-2: "0", -1: "2", 1: "6", 2: "8"}, around(t, s, here[2], 2))
	for _, w := range []memory.Workspace{other, third} {
		near, err := s.Around(t.Context(), w, []memory.ID{here[2].ID}, 2)
		require.NoError(t, err)
		require.Empty(t, near)
	}
}

func aroundLeavesOutUnknown(t *testing.T, s memory.Store) {
	ms := notes(t, s, home, "a", "b")
	near, err := s.Around(t.Context(), home, []memory.ID{memory.NewID(), ms[0].ID, "no id"}, 1)
	require.NoError(t, err)
	require.Len(t, near, 1)
	require.Equal(t, ms[0].ID, near[0].Of)
	near, err = s.Around(t.Context(), home, nil, 1)
	require.NoError(t, err)
	require.Empty(t, near)
}

func aroundGivesFirstChunks(t *testing.T, s memory.Store) {
	a, b := note(home, 0, "start"), note(home, 1, "first part, second part")
	b.Chunks = []memory.Chunk{{Start: 0, End: 10}, {Start: 12, End: len(b.Text)}}
	put(t, s, a)
	put(t, s, b)
	near, err := s.Around(t.Context(), home, []memory.ID{a.ID}, 1)
	require.NoError(t, err)
	require.Len(t, near, 1)
	require.Equal(t, []string{"first part"}, textsOf(t, s, home, []memory.Ref{near[0].First}))
}

func aroundSeesWhatIsNewAndGone(t *testing.T, s memory.Store) {
	ms := notes(t, s, home, "a", "b", "c", "d")
	require.NoError(t, s.Delete(t.Context(), home, ms[1].ID))
	require.Equal(t, map[int]string{1: "c", 2: "d"}, around(t, s, ms[0], 2))
	ms[0].ValidFrom = at(30)
	put(t, s, ms[0])
	require.Equal(t, map[int]string{-2: "c", -1: "d"}, around(t, s, ms[0], 2))
}
