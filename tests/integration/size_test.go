package integration

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// bound is what an answer takes at most, unless its caller asks for more.
const bound = 20_000

// hostile texts take many more bytes on the wire than they have characters.
var hostile = []string{
	strings.Repeat("\x01", 600),
	strings.Repeat("<>&", 300),
	strings.Repeat("🦦", 400),
	strings.Repeat(`"\`, 300),
	strings.Repeat("\u2028", 500),
	strings.Repeat("plain words ", 60),
}

func TestNoAnswerIsLargerThanTheBoundUnlessAskedFor(t *testing.T) {
	h := build(t)
	for i := range 120 {
		h.add(t, map[string]any{
			"text": fmt.Sprintf("Otter %d. %s", i, hostile[i%len(hostile)]),
			"metadata": map[string]any{
				"tags":   []string{hostile[i%len(hostile)], "river", strings.Repeat("\x02", 90)},
				"source": hostile[(i+1)%len(hostile)],
			},
		})
	}
	for _, full := range []bool{false, true} {
		t.Run(fmt.Sprint("full=", full), func(t *testing.T) {
			a := h.call(t, "search_memory", map[string]any{"query": "otter", "limit": 100, "full": full})
			require.False(t, a.isError, a.text)
			require.LessOrEqual(t, a.size, bound)
			require.True(t, strings.HasPrefix(a.text, "Found 100 results:\n"))
			require.Regexp(t, `\n\d+ more left out to keep this answer short; ask again with a larger max_tokens to see them\.\n$`, a.text)
		})
	}
	t.Run("asked for more", func(t *testing.T) {
		a := h.call(t, "search_memory", map[string]any{"query": "otter", "limit": 100, "full": true, "max_tokens": 250_000})
		require.Greater(t, a.size, bound)
		require.LessOrEqual(t, a.size, 1_000_000)
		require.NotContains(t, a.text, "left out")
		require.Contains(t, a.text, "\n100. [Score: ")
		require.NotEmpty(t, a.data)
	})
	t.Run("asked for less", func(t *testing.T) {
		a := h.call(t, "search_memory", map[string]any{"query": "otter", "limit": 100, "max_tokens": 500})
		require.LessOrEqual(t, a.size, 2000)
		require.Contains(t, a.text, "left out")
	})
}

func TestTheListOfWorkspacesIsBounded(t *testing.T) {
	h := build(t)
	for i := range 150 {
		a := h.call(t, "create_workspace", map[string]any{
			"workspace_id": fmt.Sprintf("w%d", i), "name": "n" + strings.Repeat("\x01", 250), "description": "d" + strings.Repeat("<", 900),
		})
		require.False(t, a.isError, a.text)
		require.LessOrEqual(t, a.size, bound)
	}
	a := h.call(t, "list_workspaces", nil)
	require.LessOrEqual(t, a.size, bound)
	require.True(t, strings.HasPrefix(a.text, "Found 151 workspace(s):\n- default: "))
	require.Regexp(t, `\d+ more left out to keep this answer short\.$`, a.text)
}
