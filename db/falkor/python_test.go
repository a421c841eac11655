package falkor

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"zapomni/db/falkor/cypher"
	"zapomni/db/falkor/falkortest"
	"zapomni/memory"
	"zapomni/memory/chunk"
)

// windows are how the Python version cuts texts.
var windows = chunk.Options{Size: 512, Overlap: 50}

// snake is a graph as the Python version leaves it.
type snake struct {
	t *testing.T
	s *falkortest.Server
	c Config
}

func newSnake(t *testing.T) snake {
	t.Helper()
	s := falkortest.Shared(t)
	return snake{t, s, configFor(t, s)}
}

func (n snake) query(text string, params ...cypher.Param) {
	n.t.Helper()
	whole, err := cypher.Append(nil, text, params...)
	require.NoError(n.t, err)
	n.raw(string(whole))
}

func (n snake) raw(text string) {
	n.t.Helper()
	_, err := n.s.Do("GRAPH.QUERY", n.c.Graph, text)
	require.NoError(n.t, err)
}

// add makes a node with some properties, beside those that all have.
func (n snake) add(properties ...cypher.Param) memory.ID {
	n.t.Helper()
	id := memory.ID(uuid.NewString())
	all := cypher.Map{}
	for _, p := range append(properties,
		cypher.P("id", string(id)), cypher.P("text", "Anna moved to Lisbon."), cypher.P("created_at", "2025-01-31T12:00:00.123456+00:00")) {
		if !slicesHas(all, p.Name) {
			all = append(all, p)
		}
	}
	n.query("CREATE (m:Memory) SET m = $all", cypher.P("all", all))
	return id
}

func slicesHas(m cypher.Map, name string) bool {
	for _, p := range m {
		if p.Name == name {
			return true
		}
	}
	return false
}

func (n snake) open() *Python {
	n.t.Helper()
	p, err := OpenPython(n.t.Context(), n.c, windows, slog.New(slog.DiscardHandler))
	require.NoError(n.t, err)
	n.t.Cleanup(func() { require.NoError(n.t, p.Close()) })
	return p
}

// listed goes through a workspace, two at a time.
func listed(t *testing.T, p *Python, w memory.Workspace) []memory.ID {
	t.Helper()
	var all []memory.ID
	for after := memory.Cursor(""); ; {
		ids, next, err := p.List(t.Context(), w, after, 2)
		require.NoError(t, err)
		all = append(all, ids...)
		if next == "" {
			return all
		}
		after = next
	}
}

func TestPythonReadsAMemoryWhole(t *testing.T) {
	n := newSnake(t)
	id := n.add(
		cypher.P("text", " Anna moved to\nLisbon. \\ 'quoted' \"twice\" 🐍 "), cypher.P("tags", []string{"a", "b,c"}), cypher.P("source", "chat"),
		cypher.P("metadata", `{"source": "chat", "tags": ["a", "b,c"], "big": 12345678901234567890, "timestamp": "2025-01-31T12:00:00+00:00"}`),
		cypher.P("workspace_id", "work"), cypher.P("stale", false), cypher.P("version", 1), cypher.P("is_current", true),
	)
	p := n.open()
	got, err := p.Get(t.Context(), "work", id)
	require.NoError(t, err)
	text := "Anna moved to\nLisbon. \\ 'quoted' \"twice\" 🐍"
	require.Equal(t, memory.Memory{
		ID: id, Workspace: "work", Text: text, Source: "chat", Tags: []string{"a", "b,c"},
		Metadata:  []byte(`{"source": "chat", "tags": ["a", "b,c"], "big": 12345678901234567890, "timestamp": "2025-01-31T12:00:00+00:00"}`),
		CreatedAt: time.Date(2025, 1, 31, 12, 0, 0, 123_456_000, time.UTC),
		ValidFrom: time.Date(2025, 1, 31, 12, 0, 0, 0, time.UTC),
		Chunks:    []memory.Chunk{{Start: 0, End: len(text)}},
	}, got)
}

