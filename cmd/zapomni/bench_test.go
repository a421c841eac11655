package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/cmd/zapomni/retrieval"
	"zapomni/db/falkor/falkortest"
)

// The files of a set with two workspaces. One question has its answer second,
// one has half of its answers, and one has none that anybody knows.
const (
	benchCorpus = `{"id": "d1", "text": "The lighthouse of Nazaré was built in 1903."}
{"id": "d2", "text": "Nazaré is a town in Portugal, and Portugal is a country."}
{"id": "d3", "text": "Sourdough needs flour, water and a day."}
{"id": "t1", "text": "I adopted a puppy", "meta": {"ws": "Chat of May", "speaker": "Ben", "date": "2023-05-08T13:56:00", "date_text": "1:56 pm on 8 May, 2023"}}
{"id": "t2", "text": "What is its name?", "meta": {"ws": "Chat of May", "speaker": "Anna", "date": "2023-05-08T13:56:00", "date_text": "1:56 pm on 8 May, 2023"}}
`
	benchQueries = `{"id": "q1", "text": "sourdough flour"}
{"id": "q2", "text": "adopted puppy", "meta": {"ws": "Chat of May"}}
{"id": "q3", "text": "lighthouse", "meta": {"ws": "nowhere"}}
{"id": "q4", "text": "lighthouse"}
`
	benchQrels = "query-id\tcorpus-id\tscore\nq1\td3\t1\nq2\tt1\t1\nq2\tt9\t1\nq3\td1\t1\nq9\td1\t1\n"
)

// writeBench writes a set into the home.
func writeBench(t *testing.T, h home, dir string) {
	t.Helper()
	h.write(t, filepath.Join(dir, "corpus.jsonl"), benchCorpus)
	h.write(t, filepath.Join(dir, "queries.jsonl"), benchQueries)
	h.write(t, filepath.Join(dir, "qrels.tsv"), benchQrels)
}

// benchHome is a home whose directory for temporary files is empty, and stays
// so. What the tests share has to be there before.
func benchHome(t *testing.T) (h home, temp string) {
	t.Helper()
	h, temp = newHome(t), t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Setenv("TMP", temp)
	h.environ = append(h.environ, "TMPDIR="+temp, "TMP="+temp)
	t.Cleanup(func() {
		left, err := os.ReadDir(temp)
		require.NoError(t, err)
		require.Empty(t, left)
	})
	return h, temp
}

func TestBenchMeasuresASet(t *testing.T) {
	for _, mode := range []string{"hybrid", "words", "meaning"} {
		t.Run(mode, func(t *testing.T) {
			h, _ := benchHome(t)
			writeBench(t, h, "mine")
			got := decoded[benchmarked](t, h.fine(t, "bench", "mine", "--json", "--mode", mode))
			sum := sha256.Sum256([]byte(benchCorpus + benchQueries + benchQrels))
			third, half := 1.0/3, 0.5
			require.Equal(t, [2]string{"mine", hex.EncodeToString(sum[:])}, [2]string{got.Set, got.SHA256})
			require.Equal(t, [4]int{5, 2, 3, 5}, [4]int{got.Documents, got.Workspaces, got.Questions, got.Chunks})
			require.Equal(t, [4]int{1, 1, 1, 1}, [4]int{got.Unanswered, got.ToUnknown, got.ByUnknown, got.Elsewhere})
			// One question is answered, of another a half, the third looks where nothing is.
			for _, r := range []*float64{got.R1, got.R5, got.R10, got.R50} {
				require.InDelta(t, third+half*third, *r, 1e-9)
			}
			require.InDelta(t, 2*third, *got.MRR10, 1e-9)
			require.Positive(t, got.P50)
			require.GreaterOrEqual(t, got.P95, got.P50)
			require.Positive(t, got.Add)
			require.Equal(t, "embedded", got.Store)
			require.Equal(t, mode != "words", got.Embedded == 5 && got.Embed > 0 && got.Model != "")
			require.Equal(t, mode == "hybrid", got.Fusion == "weighted")
			require.Zero(t, got.Lacking)
		})
	}
}

