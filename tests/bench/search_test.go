package bench

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/tests/client"
)

// BenchmarkSearch measures search_memory by words over stdio with plain questions,
// each another one, and tells how many answers have the text that was asked for
// among the first ten.
func BenchmarkSearch(b *testing.B) { benchmarkSearch(b, false) }

// BenchmarkSearchBetweenAdds does the same with an add_memory, which is not
// counted, before each question: the store has to count in what is new.
func BenchmarkSearchBetweenAdds(b *testing.B) { benchmarkSearch(b, true) }

func benchmarkSearch(b *testing.B, adding bool) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("memories=%d", n), func(b *testing.B) {
			dir := filled(b, n)
			embedAll(b, dir)
			c := client.Start(b, dir)
			require.NoError(b, c.Initialize())
			texts := newWriter(1)
			asker := newWriter(5)
			var questions, wanted []string
			for i := range n {
				if text := texts.text(); i%(n/1000) == 0 {
					questions = append(questions, asker.question(text))
					wanted = append(wanted, text)
				}
			}
			var times []float64
			found, i := 0, 0
			b.ResetTimer()
			for b.Loop() {
				at := i * 7919 % len(questions)
				if adding {
					_, err := c.Add(map[string]any{"text": asker.text()})
					require.NoError(b, err)
				}
				began := time.Now()
				hits, err := c.Search(map[string]any{"query": questions[at], "mode": "words"})
				times = append(times, millis(time.Since(began)))
				require.NoError(b, err)
				if slices.ContainsFunc(hits, func(h client.Hit) bool { return strings.Contains(wanted[at], strings.TrimSuffix(h.Text, "...")) }) {
					found++
				}
				i++
			}
			b.ReportMetric(quantile(times, 0.5), "p50-ms")
			b.ReportMetric(quantile(times, 0.95), "p95-ms")
			b.ReportMetric(100*float64(found)/float64(i), "found-%")
		})
	}
}