func TestPythonReadsWhatOlderVersionsLeft(t *testing.T) {
	n := newSnake(t)
	for _, tc := range []struct {
		name       string
		properties []cypher.Param
		want       memory.Memory
	}{
		{"no more than a text and a time without a zone", []cypher.Param{cypher.P("created_at", "2025-01-31T12:00:00")}, memory.Memory{}},
		{"empty properties", []cypher.Param{
			cypher.P("metadata", ""), cypher.P("source", ""), cypher.P("tags", []string{}), cypher.P("workspace_id", ""),
			cypher.P("created_at", "2025-01-31T12:00:00Z"),
		}, memory.Memory{}},
		{"tags and source in metadata alone", []cypher.Param{
			cypher.P("metadata", `{"source":"x","tags":["y"]}`), cypher.P("created_at", "2025-01-31T14:00:00+02:00"),
		}, memory.Memory{Metadata: []byte(`{"source":"x","tags":["y"]}`), Source: "x", Tags: []string{"y"}}},
		{"tags as JSON", []cypher.Param{cypher.P("tags", `["y"]`), cypher.P("created_at", "2025-01-31 12:00:00")}, memory.Memory{Tags: []string{"y"}}},
		{"metadata of odd forms", []cypher.Param{
			cypher.P("metadata", `{"source":1,"tags":"y","timestamp":[]}`), cypher.P("created_at", "2025-01-31T12:00:00Z"),
		}, memory.Memory{Metadata: []byte(`{"source":1,"tags":"y","timestamp":[]}`)}},
		{"the time it speaks of alone", []cypher.Param{cypher.P("created_at", nil), cypher.P("valid_from", "2025-01-31T12:00:00Z")}, memory.Memory{}},
	} {
		id := n.add(tc.properties...)
		tc.want.ID, tc.want.Workspace, tc.want.Text = id, memory.DefaultWorkspace, "Anna moved to Lisbon."
		tc.want.CreatedAt = time.Date(2025, 1, 31, 12, 0, 0, 0, time.UTC)
		tc.want.ValidFrom = tc.want.CreatedAt
		tc.want.Chunks = []memory.Chunk{{Start: 0, End: len(tc.want.Text)}}
		t.Run(tc.name, func(t *testing.T) {
			got, err := n.open().Get(t.Context(), memory.DefaultWorkspace, id)
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		})
	}
}

func TestPythonSaysWhatCannotBeRead(t *testing.T) {
	n := newSnake(t)
	good := n.add()
	for _, tc := range []struct {
		name, want string
		properties []cypher.Param
	}{
		{"no text", "its text is empty", []cypher.Param{cypher.P("text", nil)}},
		{"a blank text", "its text is empty", []cypher.Param{cypher.P("text", " \n")}},
		{"a number for a text", "its text is a int", []cypher.Param{cypher.P("text", 7)}},
		{"no time", "its created_at is missing", []cypher.Param{cypher.P("created_at", nil)}},
		{"a time that is none", "its created_at is no time", []cypher.Param{cypher.P("created_at", "yesterday")}},
		{"a number for a time", "its created_at is a int", []cypher.Param{cypher.P("created_at", 1738324800)}},
		{"another time that is none", "its valid_from is no time", []cypher.Param{cypher.P("valid_from", "2025-13-01")}},
		{"metadata that are no JSON", "its metadata is no JSON object", []cypher.Param{cypher.P("metadata", "{'a': NaN}")}},
		{"metadata that are a list", "its metadata is no JSON object", []cypher.Param{cypher.P("metadata", "[1]")}},
		{"numbers for tags", "its tags are not all texts", []cypher.Param{cypher.P("tags", []any{"a", 1})}},
		{"one number for tags", "its tags are a int", []cypher.Param{cypher.P("tags", 1)}},
		{"a list for a source", "its source is a list", []cypher.Param{cypher.P("source", []string{"a"})}},
		{"an id that is none", "its id is no UUID", []cypher.Param{cypher.P("id", "7'] MATCH (n) DELETE n")}},
		{"no id", "its id is no UUID", []cypher.Param{cypher.P("id", nil)}},
		{"a number for an id", "its id is no UUID", []cypher.Param{cypher.P("id", 7)}},
		{"a list for a workspace", "its workspace_id is a list", []cypher.Param{cypher.P("workspace_id", []string{"a"})}},
		{"the id of another", "another memory has the same id", []cypher.Param{cypher.P("id", string(good)), cypher.P("text", "x")}},
	} {
		before := listed(t, n.open(), memory.DefaultWorkspace)
		n.add(tc.properties...)
		t.Run(tc.name, func(t *testing.T) {
			p := n.open()
			after := listed(t, p, memory.DefaultWorkspace)
			require.Len(t, after, len(before)+1)
			failed := 0
			for _, id := range after {
				if _, err := p.Get(t.Context(), memory.DefaultWorkspace, id); err != nil {
					require.ErrorIs(t, err, memory.ErrInvalid)
					failed++
					if strings.Contains(err.Error(), tc.want) {
						tc.want = ""
					}
				}
			}
			require.Empty(t, tc.want)
			require.Equal(t, len(before), failed, "all but the first")
		})
	}
}

