package bench

import (
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/db/embedded"
	"zapomni/memory"
	"zapomni/memory/embed/builtin"
	"zapomni/tests/client"
)

// BenchmarkSearchByMeaning measures search_memory over stdio by words and by
// meaning, with a vector for every memory, each question another one, and tells
// what memory the process took. A store of a million takes about half an hour
// to make, and 4 GB.
func BenchmarkSearchByMeaning(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("memories=%d", n), func(b *testing.B) {
			dir := filled(b, n)
			embedAll(b, dir)
			c := client.Start(b, dir)
			require.NoError(b, c.Initialize())
			texts, asker := newWriter(1), newWriter(5)
			var questions []string
			for range 1000 {
				questions = append(questions, asker.question(texts.text()))
			}
			began := time.Now()
			_, err := c.Search(map[string]any{"query": questions[0]})
			require.NoError(b, err)
			first := millis(time.Since(began)) // loads the model and what the store needs
			var times []float64
			b.ResetTimer()
			for i := 0; b.Loop(); i++ {
				began := time.Now()
				_, err := c.Search(map[string]any{"query": questions[i*7919%len(questions)]})
				times = append(times, millis(time.Since(began)))
				require.NoError(b, err)
			}
			b.ReportMetric(first, "first-ms")
			b.ReportMetric(quantile(times, 0.5), "p50-ms")
			b.ReportMetric(quantile(times, 0.95), "p95-ms")
			b.ReportMetric(residentMB(b, c), "resident-MB")
		})
	}
}

// embedAll gives each chunk a vector near that of one of some texts, as the
// embedder would need hours for as many.
func embedAll(b *testing.B, dir string) {
	b.Helper()
	config := embedded.Defaults()
	config.Path = filepath.Join(dir, "zapomni.db")
	store, err := embedded.Open(b.Context(), config, slog.New(slog.DiscardHandler))
	require.NoError(b, err)
	defer func() { require.NoError(b, store.Close()) }()
	near := newNearby(b)
	for after := memory.Cursor(""); ; {
		chunks, next, err := store.Unembedded(b.Context(), memory.DefaultWorkspace, after, 1000)
		require.NoError(b, err)
		made := make([]memory.Attachment, len(chunks))
		for i, c := range chunks {
			made[i] = memory.Attachment{Ref: c.Ref, Vector: near.vector()}
		}
		require.NoError(b, store.Attach(b.Context(), memory.DefaultWorkspace, near.model, made))
		if after = next; after == "" {
			return
		}
	}
}

// nearby makes vectors that lie around those of real texts.
type nearby struct {
	model string
	real  [][]float32
	rand  *rand.Rand
}

func newNearby(b *testing.B) *nearby {
	b.Helper()
	e := builtin.New()
	w := newWriter(1)
	texts := make([]string, 500)
	for i := range texts {
		texts[i] = w.text()
	}
	vectors, err := e.Embed(b.Context(), texts)
	require.NoError(b, err)
	return &nearby{model: e.Model(), real: vectors, rand: rand.New(rand.NewPCG(3, 3))}
}

func (n *nearby) vector() []float32 {
	around := n.real[n.rand.IntN(len(n.real))]
	v := make([]float32, len(around))
	var squares float64
	for i, x := range around {
		v[i] = x + 0.03*float32(n.rand.NormFloat64()) // a cosine of about 0.86
		squares += float64(v[i]) * float64(v[i])
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(squares))
	}
	return v
}
