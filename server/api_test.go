package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

const otherID memory.ID = "0190a8f0-0000-7000-8000-000000000002"

// viewer holds two memories, of three chunks and of one.
type viewer struct {
	*fake

	text  string
	asked memory.Question
}

var noon = time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)

func cards() []memory.Card {
	return []memory.Card{
		{ID: someID, Title: "one", Kind: memory.KindNote, Tags: []string{"a"}, Source: "diary", CreatedAt: noon, ValidFrom: noon.Add(-time.Hour), Chunks: 3},
		{ID: otherID, Title: "two", Kind: memory.KindLine, CreatedAt: noon, ValidFrom: noon, Chunks: 1},
	}
}

func (v *viewer) Recall(_ context.Context, q memory.Question) (memory.Answer, error) {
	v.asked = q
	return memory.Answer{Hits: v.hits}, v.reply()
}

func (v *viewer) Get(_ context.Context, w memory.Workspace, id memory.ID) (memory.Memory, error) {
	if id != someID {
		return memory.Memory{}, fmt.Errorf("get: %w", memory.ErrNotFound)
	}
	return memory.Memory{
		ID: id, Workspace: w, Text: v.text, Metadata: []byte(`{"x":1}`), Tags: []string{"a"},
		CreatedAt: noon, ValidFrom: noon, Chunks: make([]memory.Chunk, 3),
	}, v.reply()
}

func (v *viewer) Beside(context.Context, memory.Memory) ([]memory.Beside, error) {
	return []memory.Beside{{ID: otherID, Title: "two", Kind: memory.BecauseNeighbor, Offset: -1}}, v.reply()
}

func (v *viewer) Browse(_ context.Context, w memory.Workspace, after memory.Cursor, n int) ([]memory.Card, memory.Cursor, error) {
	switch {
	case w != memory.DefaultWorkspace:
		return nil, "", v.reply()
	case after == "" && n == 1:
		return cards()[:1], "1", v.reply()
	case after == "1":
		return cards()[1:], "", v.reply()
	}
	return cards(), "", v.reply()
}

func (v *viewer) Latest(_ context.Context, _ memory.Workspace, skip, n int) ([]memory.Card, int, error) {
	all := cards()[min(skip, 2):]
	return all[:min(n, len(all))], 2, v.reply()
}

func (v *viewer) Web(context.Context, memory.Workspace, int) (memory.Web, error) {
	return memory.Web{
		All: 7, Cards: cards(), Hubs: []memory.Hub{{Kind: memory.HubTag, Label: "a", Cards: 2}},
		Ties: []memory.Tie{{From: 0, To: 2, Kind: memory.HubTag}},
	}, v.reply()
}

// get asks the API, and returns its answer, its body and what was logged.
func get(t *testing.T, v *viewer, path string) (*httptest.ResponseRecorder, string, string) {
	t.Helper()
	return call(t, v, http.MethodGet, path)
}

func call(t *testing.T, v *viewer, method, path string) (*httptest.ResponseRecorder, string, string) {
	t.Helper()
	var logged bytes.Buffer
	w := httptest.NewRecorder()
	API(v, slog.New(slog.NewTextHandler(&logged, nil))).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, nil))
	return w, w.Body.String(), logged.String()
}

func newViewer() *viewer {
	return &viewer{fake: &fake{counts: memory.Counts{Memories: 2, Chunks: 4}}, text: "a text"}
}

