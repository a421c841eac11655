package chunk_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"zapomni/memory/chunk"
)

// pieces returns the texts of the pieces.
func pieces(text string, o chunk.Options) []string {
	var out []string
	for _, p := range chunk.Split(text, o) {
		out = append(out, text[p.Start:p.End])
	}
	return out
}

func chars(s string) int { return utf8.RuneCountInString(s) }

// promised returns how Split broke its promises on text, or nil.
func promised(text string, o chunk.Options) error {
	got := chunk.Split(text, o)
	if text == "" && got == nil {
		return nil
	}
	if chars(text) <= o.Size && len(got) != 1 {
		return errors.New("a short text is not one piece")
	}
	var whole strings.Builder
	end := 0
	for i, p := range got {
		first, last := i == 0, i == len(got)-1
		switch {
		case p.Start > end || p.End <= end || !first && p.Start <= got[i-1].Start:
			return errors.New("the pieces do not cover the text in order")
		case insideRune(text, p.Start) || insideRune(text, p.End):
			return errors.New("a piece is cut inside a rune")
		case chars(text[p.Start:end]) > min(o.Overlap, o.Size/2):
			return errors.New("an overlap is too long")
		case len(got) > 1 && chars(text[end:p.End]) < o.Min:
			return errors.New("a piece brings too little")
		case !last && chars(text[p.Start:p.End]) > o.Size+o.Min:
			return errors.New("a piece is too long")
		case last && chars(text[p.Start:p.End]) > o.Size+2*o.Min:
			return errors.New("the last piece is too long")
		}
		whole.WriteString(text[end:p.End])
		end = p.End
	}
	if whole.String() != text {
		return errors.New("the pieces are not the text")
	}
	return nil
}

// insideRune says whether i parts the bytes of a valid rune.
func insideRune(text string, i int) bool {
	for back := 1; back < utf8.UTFMax && i-back >= 0; back++ {
		if _, size := utf8.DecodeRuneInString(text[i-back:]); size > back {
			return true
		}
	}
	return false
}

func TestSplitCutsAtTheStrongestBoundary(t *testing.T) {
	small := chunk.Options{Size: 40, Min: 8}
	for _, tc := range []struct {
		name, text string
		want       []string
	}{
		{"short text is one piece", "Nothing to cut.", []string{"Nothing to cut."}},
		{"paragraph before sentence", "The first one.\n\nThe second one. It goes on and on.", []string{
			"The first one.\n\n", "The second one. It goes on and on.",
		}},
		{"CRLF paragraph", "The first one.\r\n\r\nThe second one. It goes on and on.", []string{
			"The first one.\r\n\r\n", "The second one. It goes on and on.",
		}},
		{"blank line with blanks in it", "The first one.\n \t\nThe second one. It goes on and on.", []string{
			"The first one.\n \t\n", "The second one. It goes on and on.",
		}},
		{"line before sentence", "Ann: Hello there\nBob: Hello. How are you? I am well.", []string{
			"Ann: Hello there\n", "Bob: Hello. How are you? I am well.",
		}},
		{"old Mac line ends", "Ann: Hello there\rBob: Hello. How are you? I am well.", []string{
			"Ann: Hello there\r", "Bob: Hello. How are you? I am well.",
		}},
		{"heading goes with what it heads", "An opening text.\n# Title\n\nIts text, that is not long.", []string{
			"An opening text.\n", "# Title\n\nIts text, that is not long.",
		}},
		{"sentence before clause", "It rained all day. We stayed in, of course, and read.", []string{
			"It rained all day. ", "We stayed in, of course, and read.",
		}},
		{"clause before word", "when it rained all day, we stayed in and read a book", []string{
			"when it rained all day, ", "we stayed in and read a book",
		}},
		{"word", "one two three four five six seven eight nine ten eleven", []string{
			"one two three four five six seven eight ", "nine ten eleven",
		}},
		{"ideographic sentence", "今日は天気がいいので散歩に出かけました。公園には人がたくさんいて、犬も走っていました。", []string{
			"今日は天気がいいので散歩に出かけました。", "公園には人がたくさんいて、犬も走っていました。",
		}},
		{"closing bracket stays with its sentence", "他说：“今天的天气真好，我们出去走走吧。”然后他就出门了，一直到晚上很晚才回到家里来。", []string{
			"他说：“今天的天气真好，我们出去走走吧。”", "然后他就出门了，一直到晚上很晚才回到家里来。",
		}},
		{"punctuation when there is no blank", `{"name":"Ann","home":"Oslo","age":"41","job":"smith"}`, []string{
			`{"name":"Ann","home":"Oslo","age":"41",`, `"job":"smith"}`,
		}},
		{"inside a word when there is nothing else", strings.Repeat("x", 60), []string{
			strings.Repeat("x", 40), strings.Repeat("x", 20),
		}},
		{"small remainder is joined", strings.Repeat("x", 45), []string{strings.Repeat("x", 45)}},
		{"small beginning is joined", "Title\n\nIt rained all day. We stayed in, and read.", []string{
			"Title\n\nIt rained all day. ", "We stayed in, and read.",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			require.Equal(t, tc.want, pieces(tc.text, small))
		})
	}
}

