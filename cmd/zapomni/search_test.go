package main

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

func TestSearchNarrows(t *testing.T) {
	h := newHome(t)
	h.fine(t, "add", "walk one", "--tag", "a", "--source", "x", "--timestamp", "2024-05-01")
	h.fine(t, "add", "walk two", "--tag", "b", "--source", "y", "--timestamp", "2024-05-02T18:00:00Z")
	h.fine(t, "add", "walk three", "--tag", "c", "--source", "y", "--timestamp", "2024-05-03")
	for _, tc := range []struct {
		name string
		args []string
		want string
	}{
		{"not at all", nil, "one three two"},
		{"by tag", []string{"--tag", "a"}, "one"},
		{"by any of several tags", []string{"--tag", "a", "--tag", "c"}, "one three"},
		{"by source", []string{"--source", "y"}, "three two"},
		{"from a date on", []string{"--from", "2024-05-02"}, "three two"},
		{"to a date with its day", []string{"--to", "2024-05-02"}, "one two"},
		{"to a time with its instant", []string{"--to", "2024-05-02T18:00:00Z"}, "one two"},
		{"to a time before", []string{"--to", "2024-05-02T17:59:59Z"}, "one"},
		{"to nothing", []string{"--from", "2025-01-01"}, ""},
		{"elsewhere", []string{"--workspace", "elsewhere"}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out := h.fine(t, append([]string{"search", "--json", "walk"}, tc.args...)...)
			require.Equal(t, tc.want, strings.Join(lastWords(decoded[answer](t, out)), " "))
		})
	}
	require.Len(t, decoded[answer](t, h.fine(t, "search", "--json", "--limit", "2", "walk")).Hits, 2)
}

// lastWords returns the last word of each hit, in alphabetical order.
func lastWords(a answer) []string {
	words := make([]string, len(a.Hits))
	for i, h := range a.Hits {
		words[i] = h.Text[strings.LastIndexByte(h.Text, ' ')+1:]
	}
	slices.Sort(words)
	return words
}

func TestSearchInJSONTellsEverything(t *testing.T) {
	h := newHome(t)
	id := strings.TrimSpace(h.fine(t, "add", "Anna walked <home> & back", "--tag", "people", "--source", "chat", "--timestamp", "2024-05-01"))
	out := h.fine(t, "search", "--json", "walking", "Anna")
	require.Equal(t, 1, strings.Count(out, "\n"))
	require.Contains(t, out, "<home> & back")

	got := decoded[answer](t, out)
	require.Equal(t, "walking Anna", got.Query)
	require.Equal(t, memory.DefaultWorkspace, got.Workspace)
	require.Len(t, got.Hits, 1)
	found := got.Hits[0]
	require.Equal(t, id, string(found.ID))
	require.Positive(t, found.Score)
	require.LessOrEqual(t, found.Score, 1.0)
	require.Equal(t, []string{"people"}, found.Tags)
	require.Equal(t, "chat", found.Source)
	require.Equal(t, time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC), found.ValidFrom)
	require.Equal(t, [3]int{1, 1, 0}, [3]int{found.Chunk, found.Chunks, found.Others})
	require.NotEmpty(t, found.Reasons)
	require.Equal(t, memory.BecauseWords, found.Reasons[0].Kind)
	require.Contains(t, found.Reasons[0].What, "walking")
}

func TestSearchWithoutHitsSaysSo(t *testing.T) {
	h := newHome(t)
	require.Equal(t, "Nothing found.\n", h.fine(t, "search", "anything"))
	require.JSONEq(t, `{"query": "anything", "workspace": "default", "hits": []}`, h.fine(t, "search", "--json", "anything"))

	got := h.run(t, "search", "--workspace", "elsewhere", "anything")
	require.Zero(t, got.status)
	require.Equal(t, "Nothing found.\n", got.out)
	require.Contains(t, got.err, `there is no workspace "elsewhere"`)
}