func TestBenchTellsEachSetOfAFolder(t *testing.T) {
	h, _ := benchHome(t)
	writeBench(t, h, "sets/b")
	writeBench(t, h, "sets/a\x1b[2J")
	got := h.run(t, "bench", "sets", "--mode", "words", "--limit", "5")
	require.Zero(t, got.status, got.err)
	require.Regexp(t, `(?s)^Embedder:  none\nStore:     embedded\nSearch:    words, 5 hits\n\n`+
		`SET .*\na\[2J +5 +3 +50\.0 +50\.0 +- +- +- +- .*\nb +5 +3 .*\n\nSHA-256 of the data:\n[0-9a-f]{64}  a\[2J\n[0-9a-f]{64}  b\n$`, got.out)
	for _, want := range []string{
		"zapomni: b: 1 questions have no known answer, and were not asked\n",
		"zapomni: b: 1 answers are to a question that is not there, and count for nothing\n",
		"zapomni: b: 1 answers are a document that is not there, and count as not found\n",
		"zapomni: b: 1 answers are in another workspace than their question, and count as not found\n",
	} {
		require.Contains(t, got.err, want)
	}
}

func TestBenchGoesByWordsWithoutAnEmbedder(t *testing.T) {
	h, _ := benchHome(t)
	writeBench(t, h, "mine")
	h.environ = append(h.environ, "ZAPOMNI_EMBEDDING_PROVIDER=none")
	got := decoded[benchmarked](t, h.fine(t, "bench", "mine", "--json"))
	require.Equal(t, [2]string{}, [2]string{got.Model, got.Fusion})
	require.Zero(t, got.Embedded)
	require.InDelta(t, 2.0/3, *got.MRR10, 1e-9)

	for _, setting := range []string{"ZAPOMNI_EMBEDDING_PROVIDER=none", "ENABLE_HYBRID_SEARCH=false"} {
		h := home{h.dir, append(h.environ[:len(h.environ)-1:len(h.environ)-1], setting)}
		failed := h.run(t, "bench", "mine", "--mode", "meaning")
		require.Equal(t, exitError, failed.status)
		require.Contains(t, failed.err, "there is no embedder: the setting embed.provider is none, or server.hybrid_search is off")
	}
}

func TestBenchDoubtsWhatWentWithoutMeaning(t *testing.T) {
	m := &benchmark{model: "m", chunks: 7, embedded: 4, lacking: 2, lacks: "the embedder is down"}
	m.Questions = 9
	require.Equal(t, []string{
		"3 chunks have no vector: the embedder did not take them",
		"2 of 9 questions went without meaning, or a part of it: the embedder is down",
	}, doubts(&retrieval.Set{}, m))
}

func TestBenchTellsTimesByRank(t *testing.T) {
	m := &benchmark{asking: []time.Duration{5, 1, 4, 2, 3}}
	require.Equal(t, [2]time.Duration{3, 5}, [2]time.Duration{m.within(50), m.within(95)})
}

func TestBenchLeavesTheMemoriesAlone(t *testing.T) {
	h, _ := benchHome(t)
	h.fine(t, "add", "sourdough flour")
	writeBench(t, h, "mine")
	before := h.fine(t, "workspaces", "--json")
	h.fine(t, "bench", "mine", "--mode", "words", "--json")
	require.Equal(t, before, h.fine(t, "workspaces", "--json"))
}

func TestBenchNamesWhatIsWrong(t *testing.T) {
	h, _ := benchHome(t)
	writeBench(t, h, "broken")
	h.write(t, "broken/corpus.jsonl", benchCorpus+`{"id": "d9", "text"`)
	writeBench(t, h, "partial")
	require.NoError(t, os.Remove(filepath.Join(h.dir, "partial", "queries.jsonl")))
	writeBench(t, h, "undated")
	h.write(t, "undated/corpus.jsonl", benchCorpus+`{"id": "d9", "text": "x", "meta": {"speaker": "Ben", "date": "yesterday"}}`)
	h.write(t, "empty/notes.txt", "")
	for _, tc := range []struct {
		name   string
		args   []string
		status int
		want   string
	}{
		{"no folder named", nil, exitUsage, "name one folder of questions"},
		{"two folders", []string{"broken", "partial"}, exitUsage, "name one folder of questions"},
		{"a limit of 0", []string{"broken", "--limit", "0"}, exitUsage, "--limit should be between 1 and 100, got 0"},
		{"an unknown mode", []string{"broken", "--mode", "luck"}, exitUsage, `--mode should be hybrid, words or meaning, got "luck"`},
		{"no such folder", []string{"nowhere"}, exitError, "nowhere: no such file or directory"},
		{"a folder of something else", []string{"empty"}, exitError, "holds no set"},
		{"a missing file", []string{"partial"}, exitError, "queries.jsonl is missing"},
		{"a broken line", []string{"broken"}, exitError, "corpus.jsonl: line 6: unexpected end of JSON input"},
		{"a date that is none", []string{"undated"}, exitError, `undated/corpus.jsonl: line 6: the date should be like 2025-03-01`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := h.run(t, append([]string{"bench"}, tc.args...)...)
			require.Equal(t, tc.status, got.status, got.err)
			require.Contains(t, got.err, tc.want)
			require.Empty(t, got.out)
		})
	}
}

