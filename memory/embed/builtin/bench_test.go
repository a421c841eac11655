package builtin

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// query has 14 tokens, and 16 with the first and the last.
const query = "what did my older sister say about her new job at the hospital yesterday"

func BenchmarkEmbed(b *testing.B) {
	chunk := strings.Repeat(query+" ", 9) // 128 tokens in all
	batch := make([]string, 16)
	for i := range batch {
		batch[i] = chunk
	}
	for _, k := range available() {
		e := &Embedder{kernels: func() *kernels { return k }}
		_, err := e.Embed(b.Context(), []string{query})
		require.NoError(b, err)
		b.Run(k.name+"/query", func(b *testing.B) {
			for b.Loop() {
				_, err := e.Embed(b.Context(), []string{query})
				require.NoError(b, err)
			}
		})
		if k.name == portable().name {
			continue // half a minute
		}
		b.Run(k.name+"/chunks", func(b *testing.B) {
			for b.Loop() {
				_, err := e.Embed(b.Context(), batch)
				require.NoError(b, err)
			}
			b.ReportMetric(float64(len(batch)*b.N)/b.Elapsed().Seconds(), "chunks/s")
		})
	}
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		_, err := newEngine(best())
		require.NoError(b, err)
	}
}
