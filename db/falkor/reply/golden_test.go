package reply

import (
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// golden is a query, and what is read out of the reply to it, which stands in
// testdata as a real server gave it.
type golden struct {
	name, query string
	want        [][]any // the rows, or nil if a test of their own looks at them
	stats       Stats   // its time aside
	refused     string  // what the error begins with
}

type protocol struct {
	number int
	suffix string
}

var protocols = []protocol{{2, ".resp2"}, {3, ".resp3"}}

func (g golden) file(p protocol) string { return filepath.Join("testdata", g.name+p.suffix) }

var (
	alpha = Node{ID: 0, Labels: []int64{0}, Properties: []Property{}}
	beta  = Node{ID: 1, Labels: []int64{1, 2}, Properties: []Property{}}
	rel   = Edge{ID: 0, Type: 0, From: 0, To: 1, Properties: []Property{}}
)

var goldens = []golden{
	{name: "null", query: "RETURN null AS v", want: [][]any{{nil}}},
	{
		name: "string", query: "RETURN 'x' AS a, '' AS b, 'two\\nlines\\r\\n' AS c, 'zażółć 🧠\u200b' AS d",
		want: [][]any{{"x", "", "two\nlines\r\n", "zażółć 🧠\u200b"}},
	},
	{
		name: "int", query: "RETURN 0 AS a, -1 AS b, 9223372036854775807 AS c, -9223372036854775808 AS d",
		want: [][]any{{int64(0), int64(-1), int64(math.MaxInt64), int64(math.MinInt64)}},
	},
	{name: "bool", query: "RETURN true AS a, false AS b", want: [][]any{{true, false}}},
	{
		name: "float", query: "RETURN 1.5 AS a, 0.1+0.2 AS b, 1e-7 AS c, 1.7976931348623157e308 AS d, 2.0 AS e",
		want: [][]any{{1.5, 0.3, 1e-7, math.MaxFloat64, 2.0}},
	},
	{
		name: "float_not_finite", query: "RETURN 1.0/0 AS a, -1.0/0 AS b, 0.0/0 AS c",
		want: [][]any{{math.Inf(1), math.Inf(-1), "not a number"}},
	},
	{
		name: "list", query: "RETURN [1, 'a', [2.5, []], null, {k: true}] AS v, [] AS empty",
		want: [][]any{{[]any{int64(1), "a", []any{2.5, []any{}}, nil, map[string]any{"k": true}}, []any{}}},
	},
	{
		name: "map", query: "RETURN {a: 1, b: {c: [null]}} AS v, {} AS empty",
		want: [][]any{{map[string]any{"a": int64(1), "b": map[string]any{"c": []any{nil}}}, map[string]any{}}},
	},
	{
		name: "vector", query: "RETURN vecf32([0.1, 1, -2.5e-7, 3.4e38, 0.0012345678]) AS v, vecf32([]) AS empty",
		want: [][]any{{[]float32{0.1, 1, -2.5e-7, 3.4e38, 0.0012345678}, []float32{}}},
	},
	{
		name: "point", query: "RETURN point({latitude: 32.07, longitude: -34.78}) AS v",
		want: [][]any{{Point{Latitude: 32.07, Longitude: -34.78}}},
	},
	{
		name: "datetime", query: "RETURN localdatetime('2024-05-06T07:08:09') AS v",
		want: [][]any{{time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)}},
	},
	{
		name: "date", query: "RETURN date('1969-05-06') AS v",
		want: [][]any{{time.Date(1969, 5, 6, 0, 0, 0, 0, time.UTC)}},
	},
	{
		name: "time", query: "RETURN localtime('12:30:00') AS v",
		want: [][]any{{time.Date(1900, 1, 1, 12, 30, 0, 0, time.UTC)}},
	},
	{name: "duration", query: "RETURN duration('P1DT2H') AS v", want: [][]any{{26 * time.Hour}}},
	{name: "node", query: "MATCH (n:Beta) RETURN n", want: [][]any{{beta}}},
	{name: "properties", query: "MATCH (n:Alpha)-[r]->() RETURN n, r"},
	{name: "edge", query: "MATCH (:Alpha)-[r]->() REMOVE r.w RETURN r", want: [][]any{{rel}}, stats: Stats{PropertiesRemoved: 1}},
	{
		name: "path", query: "MATCH (a:Alpha)-[r]->() REMOVE a.x, a.y, r.w WITH a MATCH p = (a)-->() RETURN p",
		want:  [][]any{{Path{Nodes: []Node{alpha, beta}, Edges: []Edge{rel}}}},
		stats: Stats{PropertiesRemoved: 3},
	},
	{
		name: "no_rows", query: "MATCH (n:Alpha) WHERE n.x = 2 RETURN n.x AS x, n.y AS y", want: [][]any{},
	},
	{
		name: "rows", query: "UNWIND range(1, 3) AS i RETURN i, i * i AS square",
		want: [][]any{
			{int64(1), int64(1)},
			{int64(2), int64(4)},
			{int64(3), int64(9)},
		},
	},
	{
		name: "create", query: "CREATE (:New {a: 1, b: 2})-[:TO]->(:New)", want: [][]any{},
		stats: Stats{LabelsAdded: 1, NodesCreated: 2, PropertiesSet: 2, RelationshipsCreated: 1},
	},
	{
		name: "delete", query: "MATCH (n) DETACH DELETE n", want: [][]any{},
		stats: Stats{NodesDeleted: 2, RelationshipsDeleted: 1},
	},
	{
		name: "labels", query: "MATCH (n:Beta) REMOVE n:Gamma", want: [][]any{},
		stats: Stats{LabelsRemoved: 1},
	},
	{
		name: "index", query: "CREATE INDEX FOR (n:Alpha) ON (n.x)", want: [][]any{},
		stats: Stats{IndicesCreated: 1},
	},
	{name: "syntax_error", query: "RETURN", refused: "errMsg: Invalid input at end of input"},
	{name: "error_at_run_time", query: "UNWIND [1, 0] AS i RETURN 1 / i", refused: "Division by zero"},
}

