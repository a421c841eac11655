package falkor

import (
	"fmt"
	"testing"

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
	node, err := c.pool.Load().servers.pick(b.Context(), cfg.Graph, true)
	require.NoError(b, err)
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
