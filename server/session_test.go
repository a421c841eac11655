package server

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

func TestEachSessionHasAWorkspaceOfItsOwn(t *testing.T) {
	f := &fake{}
	s, _ := newServer(t, f)
	ask(as(t, s, "one"), t, s, "set_current_workspace", `{"workspace_id":"work"}`)
	ask(as(t, s, "one"), t, s, "add_memory", `{"text":"x"}`)
	ask(as(t, s, "two"), t, s, "add_memory", `{"text":"x"}`)
	require.Equal(t, []memory.Workspace{"work", "default"}, f.added)
}

func TestAClientStaysInItsWorkspace(t *testing.T) {
	f := &fake{}
	s, _ := newServer(t, f)
	c, _ := connect(t, s)
	for _, step := range []struct {
		tool string
		args map[string]any
	}{
		{"set_current_workspace", map[string]any{"workspace_id": "work"}},
		{"add_memory", map[string]any{"text": "x"}},
	} {
		_, err := c.CallTool(t.Context(), callOf(step.tool, step.args))
		require.NoError(t, err)
	}
	require.Equal(t, []memory.Workspace{"work"}, f.added)
}

func TestWithoutASessionTheDefaultHolds(t *testing.T) {
	f := &fake{}
	s, _ := newServer(t, f)
	text, isError := ask(t.Context(), t, s, "set_current_workspace", `{"workspace_id":"work"}`)
	require.True(t, isError)
	require.Equal(t, "Error: This connection has no session to remember a workspace in. Give workspace_id with each call instead.", text)
	ask(t.Context(), t, s, "add_memory", `{"text":"x"}`)
	require.Equal(t, []memory.Workspace{"default"}, f.added)
}

func TestASessionOutlivesItsWorkspace(t *testing.T) {
	f := &fake{}
	s, _ := newServer(t, f)
	ctx := as(t, s, "me")
	ask(ctx, t, s, "set_current_workspace", `{"workspace_id":"work"}`)
	f.lost = true
	for _, c := range []struct{ name, tool, args, want string }{
		{"writing", "add_memory", `{"text":"x"}`, "Memory stored successfully.\nID: " + string(someID) + "\nPreview: x"},
		{"reading", "search_memory", `{"query":"x"}`, "No results found matching your query."},
		{
			"asking", "get_current_workspace", `{}`, "Current Workspace: work\n(Workspace not found in database - using default)\n\n" +
				"Statistics:\n- Memories: 0\n- Chunks: 0\n- Entities: 0\n- Relationships: 0",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			text, isError := ask(ctx, t, s, c.tool, c.args)
			require.Equal(t, c.want, text)
			require.False(t, isError)
		})
	}
	require.Equal(t, []memory.Workspace{"default"}, f.added)
}

func TestASessionThatIsOverIsForgotten(t *testing.T) {
	s, _ := newServer(t, &fake{})
	require.NoError(t, s.MCP().RegisterSession(t.Context(), session("me")))
	ask(as(t, s, "me"), t, s, "set_current_workspace", `{"workspace_id":"work"}`)
	require.Equal(t, memory.Workspace("work"), s.sessions.Current(as(t, s, "me")))
	s.MCP().UnregisterSession(t.Context(), "me")
	require.Equal(t, memory.DefaultWorkspace, s.sessions.Current(as(t, s, "me")))
	require.Empty(t, s.sessions.order)
}

func TestTheDefaultWorkspaceTakesNoRoom(t *testing.T) {
	s, _ := newServer(t, &fake{})
	require.True(t, s.sessions.Enter(as(t, s, "me"), "work"))
	require.True(t, s.sessions.Enter(as(t, s, "me"), memory.DefaultWorkspace))
	require.Empty(t, s.sessions.in)
	require.Empty(t, s.sessions.order)
}

func TestOnlySoManySessionsAreRemembered(t *testing.T) {
	s, _ := newServer(t, &fake{})
	s.sessions.most = 3
	for i := range 5 {
		require.True(t, s.sessions.Enter(as(t, s, session(fmt.Sprint(i))), "work"))
	}
	require.Len(t, s.sessions.in, 3)
	require.Equal(t, []string{"2", "3", "4"}, s.sessions.order)
	require.Equal(t, memory.DefaultWorkspace, s.sessions.Current(as(t, s, "0")))
}

func TestAChangeOfWorkspaceIsLogged(t *testing.T) {
	const id = "0123456789abcdef"
	s, logged := newServer(t, &fake{})
	enter := func(w string) string {
		logged.Reset()
		ask(as(t, s, id), t, s, "set_current_workspace", `{"workspace_id":"`+w+`"}`)
		return logged.String()
	}
	require.Contains(t, enter("work"), `msg="Workspace changed" session_id=01234567 old_workspace=default new_workspace=work`)
	require.NotContains(t, enter("work"), "Workspace changed")
	require.NotContains(t, enter("none"), "Workspace changed")
	require.Contains(t, enter("default"), "old_workspace=work new_workspace=default")
	require.NotContains(t, logged.String(), id)
}
