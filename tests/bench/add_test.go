package bench

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/tests/client"
)

// BenchmarkAdd measures add_memory over stdio, one memory a call and one call
// at a time, each on disk before its answer, in stores of several sizes.
func BenchmarkAdd(b *testing.B) {
	for _, sync := range []string{"normal", "full"} {
		for _, n := range []int{0, 1_000, 10_000, 100_000} {
			b.Run(fmt.Sprintf("sync=%s/memories=%d", sync, n), func(b *testing.B) {
				dir := b.TempDir()
				if n > 0 {
					dir = filled(b, n)
				}
				c := client.Start(b, dir, "ZAPOMNI_DB_SYNC="+sync)
				require.NoError(b, c.Initialize())
				w := newWriter(99)
				var times []float64
				b.ResetTimer()
				for b.Loop() {
					text := w.text()
					began := time.Now()
					_, err := c.Add(map[string]any{"text": text})
					require.NoError(b, err)
					times = append(times, millis(time.Since(began)))
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "adds/s")
				b.ReportMetric(quantile(times, 0.5), "p50-ms")
				b.ReportMetric(quantile(times, 0.99), "p99-ms")
			})
		}
	}
}

// BenchmarkResident adds 10,000 memories to an empty store over stdio and
// tells the memory of the process then.
func BenchmarkResident(b *testing.B) {
	for b.Loop() {
		c := client.Start(b, b.TempDir())
		require.NoError(b, c.Initialize())
		w := newWriter(99)
		for range 10_000 {
			_, err := c.Add(map[string]any{"text": w.text()})
			require.NoError(b, err)
		}
		b.ReportMetric(residentMB(b, c), "resident-MB")
		require.NoError(b, c.CloseInput())
	}
}