func TestSplitLeavesSentencesWhole(t *testing.T) {
	for _, tc := range []struct{ name, first, second string }{
		{"title", "We met old Dr. Vane in the town. ", "He was well and happy to see us there."},
		{"initials", "A book by J. R. R. Tolkien, it was. ", "He was well and happy to see us there."},
		{"e.g.", "Some fruit, e.g. Apples, is nice. ", "He was well and happy to see us there."},
		{"number", "It is about 3.14 at the very most. ", "He was well and happy to see us there."},
		{"exclamation", "What a day it was, after all! ", "No. 7 was well and happy to see us there."},
		{"question in quotes", `And "will he come?" That was all. `, "He was well and happy to see us there."},
		{"speech goes on", "“Will he come?” she asked of us. ", "He was well and happy to see us there."},
		{"ellipsis", "It went on and on and on and on… ", "He was well and happy to see us there."},
		{"three dots", "It went on and on and on and on... ", "He was well and happy to see us there."},
		{"year", "She was born here, late in 1999. ", "He was well and happy to see us there."},
		{"Russian", "Жил на ул. Ленина, в доме пять. ", "Он был рад нас видеть, и мы его тоже."},
		{"Arabic", "كيف حالك اليوم يا صديقي العزيز؟ ", "أنا بخير والحمد لله، شكرا جزيلا لك"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := pieces(tc.first+tc.second, chunk.Options{Size: 46, Min: 8})
			require.Equal(t, []string{tc.first, tc.second}, got)
		})
	}
}

func TestSplitPartsNoCharacter(t *testing.T) {
	for _, tc := range []struct{ name, unit string }{
		{"family", "👩‍👩‍👧‍👦"},
		{"skin", "👍🏽"},
		{"flag", "🇩🇪"},
		{"flag of a region", "🏴\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074\U000E007F"},
		{"accents", "e\u0301\u0323"},
		{"heart", "❤️"},
		{"jamo", "\u1112\u1161\u11ab"},
		{"CRLF", "\r\n"},
		{"variant", "葛\U000E0100"},
		{"kana", "ギ\u3099"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, p := range pieces(strings.Repeat(tc.unit, 300), chunk.Options{Size: 50, Overlap: 13}) {
				require.Empty(t, strings.ReplaceAll(p, tc.unit, ""))
			}
		})
	}
}

func TestSplitOverlapsFromASentenceOrWord(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       []string
	}{
		{"sentence", "It rained all that day. It did. We stayed in, to be sure, and.", []string{
			"It rained all that day. It did. ", "It did. We stayed in, to be sure, and.",
		}},
		{"word", "one two three four five six seven eight nine ten eleven", []string{
			"one two three four five six seven eight ", "eight nine ten eleven",
		}},
		{"within a long word", strings.Repeat("x", 60), []string{
			strings.Repeat("x", 40), strings.Repeat("x", 30),
		}},
		{"no start of a word", "one two three four " + strings.Repeat("x", 20) + " five six seven", []string{
			"one two three four " + strings.Repeat("x", 20) + " ", "five six seven",
		}},
		{"not across a heading", "It rained all day.\n\n# Title\n\nWe stayed in, and read.", []string{
			"It rained all day.\n\n", "# Title\n\nWe stayed in, and read.",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			require.Equal(t, tc.want, pieces(tc.text, chunk.Options{Size: 40, Overlap: 10, Min: 8}))
		})
	}
}

