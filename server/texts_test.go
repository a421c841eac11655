package server

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

const (
	idArg     = `"memory_id":"` + string(someID) + `"`
	clearArgs = `{"confirm_phrase":"DELETE ALL MEMORIES"}`
	busy      = "Database temporarily unavailable. Please retry in a few seconds."
)

func TestGoodAnswers(t *testing.T) {
	counts := memory.Counts{Memories: 12, Chunks: 34}
	for _, c := range []struct{ name, tool, args, want string }{
		{"add", "add_memory", `{"text":"Ann likes tea."}`, "Memory stored successfully.\nID: " + string(someID) + "\nPreview: Ann likes tea."},
		{"add long", "add_memory", `{"text":"` + strings.Repeat("é", 101) + `"}`, "Memory stored successfully.\nID: " + string(someID) + "\nPreview: " + strings.Repeat("é", 100) + "..."},
		{"search", "search_memory", `{"query":"x"}`, "No results found matching your query."},
		{"search an unknown workspace", "search_memory", `{"query":"x","workspace_id":"nowhere"}`, "No results found matching your query."},
		{"stats", "get_stats", `{}`, "Memory System Statistics:\nTotal Memories: 12\nTotal Chunks: 34\nDatabase Size: 0.00 MB\nAverage Chunks per Memory: 2.8"},
		{"delete", "delete_memory", `{` + idArg + `,"confirm":true}`, "Memory deleted successfully.\nID: " + string(someID) + "\nStatus: Deleted"},
		{
			"clear", "clear_all", clearArgs, "All memories cleared successfully!\nStatus: CLEARED\n" +
				"All data has been permanently deleted from the knowledge graph.\nWARNING: This operation is irreversible.",
		},
		{"create", "create_workspace", `{"workspace_id":"w","name":"W"}`, "Workspace created successfully.\nID: w\nName: W\nDescription: (none)"},
		{"create described", "create_workspace", `{"workspace_id":"w","name":"W","description":"d"}`, "Workspace created successfully.\nID: w\nName: W\nDescription: d"},
		{
			"set current", "set_current_workspace", `{"workspace_id":"work"}`,
			"Current workspace set to 'work'.\nName: Work\nAll subsequent memory operations will use this workspace.",
		},
		{
			"get current", "get_current_workspace", `{}`, "Current Workspace: default\nName: Work\nDescription: (none)\n\n" +
				"Statistics:\n- Memories: 12\n- Chunks: 34\n- Entities: 0\n- Relationships: 0",
		},
		{
			"delete workspace, unconfirmed", "delete_workspace", `{"workspace_id":"work"}`,
			"WARNING: You are about to delete workspace 'work'.\n\nThis workspace contains:\n- 12 memories\n- 34 chunks\n- 0 entities\n- 0 relationships\n\n" +
				"This action is IRREVERSIBLE.\nTo confirm deletion, call again with confirm=true.",
		},
		{"delete workspace", "delete_workspace", `{"workspace_id":"work","confirm":true}`, "Workspace 'work' has been deleted."},
		{"delete unknown workspace", "delete_workspace", `{"workspace_id":"gone","confirm":true}`, "Workspace 'gone' was not found."},
		{"delete unknown workspace, unconfirmed", "delete_workspace", `{"workspace_id":"gone"}`, "Workspace 'gone' was not found."},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, logged := newServer(t, &fake{counts: counts})
			text, isError := ask(as(t, s, "me"), t, s, c.tool, c.args)
			require.Equal(t, c.want, text)
			require.False(t, isError)
			require.NotRegexp(t, "level=(WARN|ERROR)", logged.String())
		})
	}
}

