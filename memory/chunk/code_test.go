package chunk_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory/chunk"
)

const goSource = `package sum

import "errors"

// errNone is returned for nothing.
var errNone = errors.New("nothing to add")

// add adds two numbers. It cannot fail.
func add(a, b int) int {
	c := a + b

	return c
}

// all adds all the numbers. It fails when there are none.
func all(ns ...int) (sum int, err error) {
	if len(ns) == 0 {
		return 0, errNone
	}

	for _, n := range ns {
		sum = add(sum, n)
	}
	return sum, nil
}
`

func TestSplitCutsCodeBetweenBlocks(t *testing.T) {
	for _, p := range pieces(goSource, chunk.Options{Size: 300, Min: 60})[1:] {
		require.Regexp(t, `^// \w+ adds`, p, "a function goes with its comment")
	}
}

func TestSplitCutsLongBlocksOfCodeAtBlankLines(t *testing.T) {
	body := strings.Repeat("    total = total + step(total)\n    log(total)\n\n", 6)
	text := "def run():\n    total = 0\n" + body + "    return total\n"
	got := pieces(text, chunk.Options{Size: 200, Min: 40})
	require.Greater(t, len(got), 1)
	for _, p := range got[:len(got)-1] {
		require.True(t, strings.HasSuffix(p, "\n\n"), "%q", p)
	}
}

func TestSplitNeverCutsALineOfCodeThatFits(t *testing.T) {
	for _, tc := range []struct{ name, line string }{
		{"Go", "\tif x := f(a, b); x > 0 && y.Done() { return x } // Stop. Now.\n"},
		{"Python", "    self.items[key] = [g(x, y) for x, y in pairs]  # So. There.\n"},
		{"JavaScript", "  const {a, b} = await load(url, { retry: 3 });\n"},
		{"SQL in Java", "        String sql = \"SELECT a, b FROM t WHERE c = ?\";\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, p := range pieces(strings.Repeat(tc.line, 60), chunk.Options{Size: 200, Overlap: 70}) {
				require.Empty(t, strings.ReplaceAll(p, tc.line, ""))
			}
		})
	}
}

func TestSplitTakesProseForProse(t *testing.T) {
	// Cut as code, the overlap would start at a line and not at a sentence.
	text := strings.Repeat("She said (as ever) that it was late: ten, or more. We went home then.\n", 20)
	got := pieces(text, chunk.Options{Size: 200, Overlap: 30, Min: 40})
	require.True(t, strings.HasPrefix(got[1], "We went home then."), "%q", got[1])
}

func TestSplitKeepsFencesWhole(t *testing.T) {
	intro := strings.Repeat("Some words of prose, to fill it. ", 6) + "\n\n"
	fenced := "```go\nfirst()\n\nsecond()\n# not a heading\n\nthird()\n```\n"
	tilde := strings.NewReplacer("```go", "~~~~", "```", "~~~~", "second()", "```").Replace(fenced)
	for _, tc := range []struct{ name, text, want string }{
		{"between prose", intro + fenced + "\n" + intro, fenced},
		{"behind a short heading", "# How\n\n" + fenced + intro, fenced},
		{"right under a line", intro + "Like so:\n" + fenced + intro, fenced},
		{"another mark inside", intro + tilde + "\n" + intro, tilde},
		{"CRLF", strings.ReplaceAll(intro+fenced+intro, "\n", "\r\n"), strings.ReplaceAll(fenced, "\n", "\r\n")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			holding := 0
			for _, p := range pieces(tc.text, chunk.Options{Size: 70, Overlap: 20}) {
				if strings.Contains(p, tc.want) {
					holding++
				}
			}
			require.Equal(t, 1, holding)
		})
	}
}

func TestSplitCutsFencesThatDoNotFitAtLines(t *testing.T) {
	text := "An example:\n\n```\n" + strings.Repeat("step one, and then. Step two\n", 20) + "```\n"
	for _, p := range pieces(text, chunk.Options{Size: 100, Overlap: 40}) {
		require.True(t, strings.HasSuffix(p, "\n"), "%q", p)
	}
}

func TestSplitDoesNotRepeatTheEndOfAFence(t *testing.T) {
	prose := strings.Repeat("Some words of prose, to fill it. ", 3)
	text := "```\n" + strings.Repeat("call()\n", 8) + "```\n\n" + prose + "\n\n" + prose
	got := pieces(text, chunk.Options{Size: 110, Overlap: 30})
	require.True(t, strings.HasPrefix(got[1], "Some words"), "%q", got[1])
}