// longBench writes a set that takes its time.
func longBench(t *testing.T, h home) {
	t.Helper()
	writeBench(t, h, "long")
	var corpus strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&corpus, "{\"id\": \"n%d\", \"text\": \"Note %d.\"}\n", i, i)
	}
	h.write(t, "long/corpus.jsonl", benchCorpus+corpus.String())
}

func TestBenchThatIsInterruptedLeavesNothing(t *testing.T) {
	needSignals(t)
	for _, tc := range []struct {
		name string
		// store chooses the store by the environment, and counts what is in it,
		// given the directory for temporary files.
		store func(t *testing.T) (environ []string, count func(temp string) int)
		begun int // what the count is once it has begun
	}{
		{"embedded", func(t *testing.T) ([]string, func(string) int) {
			return nil, func(temp string) int {
				found, err := filepath.Glob(filepath.Join(temp, "zapomni-bench-*", "zapomni.db"))
				require.NoError(t, err)
				return len(found)
			}
		}, 1},
		{"falkordb", func(t *testing.T) ([]string, func(string) int) {
			server := falkortest.Shared(t)
			environ := []string{"FALKORDB_URL=" + server.URL(), "GRAPH_NAME=" + server.Graph(t)}
			return environ, func(string) int { return len(benchGraphs(t, server)) }
		}, 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			program := binary(t)
			environ, count := tc.store(t)
			h, temp := benchHome(t)
			h.environ = append(h.environ, environ...)
			longBench(t, h)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, program, "bench", "long")
			cmd.Env, cmd.Dir = h.environ, h.dir
			var errOut strings.Builder
			cmd.Stderr = &errOut
			require.NoError(t, cmd.Start())
			require.Eventually(t, func() bool { return count(temp) >= tc.begun }, 30*time.Second, time.Millisecond)
			require.NoError(t, cmd.Process.Signal(os.Interrupt))
			_ = cmd.Wait() // the status tells
			require.Equal(t, 130, cmd.ProcessState.ExitCode(), errOut.String())
			require.Equal(t, "zapomni: signal: interrupt\n", errOut.String())
			require.Zero(t, count(temp))
		})
	}
}

// benchGraphs returns the graphs of benchmarks. GRAPH.LIST still has those that
// were deleted a moment ago.
func benchGraphs(t *testing.T, server *falkortest.Server) []any {
	t.Helper()
	found, err := server.Do("KEYS", "*zapomni_bench_*")
	require.NoError(t, err)
	graphs, ok := found.([]any)
	require.True(t, ok)
	return graphs
}

func TestBenchOnFalkorDBLeavesNoGraph(t *testing.T) {
	server := falkortest.Shared(t)
	h, _ := benchHome(t)
	graph := server.Graph(t)
	h.environ = append(h.environ, "FALKORDB_URL="+server.URL(), "GRAPH_NAME="+graph)
	writeBench(t, h, "mine")
	got := decoded[benchmarked](t, h.fine(t, "bench", "mine", "--json", "--mode", "words"))
	require.Equal(t, "falkordb", got.Store)
	require.InDelta(t, 2.0/3, *got.MRR10, 1e-9)
	require.Empty(t, benchGraphs(t, server))
	there, err := server.Do("EXISTS", graph)
	require.NoError(t, err)
	require.Equal(t, int64(0), there, "the graph of the settings was touched")
}