func TestRefusals(t *testing.T) {
	wrapped := func(err error) error { return fmt.Errorf("doing something: %w", err) }
	blank := &memory.FieldError{Field: "text", Why: "text cannot be empty or contain only whitespace"}
	for _, c := range []struct {
		name, tool, args string
		err              error
		want             string
	}{
		{"schema", "add_memory", `{}`, nil, "Input validation error: 'text' is a required property"},
		{"text", "add_memory", `{"text":" "}`, wrapped(blank), "Error: text cannot be empty or contain only whitespace"},
		{"encoding", "add_memory", "{\"text\":\"ab\xff\"}", nil, "Error: text is not valid UTF-8 at byte 2"},
		{
			"add to an unknown workspace", "add_memory", `{"text":"x","workspace_id":"wor"}`, nil,
			"Error: Workspace 'wor' does not exist. Nearest: work. Use list_workspaces to see all, create_workspace to make one.",
		},
		{
			"query", "search_memory", `{"query":" "}`, wrapped(&memory.FieldError{Why: "query cannot be empty or contain only whitespace"}),
			"Error: Invalid input: query cannot be empty or contain only whitespace",
		},
		{"unknown argument", "search_memory", `{"query":"x","k":1}`, nil, "Error: Invalid input - k: Extra inputs are not permitted"},
		{
			"date", "search_memory", `{"query":"x","filters":{"date_from":"soon"}}`, nil,
			"Error: Invalid input: filters.date_from: 'soon' is neither a date (YYYY-MM-DD) nor a time (YYYY-MM-DDTHH:MM:SSZ)",
		},
		{
			"UUID, before confirmation", "delete_memory", `{"memory_id":"x","confirm":false}`, nil,
			"Error: Input validation failed - memory_id: Value error, Invalid UUID format: badly formed hexadecimal UUID string",
		},
		{
			"unconfirmed", "delete_memory", `{` + idArg + `,"confirm":false}`, nil,
			"Error: Deletion requires explicit confirmation. Please set confirm=true to proceed. This is a safety feature to prevent accidental deletions.",
		},
		{
			"no such memory", "delete_memory", `{` + idArg + `,"confirm":true}`, wrapped(memory.ErrNotFound),
			"Memory not found.\nID: " + string(someID) + "\nStatus: Not Found - No deletion performed",
		},
		{
			"no phrase", "clear_all", `{"confirm_phrase":""}`, nil,
			"Error: Input validation failed - confirm_phrase: Value error, confirm_phrase cannot be empty",
		},
		{
			"other phrase", "clear_all", `{"confirm_phrase":"delete all memories"}`, nil,
			"Error: Invalid confirmation phrase. To clear all memories, provide EXACT phrase:\nconfirm_phrase: \"DELETE ALL MEMORIES\"\n\n" +
				"This operation is PERMANENT and IRREVERSIBLE. All stored memories will be deleted. The phrase is case-sensitive and no partial matches are accepted.",
		},
		{
			"reserved workspace", "create_workspace", `{"workspace_id":"root","name":"x"}`,
			wrapped(&memory.FieldError{Why: "Workspace ID 'root' is reserved and cannot be used"}),
			"Error: Workspace ID 'root' is reserved and cannot be used",
		},
		{
			"workspace exists", "create_workspace", `{"workspace_id":"work","name":"x"}`, wrapped(memory.ErrConflict),
			"Error: Failed to create workspace: Workspace 'work' already exists",
		},
		{"unknown workspace", "set_current_workspace", `{"workspace_id":"gone"}`, nil, "Error: Workspace 'gone' not found."},
		{"default workspace", "delete_workspace", `{"workspace_id":"default","confirm":true}`, nil, "Error: Cannot delete the default workspace."},
		{"default workspace, unconfirmed", "delete_workspace", `{"workspace_id":"default"}`, nil, "Error: Cannot delete the default workspace."},
		{"canceled", "get_stats", `{}`, wrapped(context.Canceled), "Error: The call was canceled."},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, logged := newServer(t, &fake{err: c.err})
			text, isError := ask(as(t, s, "me"), t, s, c.tool, c.args)
			require.Equal(t, c.want, text)
			require.True(t, isError)
			require.Empty(t, logged.String())
		})
	}
}

func TestFailuresAreWordedAndLoggedOnce(t *testing.T) {
	full := "There is no space left on the disk that holds the memories, so nothing was changed. " +
		"Free some space there and try again; what was stored before is safe."
	for _, c := range []struct{ tool, args, unavailable, unknown string }{
		{"add_memory", `{"text":"x"}`, busy, "An internal error occurred while processing your memory."},
		{"search_memory", `{"query":"x"}`, "Database error during search. Please try again.", "An unexpected error occurred during search."},
		{"get_stats", `{}`, "Failed to retrieve statistics - " + busy, "An unexpected error occurred while retrieving statistics"},
		{"delete_memory", `{` + idArg + `,"confirm":true}`, "Failed to delete memory - " + busy, "An unexpected error occurred while deleting memory"},
		{"clear_all", clearArgs, "Failed to clear memories - " + busy, "An unexpected error occurred while clearing memories"},
		{"create_workspace", `{"workspace_id":"w","name":"W"}`, "Failed to create workspace: " + busy, "Failed to create workspace."},
		{"list_workspaces", `{}`, "Failed to list workspaces: " + busy, "Failed to list workspaces."},
		{"set_current_workspace", `{"workspace_id":"w"}`, "Failed to set workspace: " + busy, "Failed to set workspace."},
		{"get_current_workspace", `{}`, "Failed to get workspace: " + busy, "Failed to get workspace."},
		{"delete_workspace", `{"workspace_id":"w","confirm":true}`, "Failed to delete workspace: " + busy, "Failed to delete workspace."},
	} {
		for _, failure := range []struct {
			name string
			err  error
			do   func()
			want string
		}{
			{"unavailable", fmt.Errorf("query: %w: secret detail", memory.ErrUnavailable), nil, c.unavailable},
			{"full", fmt.Errorf("put: %w: secret detail", memory.ErrFull), nil, full},
			{"too slow", fmt.Errorf("secret detail: %w", context.DeadlineExceeded), nil, "The call took too long and was stopped. Please try again."},
			{"unknown", errors.New("secret detail"), nil, c.unknown},
			{"panic", nil, func() { panic("secret detail") }, c.unknown},
		} {
			t.Run(c.tool+" "+failure.name, func(t *testing.T) {
				s, logged := newServer(t, &fake{err: failure.err, do: failure.do})
				text, isError := ask(as(t, s, "me"), t, s, c.tool, c.args)
				require.Equal(t, "Error: "+failure.want, text)
				require.True(t, isError)
				require.Equal(t, 1, strings.Count(logged.String(), "\n"))
				require.Contains(t, logged.String(), "secret detail")
				require.Contains(t, logged.String(), "tool="+c.tool)
			})
		}
	}
}

func TestAPanicIsLoggedWithItsStack(t *testing.T) {
	s, logged := newServer(t, &fake{do: func() { panic("out of order") }})
	ask(t.Context(), t, s, "get_stats", `{}`)
	require.Contains(t, logged.String(), "tool_panicked")
	require.Contains(t, logged.String(), "get_stats.go")
}

func TestALongErrorIsCut(t *testing.T) {
	s, _ := newServer(t, &fake{})
	text, isError := ask(t.Context(), t, s, "add_memory", `{"text":"x","workspace_id":"`+strings.Repeat("é", 50_000)+`"}`)
	require.True(t, isError)
	require.LessOrEqual(t, len(text), maxErrorBytes+len("…"))
	require.True(t, strings.HasSuffix(text, "é…"))
}
