package cypher

import (
	"context"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"github.com/stretchr/testify/require"
)

// hostile are strings that a careless writer would damage, or let out.
var hostile = []string{
	"", "'", `\`, `\\`, `\'`, `'\''`, `"`, "`", `x' RETURN 1 //`, `x\' RETURN 1 //`, `\u0041\x41\0\n`, "$p", "{}[]();--/*",
	"a\nb\r\nc\td\be\f\v\a", " padded ", "\u200b\u00a0\ufeff\u2028\u202e", "👩\u200d🚀🏽", "e\u0301", "\U0010ffff", "память 日本語",
}

// server is a connection to the FalkorDB at TEST_FALKORDB_ADDR: host:port or
// unix:/path.
type server struct {
	*redis.Client
	graph string // of this process alone
}

func connect(t testing.TB) server {
	t.Helper()
	addr := os.Getenv("TEST_FALKORDB_ADDR")
	if addr == "" {
		t.Skip("TEST_FALKORDB_ADDR is not set: this asks a real FalkorDB")
	}
	path, unix := strings.CutPrefix(addr, "unix:")
	options := &redis.Options{
		Addr: path, MaxRetries: -1,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
	if unix {
		options.Network = "unix"
	}
	s := server{redis.NewClient(options), fmt.Sprintf("cypher_test:%d", os.Getpid())}
	require.NoError(t, s.Do(t.Context(), "GRAPH.QUERY", s.graph, "RETURN 1").Err())
	t.Cleanup(func() {
		require.NoError(t, s.Do(context.WithoutCancel(t.Context()), "GRAPH.DELETE", s.graph).Err())
		require.NoError(t, s.Close())
	})
	return s
}

// answer returns the one row that the server answers.
func (s server) answer(t *testing.T, text string, params ...Param) []any {
	t.Helper()
	query, err := Append(nil, text, params...)
	require.NoError(t, err)
	reply, err := s.Do(t.Context(), "GRAPH.QUERY", s.graph, query, "--compact").Slice()
	require.NoError(t, err)
	rows := reply[1].([]any)
	require.Len(t, rows, 1)
	row := rows[0].([]any)
	for i := range row {
		row[i] = plain(t, row[i])
	}
	return row
}

// plain turns a value of a compact reply, which is its type and itself, into
// plain Go. It knows no more types than parameters have.
func plain(t *testing.T, value any) any {
	t.Helper()
	pair := value.([]any)
	switch kind := pair[0].(int64); kind {
	case 1, 2, 3:
		return pair[1]
	case 4:
		return pair[1] == "true"
	case 5:
		f, err := strconv.ParseFloat(pair[1].(string), 64)
		require.NoError(t, err)
		return f
	case 6:
		list := pair[1].([]any)
		for i := range list {
			list[i] = plain(t, list[i])
		}
		return list
	case 10:
		flat, m := pair[1].([]any), map[string]any{}
		for i := 0; i < len(flat); i += 2 {
			m[flat[i].(string)] = plain(t, flat[i+1])
		}
		return m
	case 12:
		var vector []float32
		for _, element := range pair[1].([]any) {
			vector = append(vector, float32(element.(float64)))
		}
		return vector
	default:
		require.Fail(t, "unexpected type", "%d", kind)
		return nil
	}
}

func TestServerReadsWhatWasWritten(t *testing.T) {
	s := connect(t)
	at := time.Date(2026, 1, 2, 3, 4, 5, 678_901_000, time.UTC)
	for _, tc := range []struct {
		name        string
		value, want any
	}{
		{"nil", nil, nil},
		{"bools", []any{true, false}, []any{true, false}},
		{"int", 42, int64(42)},
		{"limits of int64", []int64{math.MinInt64, math.MaxInt64}, []any{int64(math.MinInt64), int64(math.MaxInt64)}},
		{"whole float", 1.0, 1.0},
		{"negative zero", math.Copysign(0, -1), math.Copysign(0, -1)},
		{"floats", []any{0.1, 1e21, -1.5e-300, 1e-5, 5e-324}, []any{0.1, 1e21, -1.5e-300, 1e-5, 5e-324}},
		{"time", at, at.UnixMicro()},
		{"list", []any{1, "a", []string{"'"}, nil}, []any{int64(1), "a", []any{"'"}, nil}},
		{"empty ones", []any{"", []string{}, Map{}}, []any{"", []any{}, map[string]any{}}},
		{"map", Map{{"ключ \"'\n", 1}, {"null", Map{{"x", nil}}}}, map[string]any{"ключ \"'\n": int64(1), "null": map[string]any{"x": nil}}},
		{"maps", []Map{{{"a", 1}}, {{"a", 2}}}, []any{map[string]any{"a": int64(1)}, map[string]any{"a": int64(2)}}},
		{"Go map", map[string]any{"b": 1, "a": "x"}, map[string]any{"a": "x", "b": int64(1)}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			require.Equal(t, tc.want, s.answer(t, "RETURN $p", P("p", tc.value))[0])
		})
	}
}