func TestAPIAnswers(t *testing.T) {
	chunk := func(i int) string { return chunkID(someID, i) }
	edge := func(i int) string {
		return fmt.Sprintf(`{"id":"%s-%s","source":"%s","target":"%s","type":"HAS_CHUNK"}`, someID, chunk(i), someID, chunk(i))
	}
	node := func(i int) string {
		return fmt.Sprintf(`{"id":"%s","label":"Chunk %s","type":"Chunk"}`, chunk(i), chunk(i)[:8])
	}
	one := `{"id":"0190a8f0-0000-7000-8000-000000000001","title":"one","kind":"note","tags":["a"],"source":"diary","created":1740830400000,"valid":1740826800000,"chunks":3}`
	two := `{"id":"0190a8f0-0000-7000-8000-000000000002","title":"two","kind":"line","created":1740830400000,"valid":1740830400000,"chunks":1}`
	for _, tt := range []struct{ name, path, want string }{
		{
			"graph, bounded by pairs", "/api/graph?limit=2",
			`{"nodes":[{"id":"` + string(someID) + `","label":"Memory 0190a8f0","type":"Memory"},` + node(0) + `,` + node(1) + `],"edges":[` + edge(0) + `,` + edge(1) + `],"workspace":"default"}`,
		},
		{"graph of an unknown workspace", "/api/graph?workspace=nowhere", `{"nodes":[],"edges":[],"workspace":"nowhere"}`},
		{
			"web", "/api/web?workspace=work",
			`{"workspace":"work","all":7,"memories":[` + one + `,` + two + `],"hubs":[{"kind":"tag","label":"a","count":2}],"ties":[{"from":0,"to":2,"kind":"tag"}]}`,
		},
		{
			"memory", "/api/memory?id=" + string(someID),
			`{"id":"0190a8f0-0000-7000-8000-000000000001","text":"a text","bytes":6,"metadata":{"x":1},"tags":["a"],"created":1740830400000,"valid":1740830400000,"chunks":3,` +
				`"beside":[{"id":"0190a8f0-0000-7000-8000-000000000002","title":"two","kind":"neighbor","offset":-1}]}`,
		},
		{"timeline", "/api/timeline?limit=1", `{"all":2,"skip":0,"memories":[` + one + `]}`},
		{"timeline, further on", "/api/timeline?skip=1", `{"all":2,"skip":1,"memories":[` + two + `]}`},
		{"workspaces", "/api/workspaces", `{"all":1,"workspaces":[{"id":"work","name":"Work","memories":2}]}`},
		{"statistics", "/api/stats", `{"workspace":"default","memories":2,"chunks":4,"database_bytes":0}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, body, logged := get(t, newViewer(), tt.path)
			require.Equal(t, http.StatusOK, r.Code)
			require.JSONEq(t, tt.want, body)
			require.Equal(t, "application/json; charset=utf-8", r.Header().Get("Content-Type"))
			require.Equal(t, "no-store", r.Header().Get("Cache-Control"))
			require.Equal(t, "nosniff", r.Header().Get("X-Content-Type-Options"))
			require.Empty(t, logged)
		})
	}
}

func TestAPIGraphGoesOnFromPageToPage(t *testing.T) {
	_, body, _ := get(t, newViewer(), "/api/graph")
	var g graphOut
	require.NoError(t, json.Unmarshal([]byte(body), &g))
	require.Len(t, g.Nodes, 6)
	require.Len(t, g.Edges, 4)
	ids := map[string]bool{}
	for _, n := range g.Nodes {
		require.False(t, ids[n.ID], "a node stands twice")
		ids[n.ID] = true
	}
}

func TestAPISearchShowsReasonsAndScores(t *testing.T) {
	v := newViewer()
	v.hits = []memory.Hit{{
		Memory: someID, Chunk: 1, Chunks: 3, Text: strings.Repeat("é", 5000), Score: 0.123456, CreatedAt: noon, ValidFrom: noon,
		Reasons: []memory.Reason{{Kind: memory.BecauseWords, What: "lisbon"}, {Kind: memory.BecausePhrase}},
	}}
	r, body, _ := get(t, v, "/api/search?workspace=work&q=where&limit=7&tag=a&tag=b&source=diary&from=2025-03-01&to=2025-03-02T10:00:00Z")
	require.Equal(t, http.StatusOK, r.Code)
	require.Equal(t, memory.Question{Workspace: "work", Text: "where", Limit: 7, Filter: memory.Filter{
		Tags: []string{"a", "b"}, Source: "diary",
		From: time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2025, 3, 2, 10, 0, 0, 1000, time.UTC),
	}}, v.asked)
	var got struct{ Hits []hitOut }
	require.NoError(t, json.Unmarshal([]byte(body), &got))
	require.Equal(t, []hitOut{{
		ID: someID, Text: strings.Repeat("é", 2000), Score: 0.1235, Chunk: 2, Chunks: 3, Created: noon.UnixMilli(), Valid: noon.UnixMilli(),
		Reasons: []reasonOut{{memory.BecauseWords, "lisbon"}, {Kind: memory.BecausePhrase}},
	}}, got.Hits)
}

func TestAPISearchIncludesTheLastDay(t *testing.T) {
	v := newViewer()
	get(t, v, "/api/search?q=where&to=2025-03-02")
	require.Equal(t, memory.Filter{To: time.Date(2025, 3, 3, 0, 0, 0, 0, time.UTC)}, v.asked.Filter)
}

func TestAPIBoundsAText(t *testing.T) {
	v := newViewer()
	v.text = strings.Repeat("x", 1_000_000)
	_, body, _ := get(t, v, "/api/memory?id="+string(someID))
	require.Less(t, len(body), 201_000)
	require.Contains(t, body, `"bytes":1000000`)
}

func TestAPIRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, path string
		status     int
		want       string
	}{
		{"a limit that is no number", "/api/graph?limit=many", 400, "limit must be a whole number between 1 and 10000"},
		{"a limit too small", "/api/graph?limit=0", 400, "limit must be a whole number between 1 and 10000"},
		{"a limit too large", "/api/web?limit=10001", 400, "limit must be a whole number between 1 and 10000"},
		{"a limit of hits", "/api/search?q=x&limit=101", 400, "Invalid input: limit must be a whole number between 1 and 100"},
		{"a skip before the first", "/api/timeline?skip=-1", 400, "skip must be a whole number between 0 and 2147483647"},
		{"a time that is none", "/api/search?q=x&from=soon", 400, "Invalid input: from must be RFC 3339 or a date (YYYY-MM-DD)"},
		{"an ID that is none", "/api/memory?id=x", 400, "id must be a UUID"},
		{"an unknown memory", "/api/memory?id=" + string(otherID), 404, "There is no such memory. It may have been deleted."},
		{
			"an unknown workspace", "/api/stats?workspace=wurk", 404,
			"Workspace 'wurk' does not exist. Nearest: work. Use list_workspaces to see all, create_workspace to make one.",
		},
		{"an unknown address", "/api/secrets", 404, "There is nothing at this address."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, body, logged := get(t, newViewer(), tt.path)
			require.Equal(t, tt.status, r.Code)
			var got struct{ Error string }
			require.NoError(t, json.Unmarshal([]byte(body), &got))
			require.Equal(t, tt.want, got.Error)
			require.Empty(t, logged)
		})
	}
}

func TestAPIOnlyReads(t *testing.T) {
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
		r, _, _ := call(t, newViewer(), method, "/api/graph")
		require.Equal(t, http.StatusMethodNotAllowed, r.Code)
		require.Equal(t, "GET, HEAD", r.Header().Get("Allow"))
		require.Empty(t, r.Header().Get("Access-Control-Allow-Origin"))
	}
}

func TestAPIFailuresAreWordedAndLoggedOnce(t *testing.T) {
	secret := "secret detail"
	unavailable := fmt.Errorf("query: %w: %s", memory.ErrUnavailable, secret)
	for _, tt := range []struct {
		name, path string
		err        error
		do         func()
		status     int
		want       string
	}{
		{"graph", "/api/graph", unavailable, nil, 500, "Failed to run the graph query: " + busy},
		{"web", "/api/web", unavailable, nil, 503, "Failed to run the graph query: " + busy},
		{"search", "/api/search?q=x", unavailable, nil, 503, "Database error during search. Please try again."},
		{"memory", "/api/memory?id=" + string(someID), unavailable, nil, 503, "Failed to run the query for a memory: " + busy},
		{"workspaces", "/api/workspaces", unavailable, nil, 503, "Failed to list workspaces: " + busy},
		{"statistics", "/api/stats", unavailable, nil, 503, "Failed to retrieve statistics - " + busy},
		{"too slow", "/api/timeline", fmt.Errorf("%s: %w", secret, context.DeadlineExceeded), nil, 504, "The call took too long and was stopped. Please try again."},
		{"unknown", "/api/timeline", errors.New(secret), nil, 500, "Failed to run the timeline query."},
		{"panic", "/api/timeline", nil, func() { panic(secret) }, 500, "Failed to run the timeline query."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := newViewer()
			v.err, v.do = tt.err, tt.do
			r, body, logged := get(t, v, tt.path)
			require.Equal(t, tt.status, r.Code)
			require.NotContains(t, body, secret)
			var got struct {
				Error        string
				Nodes, Edges []any
			}
			require.NoError(t, json.Unmarshal([]byte(body), &got))
			require.Equal(t, tt.want, got.Error)
			require.Equal(t, tt.name == "graph", got.Nodes != nil && got.Edges != nil)
			require.Equal(t, 1, strings.Count(logged, "\n"))
			require.Contains(t, logged, secret)
		})
	}
}

func TestAPIMakesFewLargeAnswersAtATime(t *testing.T) {
	a := &api{large: make(chan struct{}, mostLarge)}
	leave := a.enter(t.Context())
	a.enter(t.Context())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a.enter(ctx)() // does not wait, and gives back nothing
	require.Len(t, a.large, mostLarge)
	leave()
	a.enter(t.Context())
	require.Len(t, a.large, mostLarge)
}
