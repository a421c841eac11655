package bench

import (
	"context"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"github.com/stretchr/testify/require"

	"zapomni/db/falkor"
	"zapomni/db/falkor/falkortest"
)

// turn is how long one way has the machine to itself before it is the next
// one's turn: what disturbs the machine disturbs all.
const turn = 150 * time.Millisecond

// connections is how many of them a pool has.
const connections = 20

// outcome is what a way did in its turn.
type outcome struct {
	rate     float64 // answers a second
	p50, p99 time.Duration
	allocs   float64 // a query; 0 where that is unknown
}

// way is a client. It does its work for about a turn.
type way func(b *testing.B, w falkorWork, callers int) outcome

// together lets callers call ask until the turn is over.
func together(b *testing.B, callers int, ask func(context.Context) error) outcome {
	b.Helper()
	took := make([][]time.Duration, callers)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	var group sync.WaitGroup
	for i := range callers {
		group.Go(func() {
			for time.Since(began) < turn {
				sent := time.Now()
				if err := ask(b.Context()); err != nil {
					b.Error(err)
					return
				}
				took[i] = append(took[i], time.Since(sent))
			}
		})
	}
	group.Wait()
	spent := time.Since(began)
	runtime.ReadMemStats(&after)
	all := slices.Concat(took...)
	slices.Sort(all)
	return outcome{
		rate: float64(len(all)) / spent.Seconds(), p50: all[len(all)/2], p99: all[len(all)*99/100],
		allocs: float64(after.Mallocs-before.Mallocs) / float64(len(all)),
	}
}

// ours is the client that the program uses.
func ours(c *falkor.Client, graph string) way {
	return func(b *testing.B, w falkorWork, callers int) outcome {
		b.Helper()
		return together(b, callers, func(ctx context.Context) error {
			_, err := c.Query(ctx, falkor.Statement{Graph: graph, Text: w.text, Params: w.draw()})
			return err
		})
	}
}

// bare is go-redis with nothing around it.
func bare(b *testing.B, s *falkortest.Server, graph string) way {
	b.Helper()
	node := redis.NewClient(&redis.Options{
		Network: "unix", Addr: s.Socket(), PoolSize: connections, MaxRetries: -1, ContextTimeoutEnabled: true, ReadTimeout: 30 * time.Second,
		WriteTimeout: 30 * time.Second, MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	b.Cleanup(func() { _ = node.Close() })
	return func(b *testing.B, w falkorWork, callers int) outcome {
		b.Helper()
		before, after, draws := strings.Cut(w.encoded(b), drawn)
		return together(b, callers, func(ctx context.Context) error {
			text := before
			if draws {
				text += fmt.Sprintf("%012d", rand.IntN(falkorNodes)) + after
			}
			return node.Do(ctx, "GRAPH.RO_QUERY", graph, text, "--compact", "timeout", "29500").Err()
		})
	}
}

// ceiling is the server's own benchmark, which makes nothing of the answers.
func ceiling(s *falkortest.Server, graph string) way {
	guess := make(map[string]float64) // of the rate
	return func(b *testing.B, w falkorWork, callers int) outcome {
		b.Helper()
		row := fmt.Sprint(w.name, callers)
		if guess[row] == 0 {
			guess[row] = valkeyBenchmark(b, s, graph, w, callers, 1000).rate
		}
		o := valkeyBenchmark(b, s, graph, w, callers, int(guess[row]*turn.Seconds()))
		guess[row] = o.rate
		return o
	}
}

func valkeyBenchmark(b *testing.B, s *falkortest.Server, graph string, w falkorWork, callers, n int) outcome {
	b.Helper()
	dir := os.Getenv("ZAPOMNI_FALKORDB_DIR")
	if dir == "" {
		dir = filepath.Join("..", "..", ".falkordb")
	}
	cmd := exec.CommandContext(b.Context(), filepath.Join(dir, "bin", "valkey-benchmark"),
		"-s", s.Socket(), "-3", "--csv", "--precision", "3", "-r", strconv.Itoa(falkorNodes), "-n", strconv.Itoa(n), "-c", strconv.Itoa(min(callers, connections)),
		"GRAPH.RO_QUERY", graph, w.encoded(b), "--compact", "timeout", "29500")
	cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+filepath.Join(dir, "lib"))
	out, err := cmd.Output()
	require.NoError(b, err)
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	fields, err := csv.NewReader(strings.NewReader(lines[len(lines)-1])).Read()
	require.NoError(b, err)
	require.Len(b, fields, 8)
	number := func(i int) float64 {
		f, err := strconv.ParseFloat(fields[i], 64)
		require.NoError(b, err)
		return f
	}
	return outcome{rate: number(1), p50: time.Duration(number(4) * 1e6), p99: time.Duration(number(6) * 1e6)}
}
