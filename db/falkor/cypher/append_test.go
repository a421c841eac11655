package cypher

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParametersAreWritten(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 678_901_234, time.FixedZone("", 3600))
	for _, tc := range []struct {
		name  string
		value any
		want  string
	}{
		{"nil", nil, "null"},
		{"true", true, "true"},
		{"false", false, "false"},
		{"int", -7, "-7"},
		{"largest int64", int64(math.MaxInt64), "9223372036854775807"},
		{"smallest int64", int64(math.MinInt64), "-9223372036854775808"},
		{"whole float", 1.0, "1.0"},
		{"float", 0.1, "0.1"},
		{"large float", 1e21, "1e+21"},
		{"negative zero", math.Copysign(0, -1), "-0.0"},
		{"string", "x", "'x'"},
		{"empty string", "", "''"},
		{"quotes", `it's "so"`, `'it\'s "so"'`},
		{"backslashes", `a\nb\`, `'a\\nb\\'`},
		{"only quotes", `''`, `'\'\''`},
		{"control characters", "a\n\t\r\x01\x7fb", "'a\n\t\r\x01\x7fb'"},
		{"characters that Go would escape", "\u200b\u00a0\ufeff👩\u200d🚀", "'\u200b\u00a0\ufeff👩\u200d🚀'"},
		{"time", at, "1767319445678901"},
		{"zero time", time.Time{}, "-62135596800000000"},
		{"strings", []string{"a", "'"}, `['a','\'']`},
		{"int64s", []int64{1, -2}, "[1,-2]"},
		{"float32s", []float32{0.5, -0.0625, 0, 2, 1e-7, 1e20}, "[0.500000000,-0.0625000000,0.0,2.0,1e-07,1e+20]"},
		{"anything", []any{nil, 1, "a", []any{2.5}}, "[null,1,'a',[2.5]]"},
		{"no strings", []string(nil), "[]"},
		{"nothing", []any{}, "[]"},
		{"map", Map{{"b", 1}, {"a", "x"}}, "{`b`:1,`a`:'x'}"},
		{"maps", []Map{{{"a", 1}}, nil}, "[{`a`:1},{}]"},
		{"Go map", map[string]any{"c": nil, "a": 1, "b": Map{{"x", true}}}, "{`a`:1,`b`:{`x`:true},`c`:null}"},
		{"Go map of nothing", map[string]any(nil), "{}"},
		{"key of any characters", Map{{"'ключ\" }\n", 1}}, "{`'ключ\" }\n`:1}"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := Append(nil, "RETURN $p", P("p", tc.value))
			require.NoError(t, err)
			require.Equal(t, "CYPHER p="+tc.want+" RETURN $p", string(got))
		})
	}
}

func TestParametersStandInFrontOfTheText(t *testing.T) {
	got, err := Append([]byte("> "), "RETURN $a, $_B2", P("a", 1), P("_B2", "x"))
	require.NoError(t, err)
	require.Equal(t, "> CYPHER a=1 _B2='x' RETURN $a, $_B2", string(got))
}

func TestTextWithoutParametersStaysAsItIs(t *testing.T) {
	got, err := Append(nil, "RETURN 1")
	require.NoError(t, err)
	require.Equal(t, "RETURN 1", string(got))
}

// nested returns a value inside depth lists, of which every other is a map.
func nested(depth int) (v any) {
	for i := range depth {
		if i%2 == 0 {
			v = []any{v}
		} else {
			v = Map{{"k", v}}
		}
	}
	return v
}

