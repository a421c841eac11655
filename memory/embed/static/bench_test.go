package static

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory/embed/builtin"
)

func BenchmarkEmbed(b *testing.B) {
	const query = "what did my older sister say about her new job at the hospital yesterday"
	e := New()
	for name, text := range map[string]string{"query": query, "chunk": strings.Repeat(query+" ", 7)} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, err := e.Embed(b.Context(), []string{text})
				require.NoError(b, err)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "texts/s")
		})
	}
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		_, err := New().Embed(b.Context(), []string{"a"})
		require.NoError(b, err)
	}
}

func BenchmarkTokens(b *testing.B) {
	t, err := builtin.NewTokenizer()
	require.NoError(b, err)
	for b.Loop() {
		t.Tokens("what did my older sister say about her new job at the hospital yesterday")
	}
}