func TestPythonBearsTextsThatAreNotUTF8(t *testing.T) {
	n := newSnake(t)
	n.raw("CREATE (:Memory {id: '" + uuid.NewString() + "', text: 'a\xff', created_at: '2025-01-31T12:00:00Z', workspace_id: 'b\xff'})")
	p := n.open()
	infos, err := p.Workspaces(t.Context())
	require.NoError(t, err)
	require.Equal(t, memory.Workspace("b\xff"), infos[1].ID)
	_, err = p.Get(t.Context(), infos[1].ID, listed(t, p, infos[1].ID)[0])
	require.ErrorIs(t, err, memory.ErrInvalid)
	require.ErrorContains(t, err, "its text is not valid UTF-8")
}

func TestPythonListsInTheOrderOfRecording(t *testing.T) {
	n := newSnake(t)
	var want []memory.ID
	ids := map[string]memory.ID{}
	for _, at := range []string{ // recorded in another order than the graph numbers them
		"2025-01-31T12:00:02+00:00", "2025-01-31T12:00:00.5+00:00", "2025-01-31T14:00:01+02:00", "2025-01-31T12:00:00+00:00", "2025-01-31T12:00:03Z",
	} {
		ids[at] = n.add(cypher.P("created_at", at))
	}
	for _, at := range []string{
		"2025-01-31T12:00:00+00:00", "2025-01-31T12:00:00.5+00:00", "2025-01-31T14:00:01+02:00", "2025-01-31T12:00:02+00:00", "2025-01-31T12:00:03Z",
	} {
		want = append(want, ids[at])
	}
	p := n.open()
	require.Equal(t, want, listed(t, p, memory.DefaultWorkspace))
	counts, err := p.Counts(t.Context(), memory.DefaultWorkspace)
	require.NoError(t, err)
	require.Equal(t, len(want), counts.Memories)
	for _, after := range []memory.Cursor{"x", "-1", "6"} {
		_, _, err := p.List(t.Context(), memory.DefaultWorkspace, after, 2)
		require.ErrorIs(t, err, memory.ErrInvalid)
	}
}

func TestPythonListsMoreThanOneQueryReads(t *testing.T) {
	n := newSnake(t)
	n.query("UNWIND range(1, $n) AS i CREATE (:Chunk) CREATE (:Memory {id: 'x', created_at: '2025-01-31T12:00:00Z', text: toString(i)})",
		cypher.P("n", nodesAtOnce*3/2))
	require.Len(t, listed(t, n.open(), memory.DefaultWorkspace), nodesAtOnce*3/2)
}

