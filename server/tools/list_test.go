package tools

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/mark3labs/mcp-go/mcp"
	mcpserver "github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

func TestToolsComeInTheirOrder(t *testing.T) {
	var names []string
	for _, tool := range All(&fake{}, in("default"), Options{}) {
		names = append(names, tool.Tool.Name)
	}
	require.Equal(t, []string{
		"add_memory", "search_memory", "get_stats", "delete_memory", "clear_all",
		"create_workspace", "list_workspaces", "set_current_workspace", "get_current_workspace", "delete_workspace",
	}, names)
}

func TestEveryToolIsDescribed(t *testing.T) {
	name := regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)
	for _, tool := range All(&fake{}, in("default"), Options{}) {
		t.Run(tool.Tool.Name, func(t *testing.T) {
			require.Regexp(t, name, tool.Tool.Name)
			require.Greater(t, len(tool.Tool.Description), 10)
			require.Less(t, len(tool.Tool.Description), 300)
			require.NotEmpty(t, tool.Tool.Annotations.Title)
		})
	}
}

func TestEveryToolSaysWhatItDoes(t *testing.T) {
	type hints struct{ readOnly, destructive, idempotent bool }
	reading, adding, setting, destroying := hints{true, false, true}, hints{}, hints{idempotent: true}, hints{destructive: true, idempotent: true}
	want := map[string]hints{
		"add_memory": adding, "search_memory": reading, "get_stats": reading, "delete_memory": destroying, "clear_all": destroying,
		"create_workspace": adding, "list_workspaces": reading, "set_current_workspace": setting,
		"get_current_workspace": reading, "delete_workspace": destroying,
	}
	for _, tool := range All(&fake{}, in("default"), Options{}) {
		t.Run(tool.Tool.Name, func(t *testing.T) {
			a := tool.Tool.Annotations
			got := hints{*a.ReadOnlyHint, *a.DestructiveHint, *a.IdempotentHint}
			require.Equal(t, want[tool.Tool.Name], got)
			require.False(t, *a.OpenWorldHint)
		})
	}
}

// A good call of each tool, which its own schema has to allow.
var goodCalls = map[string]string{
	"add_memory":            `{"text":"x","metadata":{"source":"s","tags":["a"],"timestamp":"2024-01-01","any":1},"workspace_id":"w","wait":true}`,
	"search_memory":         `{"query":"x","limit":5,"filters":{"tags":["a"],"date_from":"2024-01-01"},"full":true,"max_tokens":500,"mode":"meaning","explain":true,"as_of":"2024-01-01"}`,
	"get_stats":             `{}`,
	"delete_memory":         `{"memory_id":"` + string(someID) + `","confirm":true,"workspace_id":"w"}`,
	"clear_all":             `{"confirm_phrase":"DELETE ALL MEMORIES"}`,
	"create_workspace":      `{"workspace_id":"w","name":"W","description":"d"}`,
	"list_workspaces":       `{}`,
	"set_current_workspace": `{"workspace_id":"w"}`,
	"get_current_workspace": `{}`,
	"delete_workspace":      `{"workspace_id":"w","confirm":false}`,
}

// The library brings a validator of its own, which knows nothing of our check.
func TestSchemasHoldForAnotherValidator(t *testing.T) {
	s := mcpserver.NewMCPServer("test", "1", mcpserver.WithInputSchemaValidation())
	s.AddTools(All(&fake{}, in("default"), Options{})...)
	send := func(t *testing.T, tool, args string) *mcp.CallToolResult {
		t.Helper()
		answer := s.HandleMessage(t.Context(), fmt.Appendf(nil,
			`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":%q,"arguments":%s}}`, tool, args))
		require.IsType(t, mcp.JSONRPCResponse{}, answer)
		result, ok := answer.(mcp.JSONRPCResponse).Result.(*mcp.CallToolResult)
		require.True(t, ok)
		return result
	}
	for tool, args := range goodCalls {
		t.Run(tool, func(t *testing.T) {
			require.False(t, send(t, tool, args).IsError, textOf(t, send(t, tool, args)))
			require.True(t, send(t, tool, `[]`).IsError)
		})
	}
}