func TestServerTakes32Levels(t *testing.T) {
	s := connect(t)
	query, err := Append(nil, "RETURN $p", P("p", nested(32)))
	require.NoError(t, err)
	require.NoError(t, s.Do(t.Context(), "GRAPH.QUERY", s.graph, query, "--compact").Err())
}

// Every character and every hostile string comes back from the query and from
// a property.
func TestServerKeepsStringsByteForByte(t *testing.T) {
	s := connect(t)
	var every strings.Builder
	for r := rune(1); r <= 0xffff; r++ {
		if utf8.ValidRune(r) {
			every.WriteRune(r)
		}
	}
	for _, text := range append([]string{every.String(), strings.Repeat(`'\`, 50_000)}, hostile...) {
		for _, text := range []string{text, text + "x", "x" + text} {
			got := s.answer(t, "CREATE (n:Text {v: $p}) WITH n, n.v AS v DELETE n RETURN $p, v", P("p", text))
			require.Equal(t, []any{text, text}, got)
		}
	}
}

func TestServerReadsVectorsExactly(t *testing.T) {
	s := connect(t)
	v := append(vector(), 0, 1, -1, 2, 0.5, 1e-4, 1e-5, 1e-38, math.MaxFloat32, math.SmallestNonzeroFloat32, float32(math.Copysign(0, -1)))
	got := s.answer(t, "RETURN vecf32($v)", P("v", v))[0].([]float32)
	require.Len(t, got, len(v))
	for i := range v {
		require.Equal(t, math.Float32bits(v[i]), math.Float32bits(got[i]), "element %d, %g", i, v[i])
	}
}

// Fifteen digits come back, but all of a float arrives: neighbours differ.
func TestServerTellsNeighbouringFloatsApart(t *testing.T) {
	s := connect(t)
	for _, x := range []float64{0.1, 1, math.Pi, 1e15 / 3, 1e300, 5e-324, math.MaxFloat64} {
		got := s.answer(t, "RETURN $a < $x, $x = $y", P("x", x), P("y", x), P("a", math.Nextafter(x, 0)))
		require.Equal(t, []any{true, true}, got, "%g", x)
	}
}

// What goes in comes out.
func FuzzServer(f *testing.F) {
	s := connect(f)
	for _, text := range hostile {
		f.Add(text, "key", int64(len(text)), 0.1, float32(0.1))
	}
	f.Add("text", "k'\"\\{}", int64(math.MinInt64), -1e-300, float32(1e-30))
	f.Fuzz(func(t *testing.T, text, key string, n int64, x float64, e float32) {
		p := []any{text, n, []string{text}, Map{{key, []Map{{{"x", text}}}}}}
		query, err := Append(nil, "", P("p", p), P("x", x), P("v", []float32{e}))
		if err != nil {
			require.Empty(t, query)
			return
		}
		got := s.answer(t, "RETURN $p, $x, vecf32($v)", P("p", p), P("x", x), P("v", []float32{e}))
		inner := []any{map[string]any{"x": text}}
		require.Equal(t, []any{text, n, []any{text}, map[string]any{key: inner}}, got[0])
		digits := strconv.FormatFloat(x, 'g', 15, 64)
		if read, err := strconv.ParseFloat(digits, 64); err == nil {
			require.Equal(t, math.Float64bits(read), math.Float64bits(got[1].(float64)))
		}
		require.Equal(t, []float32{e}, got[2])
	})
}
