package integration

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryToolSaysThatTheStoreIsGone(t *testing.T) {
	const busy = "Database temporarily unavailable. Please retry in a few seconds."
	h := build(t)
	id := h.add(t, map[string]any{"text": "Remember the reindeer."})
	require.NoError(t, h.store.Close())
	for _, tc := range []struct {
		tool      string
		arguments map[string]any
		want      string
	}{
		{"add_memory", map[string]any{"text": "The reindeer again."}, "Error: " + busy},
		{"search_memory", map[string]any{"query": "reindeer"}, "Error: Database error during search. Please try again."},
		{"get_stats", nil, "Error: Failed to retrieve statistics - " + busy},
		{"delete_memory", map[string]any{"memory_id": id, "confirm": true}, "Error: Failed to delete memory - " + busy},
		{"clear_all", map[string]any{"confirm_phrase": "DELETE ALL MEMORIES"}, "Error: Failed to clear memories - " + busy},
		{"create_workspace", map[string]any{"workspace_id": "w", "name": "W"}, "Error: Failed to create workspace: " + busy},
		{"list_workspaces", nil, "Error: Failed to list workspaces: " + busy},
		{"set_current_workspace", map[string]any{"workspace_id": "default"}, "Error: Failed to set workspace: " + busy},
		{"get_current_workspace", nil, "Error: Failed to get workspace: " + busy},
		{"delete_workspace", map[string]any{"workspace_id": "w", "confirm": true}, "Error: Failed to delete workspace: " + busy},
	} {
		t.Run(tc.tool, func(t *testing.T) {
			a := h.call(t, tc.tool, tc.arguments)
			require.Equal(t, tc.want, a.text)
			require.True(t, a.isError)
			require.Contains(t, h.log.String(), "msg=tool_failed tool="+tc.tool)
		})
	}
	require.NotContains(t, h.log.String(), "reindeer", "the log has no text of memories")
}

// What is wrong with the input is said even when the store is gone.
func TestBadInputNeedsNoStore(t *testing.T) {
	h := build(t)
	require.NoError(t, h.store.Close())
	require.Equal(t, "Error: text cannot be empty or contain only whitespace", h.call(t, "add_memory", map[string]any{"text": " "}).text)
	require.Equal(t, "Error: Reserved key in metadata: chunks",
		h.call(t, "add_memory", map[string]any{"text": "a", "metadata": map[string]any{"chunks": 1}}).text)
	require.Equal(t, "Input validation error: 0 is less than the minimum of 1",
		h.call(t, "search_memory", map[string]any{"query": "a", "limit": 0}).text)
}
