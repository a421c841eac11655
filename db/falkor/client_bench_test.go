package falkor

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/db/falkor/falkortest"
)

// BenchmarkQuery sends the smallest query there is, beside the same one
// through go-redis alone: what lies between is ours.
func BenchmarkQuery(b *testing.B) {
	s := falkortest.Shared(b)
	cfg := Defaults()
	cfg.URL, cfg.Graph = Secret(s.URL()), s.Graph(b)
	c, err := NewClient(cfg, discard())
	require.NoError(b, err)
	require.NoError(b, c.Init(b.Context()))
	b.Cleanup(func() { c.Close(b.Context()) })
	options, err := cfg.options(newWires())
	require.NoError(b, err)
	node := open(options).(*one).Client // its own, since ours keeps connections out of its pool
	b.Cleanup(func() { node.Close() })
	ctx := b.Context()
	ways := []struct {
		name string
		ask  func() error
	}{
		{"client", func() error {
			_, err := c.Query(ctx, Statement{Graph: cfg.Graph, Text: "RETURN 1"})
			return err
		}},
		{"go-redis", func() error {
			return node.Do(ctx, "GRAPH.RO_QUERY", cfg.Graph, "RETURN 1", "--compact", "timeout", "29500").Err()
		}},
	}
	for _, callers := range []int{1, 10, 50} {
		for _, way := range ways {
			b.Run(fmt.Sprintf("callers=%d/%s", callers, way.name), func(b *testing.B) {
				b.ReportAllocs()
				if callers == 1 {
					for b.Loop() {
						if err := way.ask(); err != nil {
							b.Fatal(err)
						}
					}
					return
				}
				b.SetParallelism(callers / 2)
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if err := way.ask(); err != nil {
							b.Error(err)
							return
						}
					}
				})
			})
		}
	}
}

// BenchmarkAcquire measures how long it takes to get a connection while ten
// others ask, and nine are free.
func BenchmarkAcquire(b *testing.B) {
	s := falkortest.Shared(b)
	cfg := Defaults()
	cfg.URL, cfg.Graph = Secret(s.URL()), s.Graph(b)
	c, err := NewClient(cfg, discard())
	require.NoError(b, err)
	require.NoError(b, c.Init(b.Context()))
	b.Cleanup(func() { c.Close(b.Context()) })
	ctx, p := b.Context(), c.pool.Load()
	done := make(chan struct{})
	var others sync.WaitGroup
	for range 10 {
		others.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					_, _ = c.Query(ctx, Statement{Graph: cfg.Graph, Text: "RETURN 1", Effect: Repeatable})
				}
			}
		})
	}
	var took []time.Duration
	b.ResetTimer()
	for b.Loop() {
		began := time.Now()
		require.NoError(b, p.take(ctx))
		l := p.hotLane(ctx, began)
		took = append(took, time.Since(began))
		if l != nil {
			p.leave(l)
		}
		p.free()
		if _, err := c.Query(ctx, Statement{Graph: cfg.Graph, Text: "RETURN 1", Effect: Repeatable}); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	close(done)
	others.Wait()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*95/100].Nanoseconds()), "p95-ns")
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds()), "p99-ns")
}
