package bench

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/tests/client"
)

// BenchmarkCallByTransport calls a tool that does next to nothing, one call
// after the other, of a program over its standard streams and of one over HTTP
// in either way. They take turns, so that what else the machine does slows all
// of them down.
func BenchmarkCallByTransport(b *testing.B) {
	pipe := client.Start(b, b.TempDir())
	require.NoError(b, pipe.Initialize())
	site := client.Serve(b, b.TempDir(), "ZAPOMNI_LOG_LEVEL=WARNING")
	streamable, err := site.Streamable()
	require.NoError(b, err)
	defer streamable.Drop()
	sse, err := site.SSE()
	require.NoError(b, err)
	defer sse.Drop()

	names := []string{"stdio", "streamable", "sse"}
	callers := []client.Caller{pipe, streamable, sse}
	took := make([][]time.Duration, len(callers))
	once := func(c client.Caller) time.Duration {
		began := time.Now()
		r, err := client.Tool(c, "get_current_workspace", map[string]any{})
		after := time.Since(began)
		require.NoError(b, err)
		require.False(b, r.IsError, r.Text)
		return after
	}
	for range 200 {
		for _, c := range callers {
			once(c)
		}
	}
	for b.Loop() {
		for i, c := range callers {
			took[i] = append(took[i], once(c))
		}
	}
	microseconds := func(i int) float64 {
		slices.Sort(took[i])
		return float64(took[i][len(took[i])/2].Nanoseconds()) / 1e3
	}
	b.ReportMetric(microseconds(0), "stdio-p50-µs")
	for i, name := range names[1:] {
		b.ReportMetric(microseconds(i+1)-microseconds(0), name+"-over-stdio-µs")
	}
	b.ReportMetric(0, "ns/op") // of all three
}
