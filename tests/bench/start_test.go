package bench

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/tests/client"
)

// BenchmarkStart measures from the start of the process to its answer to
// initialize, and the memory it has then.
func BenchmarkStart(b *testing.B) {
	for _, n := range []int{0, 100_000} {
		b.Run(fmt.Sprintf("memories=%d", n), func(b *testing.B) {
			dir := b.TempDir()
			if n > 0 {
				dir = filled(b, n)
			}
			client.Program(b)
			var times []float64
			var resident float64
			b.ResetTimer()
			for b.Loop() {
				began := time.Now()
				c := client.Start(b, dir)
				require.NoError(b, c.Initialize())
				times = append(times, millis(time.Since(began)))
				b.StopTimer()
				resident = residentMB(b, c)
				require.NoError(b, c.CloseInput())
				b.StartTimer()
			}
			b.ReportMetric(quantile(times, 0.5), "p50-ms")
			b.ReportMetric(quantile(times, 0.95), "p95-ms")
			b.ReportMetric(resident, "resident-MB")
		})
	}
}

func millis(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }

func quantile(times []float64, q float64) float64 {
	slices.Sort(times)
	return times[min(len(times)-1, int(q*float64(len(times))))]
}

var residentLine = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)

// residentMB reads the resident memory of the server where the system tells.
func residentMB(b *testing.B, c *client.Conn) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.Cmd.Process.Pid))
	if err != nil {
		return 0
	}
	m := residentLine.FindSubmatch(status)
	require.NotNil(b, m)
	kb, err := strconv.ParseFloat(string(m[1]), 64)
	require.NoError(b, err)
	return kb / 1024
}