func TestSplitMovesOnWhateverTheOverlap(t *testing.T) {
	text := strings.Repeat("word ", 4000)
	got := chunk.Split(text, chunk.Options{Size: 2048, Overlap: 2047, Min: 1})
	require.Less(t, len(got), 25)
}

func TestSplitKeepsItsPromises(t *testing.T) {
	alphabet := []string{
		"a", "word", " ", "  ", "\n", "\n\n", "\r\n", "\r", ". ", "! ", "? ", "... ", "Dr. ", ", ", "\t", "```\n", "```go\n",
		"~~~\n", "# ", "\n# ", "{\n", "}\n", "func f() ", "    ", "。", "，", "今日は", "」", "👩‍👩‍👧‍👦", "🇩🇪", "e\u0301", "\u200d",
		"\xff", "\xe4\xb8", "\x00", "x.y", "3.14", strings.Repeat("z", 700), strings.Repeat(" ", 90), strings.Repeat("\n", 90),
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		var b strings.Builder
		for range rng.IntN(200) {
			b.WriteString(alphabet[rng.IntN(len(alphabet))])
		}
		o := randomOptions(rng.IntN)
		require.NoError(t, promised(b.String(), o), "options %+v, text %q", o, b.String())
	}
}

// randomOptions draws valid options with a Min that counts in full.
func randomOptions(draw func(int) int) chunk.Options {
	size := 10 + draw(300)
	least := size / 2
	if size < 100 {
		least = size / 5
	}
	return chunk.Options{Size: size, Overlap: draw(size), Min: 1 + draw(least)}
}

func TestSplitIsLinear(t *testing.T) {
	const n = 1_000_000
	for name, text := range map[string]string{
		"one word":       strings.Repeat("x", n),
		"newlines":       strings.Repeat("\n", n),
		"blanks":         strings.Repeat(" ", n),
		"ideographs":     strings.Repeat("今", n),
		"emoji":          strings.Repeat("👩‍👩‍👧‍👦", n/7),
		"accents":        strings.Repeat("\u0301", n),
		"invalid":        strings.Repeat("\xff", n),
		"fences":         strings.Repeat("```\n", n/4),
		"one long fence": strings.Repeat("`", n),
		"flags":          strings.Repeat("🇩🇪", n/2),
		"abbreviations":  strings.Repeat("a. ", n/3),
	} {
		t.Run(name, func(t *testing.T) {
			// Many pieces show what is quadratic in the text, long ones what is in the piece.
			for _, o := range []chunk.Options{{Size: 10, Overlap: 5, Min: 1}, {Size: 2048, Overlap: 1024, Min: 100}} {
				began := time.Now()
				chunk.Split(text, o)
				// A quadratic step takes minutes; this leaves room for slow machines.
				require.Less(t, time.Since(began), 10*time.Second)
			}
		})
	}
}

func FuzzSplit(f *testing.F) {
	f.Add("One. Two! Three? 四。\r\n\r\n# Five\n```go\nsix()\n```\n", 20, 5, 3)
	f.Add(strings.Repeat("👩‍👩‍👧‍👦", 20), 10, 9, 1)
	f.Add("\xff\xe4\xb8"+strings.Repeat("\n", 50), 10, 0, 0)
	f.Add(strings.Repeat("func f() {\n\treturn\n}\n\n", 9), 64, 16, 12)
	f.Fuzz(func(t *testing.T, text string, size, overlap, least int) {
		numbers := []int{size, overlap, least}
		o := randomOptions(func(n int) int {
			i := int(uint(numbers[0]) % uint(n))
			numbers = numbers[1:]
			return i
		})
		require.NoError(t, promised(text, o))
	})
}