func TestPythonLeavesOutWhatIsNotCurrent(t *testing.T) {
	n := newSnake(t)
	twin := n.add()
	n.add(cypher.P("id", string(twin)))
	n.add(cypher.P("id", strings.ToUpper(string(twin))))
	old := n.add(cypher.P("is_current", false), cypher.P("transaction_to", "2025-02-01T00:00:00+00:00"))
	n.add(cypher.P("transaction_to", "2025-02-01T00:00:00+00:00"))
	current := n.add(cypher.P("is_current", true), cypher.P("transaction_to", nil), cypher.P("previous_version_id", string(old)))
	n.query("CREATE (:Entity {name: 'Anna'})-[:RELATED_TO]->(:Entity {name: 'Lisbon'})")
	p := n.open()
	require.Equal(t, LeftOut{Versions: 2, Copies: 2, Entities: 2}, p.LeftOut())
	require.Subset(t, listed(t, p, memory.DefaultWorkspace), []memory.ID{twin, current})
}

func TestPythonListsWorkspaces(t *testing.T) {
	n := newSnake(t)
	n.query("CREATE (:Workspace {id: 'work', name: ' Work ', description: 'all of it', created_at: '2025-02-01T00:00:00Z'})")
	n.query("CREATE (:Workspace {id: 'work', name: 'Again', created_at: '2024-02-01T00:00:00Z'})")
	n.query("CREATE (:Workspace {id: 'empty', created_at: 7})")
	n.add(cypher.P("workspace_id", "unlisted"), cypher.P("created_at", "2025-01-01T00:00:00Z"))
	n.add(cypher.P("workspace_id", "unlisted"), cypher.P("created_at", "2025-01-02T00:00:00Z"))
	infos, err := n.open().Workspaces(t.Context())
	require.NoError(t, err)
	for i := range infos {
		if infos[i].ID == memory.DefaultWorkspace {
			infos[i].CreatedAt = time.Time{} // there is no node that says it
		}
	}
	require.Equal(t, []memory.WorkspaceInfo{
		{ID: memory.DefaultWorkspace, Name: memory.DefaultWorkspaceName, Description: memory.DefaultWorkspaceDescription},
		{ID: "empty", Name: "empty", CreatedAt: time.Unix(0, 0).UTC()},
		{ID: "unlisted", Name: "unlisted", CreatedAt: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)},
		{ID: "work", Name: "Work", Description: "all of it", CreatedAt: time.Date(2025, 2, 1, 0, 0, 0, 0, time.UTC)},
	}, infos)
}

// overlapping cuts a text as the Python version does.
func overlapping(text string) []string {
	all, step := []rune(text), windows.Size-windows.Overlap
	var parts []string
	for at := 0; at == 0 || at+windows.Overlap < len(all); at += step {
		parts = append(parts, string(all[at:min(at+windows.Size, len(all))]))
	}
	return parts
}

// story is a text of n characters without repetitions.
func story(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < 2*n; i++ {
		fmt.Fprintf(&b, "Глава %d. ", i)
	}
	return string([]rune(b.String())[:n-1]) + "."
}

func TestPythonTextsArePutTogetherRight(t *testing.T) {
	long := story(3000)
	for _, tc := range []struct {
		name, text string // as it is stored
		chunks     []string
		want       string
		mended     int
	}{
		{"of overlapping chunks", strings.Join(overlapping(long), ""), overlapping(long), long, 1},
		{"of which the last brings one character", strings.Join(overlapping(story(513)), ""), overlapping(story(513)), story(513), 1},
		{"of which the last two are joined", strings.Join(overlapping(story(600)), ""), []string{strings.Join(overlapping(story(600)), "")}, story(600), 1},
		{"that were never taken apart", long, overlapping(long), long, 0},
		{"of repetitions", strings.Repeat("abcde", 300), overlapping(strings.Repeat("abcde", 300)), strings.Repeat("abcde", 300), 0},
		{"of chunks without overlaps", long, []string{string([]rune(long)[:1000]), string([]rune(long)[1000:])}, long, 0},
		{"without chunks", strings.Join(overlapping(long), ""), nil, strings.Join(overlapping(long), ""), 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n := newSnake(t)
			id := n.add(cypher.P("text", tc.text))
			for i, part := range tc.chunks {
				n.query("MATCH (m:Memory) CREATE (m)-[:HAS_CHUNK {index: $i}]->(:Chunk {index: $i, text: $text})",
					cypher.P("i", i), cypher.P("text", part))
			}
			p := n.open()
			got, err := p.Get(t.Context(), memory.DefaultWorkspace, id)
			require.NoError(t, err)
			require.Equal(t, tc.want, got.Text)
			require.Equal(t, tc.mended, p.Mended())
			pieces := chunk.Split(tc.want, windows)
			require.Len(t, got.Chunks, len(pieces))
			for i, piece := range pieces {
				require.Equal(t, piece.Start, got.Chunks[i].Start)
			}
		})
	}
}

