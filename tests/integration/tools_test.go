package integration

import (
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/mcp"
	"github.com/stretchr/testify/require"
)

// conversation calls every tool once, in an order that makes sense. <ID> stands
// for the memory that was added.
var conversation = []struct {
	tool      string
	arguments map[string]any
	says      string
}{
	{"create_workspace", map[string]any{"workspace_id": "zoo", "name": "Zoo"}, "Workspace created successfully.\nID: zoo\nName: Zoo\nDescription: (none)"},
	{"list_workspaces", nil, "Found 2 workspace(s):\n- default: Default Workspace"},
	{"set_current_workspace", map[string]any{"workspace_id": "zoo"}, "Current workspace set to 'zoo'.\nName: Zoo"},
	{"add_memory", map[string]any{"text": "The tapir sleeps at noon."}, "Memory stored successfully.\nID: <ID>\nPreview: The tapir sleeps at noon."},
	{"search_memory", map[string]any{"query": "When do tapirs sleep?"}, "Found 1 results:\n\n1. [Score: 0."},
	{"get_stats", nil, "Memory System Statistics:\nTotal Memories: 1\nTotal Chunks: 1\n"},
	{"get_current_workspace", nil, "Current Workspace: zoo\nName: Zoo\nDescription: (none)\n\nStatistics:\n- Memories: 1\n- Chunks: 1\n"},
	{"delete_memory", map[string]any{"memory_id": "<ID>", "confirm": true}, "Memory deleted successfully.\nID: <ID>\nStatus: Deleted"},
	{"delete_workspace", map[string]any{"workspace_id": "zoo", "confirm": true}, "Workspace 'zoo' has been deleted."},
	{"clear_all", map[string]any{"confirm_phrase": "DELETE ALL MEMORIES"}, "All memories cleared successfully!"},
}

func TestEveryToolWorksOverTheStore(t *testing.T) {
	h := build(t)
	c, err := client.NewInProcessClient(h.MCP())
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.Start(t.Context()))
	_, err = c.Initialize(t.Context(), mcp.InitializeRequest{})
	require.NoError(t, err)
	list, err := c.ListTools(t.Context(), mcp.ListToolsRequest{})
	require.NoError(t, err)
	require.Len(t, conversation, len(list.Tools), "a tool is missing here")

	id := "none"
	for _, step := range conversation {
		arguments := maps.Clone(step.arguments)
		if arguments["memory_id"] != nil {
			arguments["memory_id"] = id
		}
		result, err := c.CallTool(t.Context(), mcp.CallToolRequest{Params: mcp.CallToolParams{Name: step.tool, Arguments: arguments}})
		require.NoError(t, err, step.tool)
		require.False(t, result.IsError, step.tool)
		text, ok := mcp.AsTextContent(result.Content[0])
		require.True(t, ok)
		if step.tool == "add_memory" {
			_, after, _ := strings.Cut(text.Text, "ID: ")
			id, _, _ = strings.Cut(after, "\n")
		}
		require.True(t, strings.HasPrefix(text.Text, strings.ReplaceAll(step.says, "<ID>", id)), text.Text)
	}
	require.NotContains(t, h.log.String(), "level=WARN")
	require.NotContains(t, h.log.String(), "level=ERROR")
}

func TestParallelCallsDoNotDisturbEachOther(t *testing.T) {
	const callers, rounds = 16, 15
	h := build(t)
	var all sync.WaitGroup
	problems := make([]error, callers)
	for i := range callers {
		all.Go(func() {
			for n := range rounds {
				if problems[i] = h.round(t, i, n); problems[i] != nil {
					return
				}
			}
		})
	}
	all.Wait()
	for _, err := range problems {
		require.NoError(t, err)
	}
	require.Equal(t, callers*(rounds-rounds/3), h.memories(t))
	require.EqualValues(t, callers*(3*rounds+rounds/3), h.Counters().Requests)
	require.Zero(t, h.Counters().Errors)
}

// round adds a text, finds it and nothing else, and deletes every third one.
func (h *house) round(t *testing.T, caller, n int) error {
	me := session(fmt.Sprint("caller ", caller))
	word := fmt.Sprintf("sloe%dx%d", caller, n)
	added, err := h.as(t.Context(), me, "add_memory", map[string]any{"text": "A basket of " + word + " from the hedge."})
	if err != nil || added.isError {
		return fmt.Errorf("add %s: %w: %s", word, err, added.text)
	}
	_, id, _ := strings.Cut(added.text, "ID: ")
	id, _, _ = strings.Cut(id, "\n")
	found, err := h.as(t.Context(), me, "search_memory", map[string]any{"query": word, "full": true})
	if err != nil || !strings.HasPrefix(found.text, "Found 1 results:") || !strings.Contains(found.text, id) {
		return fmt.Errorf("search %s: %w: %s", word, err, found.text)
	}
	if stats, err := h.as(t.Context(), me, "get_stats", nil); err != nil || stats.isError {
		return fmt.Errorf("stats: %w: %s", err, stats.text)
	}
	if n%3 != 2 {
		return nil
	}
	gone, err := h.as(t.Context(), me, "delete_memory", map[string]any{"memory_id": id, "confirm": true})
	if err != nil || gone.isError {
		return fmt.Errorf("delete %s: %w: %s", word, err, gone.text)
	}
	return nil
}
