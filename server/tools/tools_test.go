package tools

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	mcpserver "github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

// fake answers what it is told to, and keeps what it was asked.
type fake struct {
	added       []memory.Draft
	asked       []memory.Question
	deleted     []memory.Workspace
	hits        []memory.Hit
	infos       []memory.WorkspaceInfo
	stats       memory.Stats
	err         error  // of every method
	lacks       string // what the answer of Recall lacks
	embedded    []memory.Workspace
	notEmbedded error // what Embed says
	embedsLong  bool  // Embed takes until its context is done
	noPlaces    bool  // no workspace but the default one exists
}

const someID memory.ID = "0190a8f0-0000-7000-8000-000000000001"

var someTime = time.Date(2025, 11, 23, 11, 34, 56, 0, time.UTC)

func (f *fake) Add(_ context.Context, d memory.Draft) (memory.Memory, error) {
	if f.noPlaces && d.Workspace != memory.DefaultWorkspace {
		return memory.Memory{}, &memory.UnknownWorkspaceError{ID: d.Workspace}
	}
	f.added = append(f.added, d)
	return memory.Memory{ID: someID, Workspace: d.Workspace, Text: d.Text}, f.err
}

func (f *fake) Embed(ctx context.Context, w memory.Workspace, _ func(int)) error {
	f.embedded = append(f.embedded, w)
	if f.embedsLong {
		<-ctx.Done()
		return ctx.Err()
	}
	return f.notEmbedded
}

func (f *fake) Recall(_ context.Context, q memory.Question) (memory.Answer, error) {
	f.asked = append(f.asked, q)
	return memory.Answer{Hits: f.hits, Lacks: f.lacks}, f.err
}

func (f *fake) Stats(context.Context, memory.Workspace) (memory.Stats, error) { return f.stats, f.err }

func (f *fake) Delete(_ context.Context, w memory.Workspace, _ memory.ID) error {
	f.deleted = append(f.deleted, w)
	return f.err
}

func (f *fake) Clear(context.Context) error { return f.err }

func (f *fake) CreateWorkspace(_ context.Context, info memory.WorkspaceInfo) (memory.WorkspaceInfo, error) {
	return info, f.err
}

func (f *fake) Workspaces(context.Context) ([]memory.WorkspaceInfo, error) { return f.infos, f.err }

func (f *fake) Workspace(_ context.Context, w memory.Workspace) (memory.WorkspaceInfo, error) {
	return memory.WorkspaceInfo{ID: w, Name: "Name of " + string(w)}, f.err
}

func (f *fake) DeleteWorkspace(context.Context, memory.Workspace) error { return f.err }

func (f *fake) Counts(context.Context, memory.Workspace) (memory.Counts, error) {
	return f.stats.Counts, f.err
}

// in is a session that is in one workspace.
type in memory.Workspace

func (i in) Current(context.Context) memory.Workspace     { return memory.Workspace(i) }
func (i in) Enter(context.Context, memory.Workspace) bool { return true }

func toolNamed(t testing.TB, name string, m Memory, s Sessions, o Options) mcpserver.ServerTool {
	t.Helper()
	for _, tool := range All(m, s, o) {
		if tool.Tool.Name == name {
			return tool
		}
	}
	require.Fail(t, "no tool "+name)
	return mcpserver.ServerTool{}
}

// call calls a tool with arguments as they would come in.
func call(t testing.TB, m Memory, s Sessions, name, args string) (*mcp.CallToolResult, error) {
	t.Helper()
	return callWith(t, Options{}, m, s, name, args)
}

func callWith(t testing.TB, o Options, m Memory, s Sessions, name, args string) (*mcp.CallToolResult, error) {
	t.Helper()
	r := mcp.CallToolRequest{Params: mcp.CallToolParams{Name: name, RawArguments: json.RawMessage(args)}}
	return toolNamed(t, name, m, s, o).Handler(t.Context(), r)
}

// said returns the text of a call that goes well.
func said(t testing.TB, m Memory, s Sessions, name, args string) string {
	t.Helper()
	result, err := call(t, m, s, name, args)
	require.NoError(t, err)
	return textOf(t, result)
}

func textOf(t testing.TB, result *mcp.CallToolResult) string {
	t.Helper()
	require.Len(t, result.Content, 1)
	content, ok := result.Content[0].(mcp.TextContent)
	require.True(t, ok)
	return content.Text
}

// wire is a result as a client gets it.
func wire(t testing.TB, result *mcp.CallToolResult) string {
	t.Helper()
	raw, err := json.Marshal(result)
	require.NoError(t, err)
	return string(raw)
}