func TestWhatTheServerWouldAlterIsRefused(t *testing.T) {
	type id string
	many := make(Map, 40)
	for i := range many {
		many[i].Name = strconv.Itoa(i)
	}
	many[39].Name = "7"
	for _, tc := range []struct {
		name   string
		params []Param
		want   string
	}{
		{"no name", []Param{P("", 1)}, `parameter "": not a name`},
		{"name with a digit first", []Param{P("1a", 1)}, `parameter "1a": not a name`},
		{"name that ends the parameters", []Param{P("a=1 DELETE", 1)}, `parameter "a=1 DELETE": not a name`},
		{"name beyond ASCII", []Param{P("ä", 1)}, `parameter "ä": not a name`},
		{"name given twice", []Param{P("a", 1), P("b", 1), P("a", 2)}, "parameter a: given twice"},
		{"invalid UTF-8", []Param{P("a", "x\xff")}, "parameter a: not valid UTF-8"},
		{"surrogate", []Param{P("a", "\xed\xa0\x80")}, "parameter a: not valid UTF-8"},
		{"cut rune", []Param{P("a", "ж"[:1])}, "parameter a: not valid UTF-8"},
		{"NUL", []Param{P("a", "x\x00")}, "parameter a: holds a NUL"},
		{"not a number", []Param{P("a", math.NaN())}, "parameter a: not a finite number"},
		{"infinity", []Param{P("a", math.Inf(-1))}, "parameter a: not a finite number"},
		{"float32 not a number", []Param{P("a", []float32{0, float32(math.NaN())})}, "parameter a[1]: not a finite number"},
		{"float32 infinity", []Param{P("a", []float32{float32(math.Inf(1))})}, "parameter a[0]: not a finite number"},
		{"empty key", []Param{P("a", Map{{"", 1}})}, "parameter a: empty key"},
		{"key with a backtick", []Param{P("a", Map{{"`", 1}})}, "parameter a: key holds a backtick"},
		{"key with a NUL", []Param{P("a", Map{{"\x00", 1}})}, "parameter a: key holds a NUL"},
		{"key of invalid UTF-8", []Param{P("a", Map{{"\xff", 1}})}, "parameter a: key is not valid UTF-8"},
		{"key of a Go map", []Param{P("a", map[string]any{"`": 1})}, "parameter a: key holds a backtick"},
		{"key given twice", []Param{P("a", Map{{"k", 1}, {"k", 2}})}, `parameter a: key "k" stands twice`},
		{"key given twice among many", []Param{P("a", many)}, `parameter a: key "7" stands twice`},
		{"deep inside", []Param{P("a", []Map{{}, {{"k", []any{1, "\xff"}}}})}, "parameter a[1].k[1]: not valid UTF-8"},
		{"nested too deep", []Param{P("a", nested(33))}, "parameter a" + strings.Repeat("[0].k", 16) + ": nested more than 32 deep"},
		{"uint64", []Param{P("a", uint64(1))}, "parameter a: cannot send a uint64"},
		{"type of its own", []Param{P("a", id("x"))}, "parameter a: cannot send a cypher.id"},
		{"pointer", []Param{P("a", new(int))}, "parameter a: cannot send a *int"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := Append([]byte("> "), "RETURN 1", tc.params...)
			var refused *ParamError
			require.ErrorAs(t, err, &refused)
			require.EqualError(t, err, tc.want)
			require.Equal(t, "> ", string(got))
		})
	}
}

func TestNestingMayBe32Deep(t *testing.T) {
	_, err := Append(nil, "", P("a", nested(32)))
	require.NoError(t, err)
	deep := any([]Map{{}})
	for range 30 {
		deep = []any{deep}
	}
	_, err = Append(nil, "", P("a", deep))
	require.NoError(t, err)
	_, err = Append(nil, "", P("a", []any{deep}))
	require.ErrorContains(t, err, "nested more than 32 deep")
}

func TestAppendAllocatesNothing(t *testing.T) {
	params := []Param{
		P("id", "it's"), P("n", 1), P("v", vector()), P("tags", []string{"a", "b"}),
		P("chunks", []Map{{{"text", "x"}, {"score", 0.5}}}),
	}
	dst, err := Append(nil, "RETURN 1", params...)
	require.NoError(t, err)
	require.Zero(t, testing.AllocsPerRun(100, func() { dst, _ = Append(dst[:0], "RETURN 1", params...) }))
}
