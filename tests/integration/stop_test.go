package integration

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience ends a test that hangs.
const patience = time.Minute

// later is a call that goes on in the background.
func (h *house) later(ctx context.Context, t *testing.T, tool string, arguments map[string]any) <-chan answer {
	t.Helper()
	before := h.Counters().InFlight
	done := make(chan answer, 1)
	go func() {
		a, err := h.as(ctx, "other", tool, arguments)
		if err != nil {
			a.text = err.Error()
		}
		done <- a
	}()
	require.Eventually(t, func() bool { return h.Counters().InFlight > before || len(done) > 0 }, patience, time.Millisecond)
	return done
}

// within receives before patience is over.
func within[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		require.FailNow(t, "nothing came")
		panic("unreachable")
	}
}

func TestACallWhoseContextIsDoneHasNoEffect(t *testing.T) {
	h := build(t)
	id := h.add(t, map[string]any{"text": "It was there before."})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for tool, arguments := range map[string]map[string]any{
		"add_memory":       {"text": "Too late."},
		"search_memory":    {"query": "before"},
		"get_stats":        {},
		"delete_memory":    {"memory_id": id, "confirm": true},
		"clear_all":        {"confirm_phrase": "DELETE ALL MEMORIES"},
		"create_workspace": {"workspace_id": "late", "name": "Late"},
		"list_workspaces":  {},
	} {
		t.Run(tool, func(t *testing.T) {
			a, err := h.as(ctx, "me", tool, arguments)
			require.NoError(t, err)
			require.Equal(t, "Error: The call was canceled.", a.text)
			require.True(t, a.isError)
		})
	}
	require.Equal(t, 1, h.memories(t))
	infos, err := h.store.Workspaces(t.Context())
	require.NoError(t, err)
	require.Len(t, infos, 1)
}

func TestACallThatIsCancelledWhileItWaitsKeepsNothing(t *testing.T) {
	h := build(t)
	release := h.holdWrites(t)
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	waiting := h.later(ctx, t, "add_memory", map[string]any{"text": "Never mind."})
	require.Empty(t, waiting, "another process holds the file")
	cancel()
	a := within(t, waiting)
	require.Equal(t, "Error: The call was canceled.", a.text)
	release()
	h.add(t, map[string]any{"text": "Something else."})
	require.Equal(t, 1, h.memories(t))
	require.Equal(t, "No results found matching your query.", h.call(t, "search_memory", map[string]any{"query": "never mind"}).text)
}

func TestReadingGoesOnWhileAnotherProcessWrites(t *testing.T) {
	h := build(t)
	h.add(t, map[string]any{"text": "The ferry leaves at eight."})
	release := h.holdWrites(t)
	defer release()
	require.Contains(t, h.call(t, "search_memory", map[string]any{"query": "ferry"}).text, "The ferry leaves at eight.")
	require.Contains(t, h.call(t, "get_stats", nil).text, "Total Memories: 1\n")
}

func TestDrainFinishesWhatIsUnderWayAndRefusesTheRest(t *testing.T) {
	h := build(t)
	release := h.holdWrites(t)
	defer release()
	running := h.later(t.Context(), t, "add_memory", map[string]any{"text": "Just in time."})
	drained := make(chan error, 1)
	go func() { drained <- h.Drain(t.Context()) }()

	const refusal = "Error: The server is shutting down. Nothing was changed; try again when it is back."
	require.Eventually(t, func() bool {
		return h.call(t, "search_memory", map[string]any{"query": "x"}).text == refusal
	}, patience, time.Millisecond)
	require.Empty(t, drained, "a call is under way")
	release()
	a := within(t, running)
	require.False(t, a.isError, a.text)
	require.NoError(t, within(t, drained))
	require.True(t, h.call(t, "add_memory", map[string]any{"text": "Too late."}).isError)
	require.Equal(t, 1, h.memories(t))
}
