package integration

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEachSessionWritesAndReadsInItsOwnWorkspace(t *testing.T) {
	h := build(t)
	in := func(s session, tool string, arguments map[string]any) string {
		t.Helper()
		a, err := h.as(t.Context(), s, tool, arguments)
		require.NoError(t, err)
		require.False(t, a.isError, a.text)
		return a.text
	}
	in("ann", "create_workspace", map[string]any{"workspace_id": "ann", "name": "Ann's"})
	in("ann", "set_current_workspace", map[string]any{"workspace_id": "ann"})
	in("ann", "add_memory", map[string]any{"text": "Ann keeps bees."})
	in("bob", "add_memory", map[string]any{"text": "Bob keeps goats."})

	require.Contains(t, in("ann", "search_memory", map[string]any{"query": "keeps"}), "Ann keeps bees.")
	require.NotContains(t, in("ann", "search_memory", map[string]any{"query": "keeps"}), "goats")
	require.Contains(t, in("bob", "search_memory", map[string]any{"query": "keeps"}), "Bob keeps goats.")
	require.NotContains(t, in("bob", "search_memory", map[string]any{"query": "keeps"}), "bees")
	require.Contains(t, in("bob", "search_memory", map[string]any{"query": "keeps", "workspace_id": "ann"}), "Ann keeps bees.")
	require.Contains(t, in("bob", "get_current_workspace", nil), "Current Workspace: default\n")

	// Bob takes Ann's workspace away while she is in it.
	in("bob", "delete_workspace", map[string]any{"workspace_id": "ann", "confirm": true})
	require.Equal(t, "No results found matching your query.", in("ann", "search_memory", map[string]any{"query": "keeps"}))
	require.Contains(t, in("ann", "get_current_workspace", nil), "(Workspace not found in database - using default)")
	in("ann", "add_memory", map[string]any{"text": "Ann keeps hens now."})
	require.Contains(t, in("bob", "search_memory", map[string]any{"query": "hens"}), "Ann keeps hens now.")
}

func TestASessionThatIsOverLeavesNothingToTheNextOfItsName(t *testing.T) {
	h := build(t)
	require.NoError(t, h.MCP().RegisterSession(t.Context(), session("me")))
	h.call(t, "create_workspace", map[string]any{"workspace_id": "attic", "name": "Attic"})
	h.call(t, "set_current_workspace", map[string]any{"workspace_id": "attic"})
	require.True(t, strings.HasPrefix(h.call(t, "get_current_workspace", nil).text, "Current Workspace: attic\n"))
	h.MCP().UnregisterSession(t.Context(), "me")
	require.True(t, strings.HasPrefix(h.call(t, "get_current_workspace", nil).text, "Current Workspace: default\n"))
}
