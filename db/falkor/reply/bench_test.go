package reply

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// written returns a reply of n equal rows, whose values are given in RESP.
func written(n int, columns []string, values ...string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "*3\r\n*%d\r\n", len(columns))
	for _, name := range columns {
		fmt.Fprintf(&b, "*2\r\n:1\r\n$%d\r\n%s\r\n", len(name), name)
	}
	fmt.Fprintf(&b, "*%d\r\n", n)
	for range n {
		fmt.Fprintf(&b, "*%d\r\n%s", len(columns), strings.Join(values, ""))
	}
	b.WriteString("*2\r\n$19\r\nCached execution: 1\r\n$52\r\nQuery internal execution time: 0.191590 milliseconds\r\n")
	return []byte(b.String())
}

func str(s string) string { return fmt.Sprintf("*2\r\n:2\r\n$%d\r\n%s\r\n", len(s), s) }

func writtenVector(n int, element func(text string) string) string {
	random := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	fmt.Fprintf(&b, "*2\r\n:12\r\n*%d\r\n", n)
	for range n {
		b.WriteString(element(fmt.Sprintf("%.17g", float32(random.NormFloat64()*0.05))))
	}
	return b.String()
}

func resp2(text string) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(text), text) }

func resp3(text string) string { return "," + text + "\r\n" }

const (
	uuid     = "0198c5a2-7f3e-7c41-9a55-0d6f1c2b3a49"
	score    = "*2\r\n:5\r\n$17\r\n0.348216485977173\r\n"
	position = "*2\r\n:3\r\n:1762000000123456\r\n"
)

var sink int64

func BenchmarkParse(b *testing.B) {
	text := strings.Repeat("It isn't the dog's day. ", 17)
	tags := "*2\r\n:6\r\n*3\r\n" + str("one") + str("two") + str("three")
	object := "*2\r\n:10\r\n*6\r\n$2\r\nid\r\n" + str(uuid) + "$4\r\ntext\r\n" + str(text) + "$1\r\ni\r\n" + position
	for _, bm := range []struct {
		name string
		raw  []byte
	}{
		{"one row", written(1, []string{"n"}, position)},
		{"10 hits", written(10, []string{"id", "text", "score"}, str(uuid), str(text), score)},
		{"1000 ids and scores", written(1000, []string{"id", "at", "score"}, str(uuid), position, score)},
		{"1000 texts", written(1000, []string{"id", "text"}, str(uuid), str(text))},
		{"1000 lists", written(1000, []string{"id", "tags"}, str(uuid), tags)},
		{"1000 maps", written(1000, []string{"m"}, object)},
		{"20 vectors RESP3", written(20, []string{"v"}, writtenVector(384, resp3))},
		{"20 vectors RESP2", written(20, []string{"v"}, writtenVector(384, resp2))},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(bm.raw)))
			for b.Loop() {
				if _, err := Parse(bm.raw); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	r, err := Parse(written(1000, []string{"id", "at", "score"}, str(uuid), position, score))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		for i := range r.Len() {
			row := r.Row(i)
			sink += int64(len(row.Get("id").Text())) + row.Get("at").Int() + int64(row.Get("score").Float())
		}
	}
}