func TestNoAnswerIsLongerThanTheBound(t *testing.T) {
	wide := strings.Repeat("\x01", 255)
	infos := make([]memory.WorkspaceInfo, 3000)
	for i := range infos {
		infos[i] = memory.WorkspaceInfo{ID: memory.Workspace(fmt.Sprint("w", i)), Name: wide, Description: strings.Repeat("\x01", 1000)}
	}
	f := &fake{hits: manyHits(100, strings.Repeat("\x01", 2000)), infos: infos}
	for tool, args := range goodCalls {
		t.Run(tool, func(t *testing.T) {
			result, err := call(t, f, in("default"), tool, strings.ReplaceAll(args, `"W"`, fmt.Sprintf(`"%s"`, strings.Repeat(`\u0001`, 255))))
			require.NoError(t, err)
			require.LessOrEqual(t, len(wire(t, result)), DefaultResultBytes)
		})
	}
}

func TestListWorkspaces(t *testing.T) {
	some := memory.WorkspaceInfo{ID: "work", Name: "Work", Description: "At work", CreatedAt: someTime}
	other := memory.WorkspaceInfo{ID: "home", Name: "Home", CreatedAt: someTime}
	for _, c := range []struct {
		name  string
		infos []memory.WorkspaceInfo
		want  string
	}{
		{"none", nil, "No workspaces found. Use create_workspace to create one."},
		{"one", []memory.WorkspaceInfo{some}, "Found 1 workspace(s):\n- work: Work\n  Description: At work\n  Created: 2025-11-23 11:34"},
		{"two", []memory.WorkspaceInfo{some, other}, "Found 2 workspace(s):\n- work: Work\n  Description: At work\n  Created: 2025-11-23 11:34\n" +
			"- home: Home\n  Description: (none)\n  Created: 2025-11-23 11:34"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, said(t, &fake{infos: c.infos}, in("default"), "list_workspaces", "{}"))
		})
	}
}

func TestALongListOfWorkspacesSaysWhatWasCut(t *testing.T) {
	f := &fake{infos: make([]memory.WorkspaceInfo, 5000)}
	for i := range f.infos {
		f.infos[i] = memory.WorkspaceInfo{ID: memory.Workspace(fmt.Sprint("w", i)), Name: "n", CreatedAt: someTime}
	}
	text := said(t, f, in("default"), "list_workspaces", "{}")
	shown := strings.Count(text, "  Created: ")
	require.Greater(t, shown, 100)
	require.True(t, strings.HasSuffix(text, fmt.Sprintf("\n\n%d more left out to keep this answer short.", 5000-shown)))
}

func TestStatsText(t *testing.T) {
	for _, c := range []struct {
		name  string
		stats memory.Stats
		want  string
	}{
		{"empty", memory.Stats{}, "Memory System Statistics:\nTotal Memories: 0\nTotal Chunks: 0\nDatabase Size: 0.00 MB\nAverage Chunks per Memory: 0.0"},
		{
			"full",
			memory.Stats{Counts: memory.Counts{Memories: 1234, Chunks: 5678901, Oldest: someTime, Newest: someTime.AddDate(0, 0, 1)}, Bytes: 5 << 19, Cache: &memory.CacheStats{Hits: 1, BackendHits: 3, Misses: 2}},
			"Memory System Statistics:\nTotal Memories: 1,234\nTotal Chunks: 5,678,901\nDatabase Size: 2.50 MB\nAverage Chunks per Memory: 4602.0\n" +
				"Cache Hit Rate: 66.7%\n" +
				"Oldest Memory: 2025-11-23 11:34\nNewest Memory: 2025-11-24 11:34",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, said(t, &fake{stats: c.stats}, in("default"), "get_stats", "{}"))
		})
	}
}

func TestStatsTellOfTheClientsAndThePool(t *testing.T) {
	f := &fake{stats: memory.Stats{
		Counts: memory.Counts{Memories: 1, Chunks: 1}, Pool: &memory.PoolStats{MaxConnections: 20, ActiveConnections: 1, UtilizationPercent: 5},
	}}
	o := Options{Traffic: func() Traffic { return Traffic{Active: 1, Peak: 2, Created: 3, Closed: 4, Requests: 5, Errors: 6} }}
	result, err := callWith(t, o, f, in("default"), "get_stats", "{}")
	require.NoError(t, err)
	require.True(t, strings.HasSuffix(textOf(t, result), "Average Chunks per Memory: 1.0\n\nSSE Transport Metrics:\n"+
		"Active Connections: 1\nPeak Connections: 2\nTotal Connections Created: 3\nTotal Connections Closed: 4\n"+
		"Total Requests Processed: 5\nTotal Errors: 6\nConnection Pool: 1/20 (5.0% utilization)"), textOf(t, result))
}
