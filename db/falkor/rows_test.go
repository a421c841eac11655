package falkor

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/db/falkor/falkortest"
	"zapomni/memory"
)

// A server may cut off rows without a word: FalkorDB's image does so after
// 10,000.
func TestListsAreWholeWhateverTheServerCutsOff(t *testing.T) {
	t.Parallel()
	server := falkortest.Start(t)
	must(t, server, "GRAPH.CONFIG", "SET", "RESULTSET_SIZE", "2")
	log, logged := logged(t)
	s, err := Open(t.Context(), configFor(t, server), log)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.Len(t, logged.named("setting_doubtful"), 1)
	require.Contains(t, logged.text(), `"max":2,`)

	want := []memory.Workspace{"default"}
	for i := range 7 {
		info := memory.WorkspaceInfo{ID: memory.Workspace(fmt.Sprint("w", i)), CreatedAt: time.Now().UTC()}
		require.NoError(t, s.AddWorkspace(t.Context(), info))
		want = append(want, info.ID)
	}
	infos, err := s.Workspaces(t.Context())
	require.NoError(t, err)
	var have []memory.Workspace
	for _, info := range infos {
		have = append(have, info.ID)
	}
	require.Equal(t, want, have)

	var ids []memory.ID
	for range 9 {
		m := piecesOf(3)
		require.NoError(t, s.Put(t.Context(), m))
		ids = append(ids, m.ID)
	}
	listed, next, err := s.List(t.Context(), "default", "", 100)
	require.NoError(t, err)
	require.Empty(t, next)
	require.Equal(t, ids, listed)
	require.Len(t, waiting(t, s, "default", 5), 27)
	require.NoError(t, s.Clear(t.Context()))
	infos, err = s.Workspaces(t.Context())
	require.NoError(t, err)
	require.Len(t, infos, 1)
	require.Equal(t, int64(1), must(t, server, "EXISTS", s.graph))
	require.Equal(t, int64(0), must(t, server, "EXISTS", s.graphOf("w6")))
}

func TestOnlyAServerThatCutsAnswersShortIsWarnedOf(t *testing.T) {
	t.Parallel()
	for value, warnings := range map[string]int{"-1": 0, "10000": 0, "9999": 1, "0": 1} {
		f := newFake(t)
		f.say("GRAPH.CONFIG", "*2\r\n+RESULTSET_SIZE\r\n:"+value+"\r\n")
		_, e := ready(t, f.config())
		require.Len(t, e.named("setting_doubtful"), warnings, value)
	}
	f := newFake(t)
	f.say("GRAPH.CONFIG", "-NOPERM User x has no permissions to run the 'graph.CONFIG' command\r\n")
	_, e := ready(t, f.config())
	require.Empty(t, e.named("setting_doubtful"))
}
