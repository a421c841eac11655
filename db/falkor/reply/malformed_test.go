package reply

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// holding returns a reply whose one value is given in RESP, type and all.
func holding(value string) string {
	return "*3\r\n*1\r\n*2\r\n:1\r\n$1\r\nv\r\n*1\r\n*1\r\n" + value + "*0\r\n"
}

func TestErrorsOfTheServerAreFoundAnywhere(t *testing.T) {
	const refused = "-ERR no\r\n"
	for _, tc := range []struct{ name, raw string }{
		{"alone", refused},
		{"blob", "!6\r\nERR no\r\n"},
		{"cut blob", "!600\r\nERR no"},
		{"first of two", "*2\r\n" + refused + ":1\r\n"},
		{"for the header", "*3\r\n" + refused + "*0\r\n*0\r\n"},
		{"for a column", "*3\r\n*1\r\n" + refused + "*0\r\n*0\r\n"},
		{"for the rows", "*3\r\n*0\r\n" + refused + "*0\r\n"},
		{"for a row", "*3\r\n*0\r\n*2\r\n*0\r\n" + refused + "*0\r\n"},
		{"for a value", holding(refused)},
		{"in a value", holding("*2\r\n:2\r\n" + refused)},
		{"in a list", holding("*2\r\n:6\r\n*1\r\n" + refused + "_\r\n_\r\n")},
		{"for a float", holding("*2\r\n:5\r\n" + refused)},
		{"for null", holding("*2\r\n:1\r\n" + refused)},
		{"for the statistics", "*1\r\n" + refused},
		{"for a statistic", "*1\r\n*1\r\n" + refused},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Parse([]byte(tc.raw))
			var server *ServerError
			require.ErrorAs(t, err, &server)
			require.Equal(t, "ERR no", strings.TrimSpace(server.Text)[:6])
		})
	}
}

func TestMalformedRepliesSayWhere(t *testing.T) {
	for _, tc := range []struct {
		name, raw string
		at        int // a value begins at byte 31
		why       string
	}{
		{"nothing", "", 0, "expected '*'"},
		{"status", "+OK\r\n", 0, "expected '*'"},
		{"null", "_\r\n", 0, "expected '*'"},
		{"null array", "*-1\r\n", 0, "array too long for its reply"},
		{"length of nothing", "*\r\n", 0, "not a number"},
		{"length of letters", "*x\r\n", 0, "not a number"},
		{"line without its end", "*1\n$0", 0, "not a number"},
		{"cut number", "*1", 0, "not a number"},
		{"more than an int64", "*99999999999999999999\r\n", 0, "not a number"},
		{"two parts", "*2\r\n*0\r\n*0\r\n", 4, "expected an array of one or three"},
		{"something after it", "*1\r\n*0\r\n:1\r\n", 8, "something after the end"},
		{"wide row", "*3\r\n*0\r\n*1\r\n*1\r\n_\r\n*0\r\n", 12, "array of unexpected length"},
		{"string without end", holding("*2\r\n:2\r\n$1\r\nxyz"), 31 + 12, "string without an end"},
		{"string too long", holding("*2\r\n:2\r\n$9\r\nx\r\n"), 31 + 8, "string too long for its reply"},
		{"null string", holding("*2\r\n:2\r\n$-1\r\n"), 31 + 8, "string too long for its reply"},
		{"not null", holding("*2\r\n:1\r\n:1\r\n"), 31 + 8, "expected null"},
		{"type 0", holding("*2\r\n:0\r\n_\r\n"), 31 + 8, "value of an unknown type"},
		{"type 17", holding("*2\r\n:17\r\n_\r\n"), 31 + 9, "value of an unknown type"},
		{"type of a letter", holding("*2\r\n:a\r\n_\r\n"), 31 + 8, "value of an unknown type"},
		{"neither true nor false", holding("*2\r\n:4\r\n$3\r\nyes\r\n"), 31 + 8, "neither true nor false"},
		{"word for a float", holding("*2\r\n:5\r\n$3\r\none\r\n"), 31 + 8, "not a float"},
		{"nothing for a float", holding("*2\r\n:5\r\n$0\r\n\r\n"), 31 + 8, "not a float"},
		{"key without a value", holding("*2\r\n:10\r\n*1\r\n$1\r\nk\r\n"), 31 + 13, "key without a value"},
		{"point of one", holding("*2\r\n:11\r\n*1\r\n$1\r\n1\r\n"), 31 + 9, "array of unexpected length"},
		{"count of letters", "*1\r\n*1\r\n$16\r\nNodes created: x\r\n", 8, "not a number in the statistics"},
		{"time of letters", "*1\r\n*1\r\n$32\r\nQuery internal execution time: x\r\n", 8, "not a number in the statistics"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Parse([]byte(tc.raw))
			require.Equal(t, &FormatError{At: tc.at, Why: tc.why}, err)
		})
	}
}

