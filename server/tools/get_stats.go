package tools

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	mcpserver "github.com/mark3labs/mcp-go/server"

	"zapomni/memory"
)

type statistician interface {
	Stats(ctx context.Context, w memory.Workspace) (memory.Stats, error)
}

type getStatsOut struct {
	Workspace memory.Workspace `json:"workspace_id"`
	Memories  int              `json:"memories"`
	Chunks    int              `json:"chunks"`
	Bytes     int64            `json:"database_bytes"`
	Oldest    string           `json:"oldest,omitempty"`
	Newest    string           `json:"newest,omitempty"`

	Embedded int    `json:"embedded_chunks"`
	Model    string `json:"embedding_model,omitempty"`

	Pool  *memory.PoolStats  `json:"pool,omitempty"`
	Cache *memory.CacheStats `json:"embedding_cache,omitempty"`
}

func getStats(st statistician, s Sessions) mcpserver.ServerTool {
	return define(about{
		name: "get_stats", title: "Memory statistics", effect: reads,
		does: "Count what the current workspace holds.",
	}, func(ctx context.Context, _ struct{}) (answer, error) {
		w := s.Current(ctx)
		stats, err := st.Stats(ctx, w)
		if err != nil {
			return answer{}, fmt.Errorf("get stats: %w", err)
		}
		out := getStatsOut{
			Workspace: w, Memories: stats.Memories, Chunks: stats.Chunks, Bytes: stats.Bytes, Pool: stats.Pool, Cache: stats.Cache,
			Embedded: stats.Embedding.Embedded, Model: stats.Embedding.Model,
		}
		if !stats.Oldest.IsZero() {
			out.Oldest, out.Newest = stamp(stats.Oldest), stamp(stats.Newest)
		}
		return answer{text: statsText(stats), data: out}, nil
	})
}

func statsText(stats memory.Stats) string {
	const megabyte = 1 << 20
	lines := []string{
		"Memory System Statistics:",
		"Total Memories: " + thousands(stats.Memories),
		"Total Chunks: " + thousands(stats.Chunks),
		fmt.Sprintf("Database Size: %.2f MB", float64(stats.Bytes)/megabyte),
		fmt.Sprintf("Average Chunks per Memory: %.1f", float64(stats.Chunks)/math.Max(1, float64(stats.Memories))),
	}
	if stats.Cache != nil && stats.Cache.HitRate() > 0 {
		lines = append(lines, fmt.Sprintf("Cache Hit Rate: %.1f%%", 100*stats.Cache.HitRate()))
	}
	for _, l := range []struct {
		name string
		t    time.Time
	}{{"Oldest", stats.Oldest}, {"Newest", stats.Newest}} {
		if !l.t.IsZero() {
			lines = append(lines, l.name+" Memory: "+minute(l.t))
		}
	}
	if pool := stats.Pool; pool != nil {
		lines = append(lines, fmt.Sprintf("Connection Pool: %d/%d (%.1f%% utilization)",
			pool.ActiveConnections, pool.MaxConnections, pool.UtilizationPercent))
	}
	return strings.Join(lines, "\n")
}

// thousands writes a count with commas: 1,234,567.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
