package storetest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

func listing() map[string]func(*testing.T, memory.Store) {
	return map[string]func(*testing.T, memory.Store){
		"ListGoesThroughAllInOrder":   listGoesThroughAll,
		"ListKeepsToTheWorkspace":     listKeepsToTheWorkspace,
		"ListGoesOnAfterWhatIsGone":   listGoesOnAfterWhatIsGone,
		"ListRefusesForeignCursors":   listRefusesForeignCursors,
		"ListOfReplacedKeepsItsPlace": listOfReplacedKeepsItsPlace,
	}
}

// listed goes through w, n at a time.
func listed(t *testing.T, s memory.Store, w memory.Workspace, n int) []memory.ID {
	t.Helper()
	var all []memory.ID
	for after := memory.Cursor(""); ; {
		ids, next, err := s.List(t.Context(), w, after, n)
		require.NoError(t, err)
		require.LessOrEqual(t, len(ids), n)
		all = append(all, ids...)
		if next == "" {
			return all
		}
		after = next
	}
}

func idsOf(ms []memory.Memory) []memory.ID {
	ids := make([]memory.ID, len(ms))
	for i, m := range ms {
		ids[i] = m.ID
	}
	return ids
}

func listGoesThroughAll(t *testing.T, s memory.Store) {
	require.Empty(t, listed(t, s, home, 3))
	var ms []memory.Memory
	for i := range 10 { // recorded in another order than that of their times
		ms = append(ms, note(home, 50-i*7%10, fmt.Sprintf("memory %d", i)))
		put(t, s, ms[i])
	}
	for _, n := range []int{1, 3, 5, 10, 11, 1000} {
		require.Equal(t, idsOf(ms), listed(t, s, home, n), "%d at a time", n)
	}
}

func listKeepsToTheWorkspace(t *testing.T, s memory.Store) {
	add(t, s, other)
	a, b := notes(t, s, home, "one", "two"), notes(t, s, other, "three")
	require.Equal(t, idsOf(a), listed(t, s, home, 1))
	require.Equal(t, idsOf(b), listed(t, s, other, 1))
	require.Empty(t, listed(t, s, third, 1))
}

func listGoesOnAfterWhatIsGone(t *testing.T, s memory.Store) {
	ms := notes(t, s, home, "one", "two", "three", "four")
	ids, next, err := s.List(t.Context(), home, "", 2)
	require.NoError(t, err)
	require.Equal(t, idsOf(ms[:2]), ids)
	for _, m := range ms[:3] {
		require.NoError(t, s.Delete(t.Context(), home, m.ID))
	}
	ids, _, err = s.List(t.Context(), home, next, 2)
	require.NoError(t, err)
	require.Equal(t, idsOf(ms[3:]), ids)
}

func listRefusesForeignCursors(t *testing.T, s memory.Store) {
	notes(t, s, home, "one")
	for _, after := range []memory.Cursor{"x", "1 OR 1=1", "\x00", "9999999999999999999999"} {
		_, _, err := s.List(t.Context(), home, after, 2)
		require.ErrorIs(t, err, memory.ErrInvalid, after)
	}
}

func listOfReplacedKeepsItsPlace(t *testing.T, s memory.Store) {
	ms := notes(t, s, home, "one", "two", "three")
	ms[0].Text = "another"
	ms[0].Chunks = []memory.Chunk{{Start: 0, End: 7}}
	put(t, s, ms[0])
	require.Equal(t, idsOf(ms), listed(t, s, home, 2))
}