func TestUnknownStatisticsAreLeftOut(t *testing.T) {
	r, err := Parse([]byte("*1\r\n*3\r\n$17\r\nRows imagined: 12\r\n$3\r\nhmm\r\n$16\r\nNodes deleted: 2\r\n"))
	require.NoError(t, err)
	require.Equal(t, Stats{NodesDeleted: 2}, r.Stats)
}

func TestCutRepliesAreRefused(t *testing.T) {
	for name, raw := range replies(t) {
		t.Run(name, func(t *testing.T) {
			for n := range raw {
				_, err := Parse(raw[:n])
				require.Error(t, err, "the first %d bytes", n)
			}
		})
	}
}

// replies returns the golden replies, by the names of their files.
func replies(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/*.resp[23]")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	all := map[string][]byte{}
	for _, file := range files {
		all[filepath.Base(file)], err = os.ReadFile(file)
		require.NoError(t, err)
	}
	return all
}

func TestNestingIsBounded(t *testing.T) {
	nested := func(depth int) string {
		return holding(strings.Repeat("*2\r\n:6\r\n*1\r\n", depth) + "*2\r\n:3\r\n:7\r\n")
	}
	r, err := Parse([]byte(nested(maxDepth)))
	require.NoError(t, err)
	v := r.Row(0).At(0)
	for range maxDepth {
		v = v.At(0)
	}
	require.EqualValues(t, 7, v.Int())

	for _, depth := range []int{maxDepth + 1, 1_000_000} {
		_, err = Parse([]byte(nested(depth)))
		require.ErrorContains(t, err, "nested too deep")
	}
}

// What a reply claims to hold takes no memory before it is there.
func TestClaimsTakeNoMemory(t *testing.T) {
	const claims = 100
	list := func(n int) string { return fmt.Sprintf("*2\r\n:6\r\n*%d\r\n", n) }
	padding := strings.Repeat("*2\r\n:3\r\n:7\r\n", 10_000)
	for _, tc := range []struct{ name, raw string }{
		{"reply", "*1000000000\r\n"},
		{"columns", "*3\r\n*1000000000\r\n"},
		{"rows", "*3\r\n*0\r\n*1000000000\r\n"},
		{"string", holding("*2\r\n:2\r\n$1000000000\r\n")},
		{"largest string", holding(fmt.Sprintf("*2\r\n:2\r\n$%d\r\n", math.MaxInt64))},
		{"list", holding(list(1_000_000_000))},
		{"map", holding("*2\r\n:10\r\n*1000000000\r\n")},
		{"vector", holding("*2\r\n:12\r\n*1000000000\r\n")},
		{"labels", holding("*2\r\n:8\r\n*3\r\n:0\r\n*1000000000\r\n")},
		{"statistics", "*1\r\n*1000000000\r\n"},
		{"wide rows", "*3\r\n*2\r\n*2\r\n:1\r\n$1\r\na\r\n*2\r\n:1\r\n$1\r\nb\r\n*1000000000\r\n" + padding},
		{"lists in lists", holding(strings.Repeat(list(10_000), claims) + padding)},
		{"vectors in a list", holding(list(claims) + strings.Repeat("*2\r\n:12\r\n*30000\r\n", claims) + padding)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			raw := []byte(tc.raw)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Parse(raw)
			runtime.ReadMemStats(&after)
			require.Error(t, err)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16*len(raw)+64<<10))
		})
	}
}
