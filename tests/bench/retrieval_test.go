package bench

import (
	"cmp"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/cmd/zapomni/retrieval"
	"zapomni/tests/client"
)

// BenchmarkRetrieval asks the questions of sets with known answers, in the
// folder that ZAPOMNI_RETRIEVAL_DATA names, of the built program over stdio: by
// words as soon as everything is kept, by words and meaning once there are
// vectors. It tells the share of the right answers among the first (R@k) and
// how high they stand (MRR and nDCG at 10), in percent.
func BenchmarkRetrieval(b *testing.B) {
	folder := os.Getenv("ZAPOMNI_RETRIEVAL_DATA")
	if folder == "" {
		b.Skip("ZAPOMNI_RETRIEVAL_DATA names no folder of questions with known answers")
	}
	folders, err := retrieval.Find(folder)
	require.NoError(b, err)
	for _, folder := range folders {
		set, err := retrieval.Read(folder)
		require.NoError(b, err)
		b.Run(set.Name, func(b *testing.B) {
			for b.Loop() {
				c := client.Start(b, b.TempDir())
				require.NoError(b, c.Initialize())
				names := feed(b, c, set)
				byWords := ask(b, c, set, names, "words")
				awaitVectors(b, c, set)
				byBoth := ask(b, c, set, names, "hybrid")
				require.NoError(b, c.CloseInput())
				report(b, "words-", byWords)
				report(b, "", byBoth)
			}
		})
	}
}

// feed adds all documents and returns their names by the IDs they got.
func feed(b *testing.B, c *client.Conn, set *retrieval.Set) map[string]string {
	b.Helper()
	for _, w := range set.Workspaces() {
		if w != "" {
			_, err := c.Tool("create_workspace", map[string]any{"workspace_id": w, "name": w})
			require.NoError(b, err)
		}
	}
	names := make(map[string]string)
	for _, d := range set.Documents {
		text, metadata := d.Told()
		arguments := map[string]any{"text": text}
		if metadata != nil {
			arguments["metadata"] = metadata
		}
		if d.Meta.Workspace != "" {
			arguments["workspace_id"] = d.Meta.Workspace
		}
		id, err := c.Add(arguments)
		require.NoError(b, err)
		names[id] = d.ID
	}
	return names
}

func ask(b *testing.B, c *client.Conn, set *retrieval.Set, names map[string]string, mode string) retrieval.Scores {
	b.Helper()
	var total retrieval.Measures
	for _, q := range set.Questions {
		arguments := map[string]any{"query": q.Text, "limit": retrieval.Depth, "max_tokens": 100_000, "mode": mode}
		if q.Meta.Workspace != "" {
			arguments["workspace_id"] = q.Meta.Workspace
		}
		hits, err := c.Search(arguments)
		require.NoError(b, err)
		found := make([]string, len(hits))
		for i, h := range hits {
			found[i] = names[h.ID]
		}
		total.Add(found, q.Answers)
	}
	return total.Scores()
}

// awaitVectors waits until all that was kept has its vectors.
func awaitVectors(b *testing.B, c *client.Conn, set *retrieval.Set) {
	b.Helper()
	for _, w := range set.Workspaces() {
		_, err := c.Tool("set_current_workspace", map[string]any{"workspace_id": cmp.Or(w, "default")})
		require.NoError(b, err)
		require.Eventually(b, func() bool {
			r, err := c.Tool("get_stats", nil)
			require.NoError(b, err)
			var stats struct {
				Chunks   int `json:"chunks"`
				Embedded int `json:"embedded_chunks"`
			}
			require.NoError(b, json.Unmarshal(r.Structured, &stats))
			return stats.Embedded == stats.Chunks
		}, 20*time.Minute, 200*time.Millisecond)
	}
}

func report(b *testing.B, by string, s retrieval.Scores) {
	b.Helper()
	for _, f := range []struct {
		unit string
		mean float64
	}{{"R@1", s.R1}, {"R@5", s.R5}, {"R@10", s.R10}, {"R@50", s.R50}, {"MRR@10", s.MRR10}, {"nDCG@10", s.NDCG10}} {
		b.ReportMetric(100*f.mean, by+f.unit)
	}
}
