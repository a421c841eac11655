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

func getStats(st statistician, s Sessions, o Options) mcpserver.ServerTool {
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
		return answer{text: o.statsText(stats), data: out}, nil
	})
}

func (o Options) statsText(stats memory.Stats) string {
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
	if o.Traffic != nil {
		lines = append(lines, o.Traffic().lines()...)
	}
	if pool := stats.Pool; pool != nil {
		lines = append(lines, fmt.Sprintf("Connection Pool: %d/%d (%.1f%% utilization)",
			pool.ActiveConnections, pool.MaxConnections, pool.UtilizationPercent))
	}
	return strings.Join(lines, "\n")
}

func (t Traffic) lines() []string {
	return []string{
		"", "SSE Transport Metrics:",
		fmt.Sprintf("Active Connections: %d", t.Active),
		fmt.Sprintf("Peak Connections: %d", t.Peak),
		fmt.Sprintf("Total Connections Created: %d", t.Created),
		fmt.Sprintf("Total Connections Closed: %d", t.Closed),
		fmt.Sprintf("Total Requests Processed: %d", t.Requests),
		fmt.Sprintf("Total Errors: %d", t.Errors),
	}
}

// thousands writes a count with commas: 1,234,567.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