func TestArgumentsMayBeLeftOut(t *testing.T) {
	for _, args := range []string{"", "null", "{}", " {} "} {
		t.Run(args, func(t *testing.T) {
			require.Contains(t, said(t, &fake{}, in("default"), "get_stats", args), "Total Memories: 0")
		})
	}
}

func TestArgumentsMayComeDecoded(t *testing.T) {
	f := &fake{}
	r := mcp.CallToolRequest{Params: mcp.CallToolParams{Arguments: map[string]any{"query": "cats", "limit": 3.0}}}
	_, err := toolNamed(t, "search_memory", f, in("default"), Options{}).Handler(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, 3, f.asked[0].Limit)
}

func TestDefaultsStandForWhatIsLeftOut(t *testing.T) {
	for name, args := range map[string]string{
		"absent": `{"query":"cats"}`,
		"null":   `{"query":"cats","limit":null,"filters":null,"workspace_id":null,"max_tokens":null}`,
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{}
			_, err := call(t, f, in("here"), "search_memory", args)
			require.NoError(t, err)
			require.Equal(t, []memory.Question{{Workspace: "here", Text: "cats", Limit: 10}}, f.asked)
		})
	}
}

func TestWholeNumbersPassAsIntegers(t *testing.T) {
	for _, written := range []string{"10", "10.0", "1e1", "1.0E+1"} {
		t.Run(written, func(t *testing.T) {
			f := &fake{}
			_, err := call(t, f, in("default"), "search_memory", `{"query":"<b>&\u2028","limit":`+written+`}`)
			require.NoError(t, err)
			require.Equal(t, 10, f.asked[0].Limit)
			require.Equal(t, "<b>&\u2028", f.asked[0].Text)
		})
	}
}

func TestMetadataComesThroughAsGiven(t *testing.T) {
	f := &fake{}
	_, err := call(t, f, in("default"), "add_memory",
		`{"text":"x","metadata":{"big":9007199254740993,"deep":{"list":[1.50,null,true]},"source":null}}`)
	require.NoError(t, err)
	require.Equal(t, map[string]any{
		"big":    json.Number("9007199254740993"),
		"deep":   map[string]any{"list": []any{json.Number("1.50"), nil, true}},
		"source": nil,
	}, f.added[0].Metadata)
}

func TestTheWorkspaceNamedComesBeforeTheSessions(t *testing.T) {
	for name, c := range map[string]struct {
		args string
		want memory.Workspace
	}{
		"none named": {`{"query":"x"}`, "here"},
		"blank":      {`{"query":"x","workspace_id":" "}`, "here"},
		"named":      {`{"query":"x","workspace_id":"there"}`, "there"},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{}
			said(t, f, in("here"), "search_memory", c.args)
			require.Equal(t, c.want, f.asked[0].Workspace)
		})
	}
}

func TestAddFallsBackWhenTheSessionsWorkspaceIsGone(t *testing.T) {
	f := &fake{noPlaces: true}
	result, err := call(t, f, in("gone"), "add_memory", `{"text":"x"}`)
	require.NoError(t, err)
	require.Equal(t, memory.DefaultWorkspace, f.added[0].Workspace)
	require.Contains(t, wire(t, result), `"workspace_id":"default"`)
}

func TestAddRefusesANamedWorkspaceThatDoesNotExist(t *testing.T) {
	f := &fake{noPlaces: true}
	_, err := call(t, f, in("default"), "add_memory", `{"text":"x","workspace_id":"gone"}`)
	require.ErrorIs(t, err, memory.ErrNoWorkspace)
	require.Empty(t, f.added)
}

func TestDeleteStaysInOneWorkspace(t *testing.T) {
	f := &fake{}
	said(t, f, in("here"), "delete_memory", `{"memory_id":"`+string(someID)+`","confirm":true}`)
	said(t, f, in("here"), "delete_memory", `{"memory_id":"`+string(someID)+`","confirm":true,"workspace_id":"there"}`)
	require.Equal(t, []memory.Workspace{"here", "there"}, f.deleted)
}

func TestDefinePanicsAtStart(t *testing.T) {
	nothing := func(context.Context, struct{}) (answer, error) { return answer{}, nil }
	for name, make := range map[string]func(){
		"no such field": func() { define(about{name: "x"}, nothing, length("nothing", 1, 2)) },
		"bad pattern": func() {
			define(about{name: "x"}, func(context.Context, setCurrentWorkspaceIn) (answer, error) { return answer{}, nil },
				matching("workspace_id", "["))
		},
		"no schema": func() {
			define(about{name: "x"}, func(context.Context, struct{ F func() }) (answer, error) { return answer{}, nil })
		},
		"bad default": func() { define(about{name: "x"}, nothing, fallback("x", func() {})) },
	} {
		t.Run(name, func(t *testing.T) { require.Panics(t, make) })
	}
}