func TestGoldenRepliesAreRead(t *testing.T) {
	for _, p := range protocols {
		for _, g := range goldens {
			t.Run(g.name+p.suffix, func(t *testing.T) {
				raw, err := os.ReadFile(g.file(p))
				require.NoError(t, err)
				r, err := Parse(raw)
				if g.refused != "" {
					var refused *ServerError
					require.ErrorAs(t, err, &refused)
					require.Regexp(t, "^"+g.refused, refused.Text)
					return
				}
				require.NoError(t, err)
				if g.want != nil {
					require.Equal(t, g.want, rows(r))
				}
				require.Positive(t, r.Stats.Time)
				r.Stats.Time = 0
				require.Equal(t, g.stats, r.Stats)
			})
		}
	}
}

// rows returns all of r as plain Go.
func rows(r *Result) [][]any {
	all := make([][]any, r.Len())
	for i := range all {
		all[i] = make([]any, len(r.Columns))
		for j := range all[i] {
			all[i][j] = r.Row(i).At(j).Any()
			if f, ok := all[i][j].(float64); ok && math.IsNaN(f) {
				all[i][j] = "not a number" // which equals itself
			}
		}
	}
	return all
}

func read(t *testing.T, name string) *Result {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	r, err := Parse(raw)
	require.NoError(t, err)
	return r
}

func TestColumnsHaveTheirNames(t *testing.T) {
	require.Equal(t, []string{"i", "square"}, read(t, "rows.resp3").Columns)
}

func TestRowsAreReadByName(t *testing.T) {
	require.EqualValues(t, 9, read(t, "rows.resp2").Row(2).Get("square").Int())
}

func TestPropertiesComeByTheirIDs(t *testing.T) {
	row := read(t, "properties.resp3").Row(0)
	n, e := row.Get("n").Node(), row.Get("r").Edge()
	require.Len(t, n.Properties, 2)
	require.EqualValues(t, 0, n.Properties[0].Key)
	require.EqualValues(t, 1, n.Properties[0].Value.Int())
	require.EqualValues(t, 1, n.Properties[1].Key)
	require.Equal(t, "z", n.Properties[1].Value.Text())
	require.Len(t, e.Properties, 1)
	require.EqualValues(t, 2, e.Properties[0].Key)
	require.InDelta(t, 2.5, e.Properties[0].Value.Float(), 0)
}

func TestAServerErrorIsOneForGoRedisToo(t *testing.T) {
	_, err := Parse([]byte("-LOADING Valkey is loading the dataset in memory\r\n"))
	var answered interface{ RedisError() }
	require.ErrorAs(t, err, &answered)
	require.EqualError(t, err, "LOADING Valkey is loading the dataset in memory")
}