func TestPythonNoticesWhatWasDeletedMeanwhile(t *testing.T) {
	n := newSnake(t)
	id := n.add()
	p := n.open()
	n.query("MATCH (m:Memory) DELETE m")
	n.add()
	_, err := p.Get(t.Context(), memory.DefaultWorkspace, id)
	require.ErrorIs(t, err, memory.ErrNotFound)
}

func TestPythonRefusesOtherGraphs(t *testing.T) {
	server := falkortest.Shared(t)
	t.Run("its own", func(t *testing.T) {
		c := configFor(t, server)
		openAt(t, c)
		_, err := OpenPython(t.Context(), c, windows, slog.New(slog.DiscardHandler))
		require.ErrorIs(t, err, memory.ErrInvalid)
		require.ErrorContains(t, err, "this program itself has made it")
	})
	t.Run("that are not there, and makes none", func(t *testing.T) {
		c := configFor(t, server)
		_, err := OpenPython(t.Context(), c, windows, slog.New(slog.DiscardHandler))
		require.ErrorIs(t, err, memory.ErrNotFound)
		require.ErrorContains(t, err, "there is no such graph. Another one can be named with ?graph=NAME")
		there, err := server.Do("EXISTS", c.Graph)
		require.NoError(t, err)
		require.Zero(t, there)
	})
	t.Run("that hold nothing", func(t *testing.T) {
		n := newSnake(t)
		n.query("CREATE (:Entity)")
		_, err := OpenPython(t.Context(), n.c, windows, slog.New(slog.DiscardHandler))
		require.ErrorIs(t, err, memory.ErrNotFound)
		require.ErrorContains(t, err, "there are no memories in it. Another graph can be named with ?graph=NAME")
	})
}

func TestPythonNoticesAnswersThatAreCutShort(t *testing.T) {
	s := falkortest.Start(t)
	for _, tc := range []struct{ name, query string }{
		{"of memories", "UNWIND range(1, 5) AS i CREATE (:Memory {id: toString(i), created_at: '2025-01-31T12:00:00Z'})"},
		{"of workspaces", "UNWIND range(1, 5) AS i CREATE (:Workspace {id: toString(i)})"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n := snake{t, s, configFor(t, s)}
			n.query(tc.query)
			n.open()
			_, err := s.Do("GRAPH.CONFIG", "SET", "RESULTSET_SIZE", "4")
			require.NoError(t, err)
			_, err = OpenPython(t.Context(), n.c, windows, slog.New(slog.DiscardHandler))
			require.ErrorIs(t, err, memory.ErrUnavailable)
			require.ErrorContains(t, err, "5 "+strings.TrimPrefix(tc.name, "of ")+" were counted and 4 listed")
			_, err = s.Do("GRAPH.CONFIG", "SET", "RESULTSET_SIZE", "-1")
			require.NoError(t, err)
		})
	}
}

func TestPythonIsReadOnly(t *testing.T) {
	n := newSnake(t)
	n.add()
	before, err := n.s.Do("GRAPH.RO_QUERY", n.c.Graph, "CALL db.meta.stats()", "--compact")
	require.NoError(t, err)
	p := n.open()
	_, err = p.Get(t.Context(), memory.DefaultWorkspace, listed(t, p, memory.DefaultWorkspace)[0])
	require.NoError(t, err)
	after, err := n.s.Do("GRAPH.RO_QUERY", n.c.Graph, "CALL db.meta.stats()", "--compact")
	require.NoError(t, err)
	require.Equal(t, before.([]any)[1], after.([]any)[1])
}
