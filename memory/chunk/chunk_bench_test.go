package chunk_test

import (
	"strings"
	"testing"

	"zapomni/memory/chunk"
)

// repeated returns pattern as often as it takes to have n bytes, the last one
// whole.
func repeated(pattern string, n int) string {
	return strings.Repeat(pattern, n/len(pattern)+1)
}

func BenchmarkSplit(b *testing.B) {
	const n = 10_000_000
	for _, bm := range []struct{ name, text string }{
		{"prose", repeated("The parcel came on Monday, late as ever. Dr. Vane signed for it; nobody else was in.\n\n", n)},
		{"wrapped", repeated("it was a dark and stormy night and the rain fell in torrents, except at\noccasional intervals ", n)},
		{"code", repeated("func add(a, b int) int {\n\tif a == 0 {\n\t\treturn b\n\t}\n\n\treturn a + b\n}\n\n", n)},
		{"markdown", repeated("## Title\n\nSome text that explains it.\n\n```go\nx := 1\nprintln(x)\n```\n\n- one\n- two\n", n)},
		{"cjk", repeated("今日は天気がいいので、散歩に出かけました。公園には人がたくさんいました！", 3*n)},
		{"emoji", repeated("👩‍👩‍👧‍👦", 4*n)},
		{"oneWord", repeated("x", n)},
		{"newlines", repeated("\n", n)},
		{"blanks", repeated(" ", n)},
		{"fullStops", repeated("a.", n)},
		{"hashes", repeated("#", n)},
		{"fences", repeated("```\n", n)},
		{"accents", "e" + repeated("\u0301", 2*n)},
		{"flags", repeated("🇩🇪", 4*n)},
		{"invalid", repeated("\xff\xe4\xb8", n)},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.SetBytes(int64(len(bm.text)))
			b.ReportAllocs()
			for b.Loop() {
				chunk.Split(bm.text, chunk.Options{Size: 512, Overlap: 50})
			}
		})
	}
}