func TestSearchIsPlainForAProgram(t *testing.T) {
	h := newHome(t)
	id := h.fine(t, "add", "one line\nand \x1b[31manother\x1b[0m\x07 \u202eone", "--tag", "a", "--tag", "b\x1b[2J", "--source", "chat", "--timestamp", "2024-05-01")
	facts := `\n    0\.\d\d · 2024-05-01 · a, b\[2J · chat · .*words: lines.* · ` + id + "$"
	require.Regexp(t, `^ 1\. one line and \[31manother\[0m one`+facts, h.fine(t, "search", "lines"))
	require.Regexp(t, `^ 1\. one line\n    and \[31manother\[0m one`+facts, h.fine(t, "search", "--full", "lines"))
}

func TestStatsAndWorkspacesSayWhatThereIs(t *testing.T) {
	h := newHome(t)
	h.fine(t, "add", "hello", "--data-dir", "d")
	got := decoded[stats](t, h.fine(t, "stats", "--json", "--data-dir", "d"))
	require.Equal(t, memory.DefaultWorkspace, got.Workspace)
	require.Equal(t, [2]int{1, 1}, [2]int{got.Memories, got.Chunks})
	require.Equal(t, filepath.Join(h.dir, "d", "zapomni.db"), got.Store)
	require.Positive(t, got.Bytes)
	require.NotNil(t, got.Oldest)

	require.Equal(t, got, decoded[stats](t, h.fine(t, "stats", "--json", "--data-dir", "d", "--workspace", "")))

	shown := h.fine(t, "stats", "--data-dir", "d")
	require.Contains(t, shown, "Memories:   1\n")
	require.Contains(t, shown, got.Store)

	require.NotContains(t, h.fine(t, "stats", "--data-dir", "empty"), "Oldest")
	require.Regexp(t, `(?m)^default +1 +Default Workspace$`, h.fine(t, "workspaces", "--data-dir", "d"))
	list := decoded[map[string][]workspace](t, h.fine(t, "workspaces", "--json", "--data-dir", "d"))
	require.Len(t, list["workspaces"], 1)
	require.Equal(t, 1, list["workspaces"][0].Memories)
}

func TestSizeIsForAPerson(t *testing.T) {
	for n, want := range map[int64]string{0: "0 bytes", 999: "999 bytes", 1000: "1.0 kB", 54_501_376: "54.5 MB", 7e15: "7000.0 TB"} {
		require.Equal(t, want, size(n))
	}
}

func TestSearchByMeaningSaysThatItHasNoPart(t *testing.T) {
	h := newHome(t)
	h.environ = append(h.environ, "ENABLE_HYBRID_SEARCH=false")
	h.fine(t, "add", "Anna moved to Lisbon.")
	got := h.run(t, "search", "--mode", "meaning", "Lisbon")
	require.Zero(t, got.status)
	require.Equal(t, "Nothing found.\n", got.out)
	require.Equal(t, "zapomni: not searched: there is no embedder\n", got.err)
	require.Equal(t, "there is no embedder", decoded[answer](t, h.fine(t, "search", "--json", "--mode", "meaning", "Lisbon")).Lacks)
	require.Len(t, decoded[answer](t, h.fine(t, "search", "--json", "Lisbon")).Hits, 1)
}

func TestSearchByWordsAsksNoEmbedder(t *testing.T) {
	h := newHome(t)
	h.environ = append(h.environ, "ZAPOMNI_EMBEDDING_PROVIDER=none")
	h.fine(t, "add", "Anna moved to Lisbon.")
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		http.Error(w, "", http.StatusNotFound)
	}))
	defer server.Close()
	h.environ = append(h.environ, "ZAPOMNI_EMBEDDING_PROVIDER=ollama", "OLLAMA_BASE_URL="+server.URL)
	require.Len(t, decoded[answer](t, h.fine(t, "search", "--json", "--mode", "words", "Lisbon")).Hits, 1)
	require.Zero(t, asked.Load())
	h.run(t, "search", "Lisbon")
	require.Positive(t, asked.Load())
}
