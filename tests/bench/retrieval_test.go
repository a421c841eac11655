package bench

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/tests/client"
)

// BenchmarkRetrieval asks the questions of collections with known answers, in
// the folder that ZAPOMNI_RETRIEVAL_DATA names, of the built program over
// stdio. Each collection is a folder with corpus.jsonl.gz, queries.jsonl.gz and
// qrels.tsv. It tells the share of the right answers among the first (R@k) and
// how high they stand (MRR and nDCG at 10), in percent.
func BenchmarkRetrieval(b *testing.B) {
	folder := os.Getenv("ZAPOMNI_RETRIEVAL_DATA")
	if folder == "" {
		b.Skip("ZAPOMNI_RETRIEVAL_DATA names no folder of questions with known answers")
	}
	sets, err := filepath.Glob(filepath.Join(folder, "*", "qrels.tsv"))
	require.NoError(b, err)
	require.NotEmpty(b, sets, "no collection in %s", folder)
	for _, path := range sets {
		set := filepath.Dir(path)
		b.Run(filepath.Base(set), func(b *testing.B) {
			for b.Loop() {
				var total measures
				c := client.Start(b, b.TempDir())
				require.NoError(b, c.Initialize())
				ids := feed(b, c, set)
				ask(b, c, set, ids, &total)
				require.NoError(b, c.CloseInput())
				total.report(b)
			}
		})
	}
}

type document struct {
	ID   string `json:"id"`
	Text string `json:"text"`
	Meta struct {
		Workspace string `json:"ws"`
		Speaker   string `json:"speaker"`
		Date      string `json:"date"`
		DateText  string `json:"date_text"`
		Caption   string `json:"caption"`
	} `json:"meta"`
}

// told is how a document is told to the server: the turns of a conversation
// with speaker and time, all else as it is.
func (d document) told() map[string]any {
	if d.Meta.Speaker == "" {
		return map[string]any{"text": d.Text}
	}
	text := fmt.Sprintf("%s (%s): %s", d.Meta.Speaker, d.Meta.DateText, d.Text)
	if d.Meta.Caption != "" {
		text += fmt.Sprintf(" [shared a photo: %s]", d.Meta.Caption)
	}
	return map[string]any{"text": text, "metadata": map[string]any{"timestamp": d.Meta.Date}}
}

// feed adds all documents and returns their names by the IDs they got.
func feed(b *testing.B, c *client.Conn, set string) map[string]string {
	b.Helper()
	names, made := make(map[string]string), make(map[string]bool)
	eachLine(b, filepath.Join(set, "corpus.jsonl.gz"), func(line []byte) {
		var d document
		require.NoError(b, json.Unmarshal(line, &d))
		arguments := d.told()
		if w := d.Meta.Workspace; w != "" {
			arguments["workspace_id"] = w
			if !made[w] {
				made[w] = true
				_, err := c.Tool("create_workspace", map[string]any{"workspace_id": w, "name": w})
				require.NoError(b, err)
			}
		}
		id, err := c.Add(arguments)
		require.NoError(b, err)
		names[id] = d.ID
	})
	return names
}

// measures are sums over the questions asked.
type measures struct {
	questions                  int
	r1, r5, r10, r50, mrr, dcg float64
}

func (m *measures) report(b *testing.B) {
	b.Helper()
	for _, f := range []struct {
		unit string
		sum  float64
	}{{"R@1", m.r1}, {"R@5", m.r5}, {"R@10", m.r10}, {"R@50", m.r50}, {"MRR@10", m.mrr}, {"nDCG@10", m.dcg}} {
		b.ReportMetric(100*f.sum/float64(m.questions), f.unit)
	}
}

func ask(b *testing.B, c *client.Conn, set string, names map[string]string, total *measures) {
	b.Helper()
	right := answers(b, set)
	eachLine(b, filepath.Join(set, "queries.jsonl.gz"), func(line []byte) {
		var q document
		require.NoError(b, json.Unmarshal(line, &q))
		if len(right[q.ID]) == 0 {
			return
		}
		arguments := map[string]any{"query": q.Text, "limit": 50, "max_tokens": 100_000}
		if q.Meta.Workspace != "" {
			arguments["workspace_id"] = q.Meta.Workspace
		}
		hits, err := c.Search(arguments)
		require.NoError(b, err)
		total.add(hits, names, right[q.ID])
	})
}

// add counts where the right answers of one question stand.
func (m *measures) add(hits []client.Hit, names map[string]string, right map[string]bool) {
	var dcg, ideal float64
	first := true
	each := 1 / float64(len(right))
	for i, h := range hits {
		if !right[names[h.ID]] {
			continue
		}
		for _, r := range []struct {
			k   int
			sum *float64
		}{{1, &m.r1}, {5, &m.r5}, {10, &m.r10}, {50, &m.r50}} {
			if i < r.k {
				*r.sum += each
			}
		}
		if i < 10 {
			dcg += 1 / math.Log2(float64(i+2))
			if first {
				m.mrr += 1 / float64(i+1)
			}
		}
		first = false
	}
	for i := range min(10, len(right)) {
		ideal += 1 / math.Log2(float64(i+2))
	}
	m.dcg += dcg / ideal
	m.questions++
}

// answers returns the documents that answer each question.
func answers(b *testing.B, set string) map[string]map[string]bool {
	b.Helper()
	raw, err := os.ReadFile(filepath.Join(set, "qrels.tsv"))
	require.NoError(b, err)
	right := make(map[string]map[string]bool)
	for i, line := range strings.Split(strings.TrimSpace(string(raw)), "\n") {
		fields := strings.Split(line, "\t")
		if i == 0 || len(fields) < 2 {
			continue // the heading
		}
		if right[fields[0]] == nil {
			right[fields[0]] = make(map[string]bool)
		}
		right[fields[0]][fields[1]] = true
	}
	return right
}

func eachLine(b *testing.B, path string, do func(line []byte)) {
	b.Helper()
	file, err := os.Open(path)
	require.NoError(b, err)
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	require.NoError(b, err)
	lines := bufio.NewScanner(unzipped)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		do(lines.Bytes())
	}
	require.NoError(b, lines.Err())
}
