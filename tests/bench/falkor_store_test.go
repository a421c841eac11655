package bench

import (
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"zapomni/db/falkor"
	"zapomni/db/falkor/cypher"
	"zapomni/db/falkor/falkortest"
	"zapomni/memory"
)

// dimension is that of the vectors of small embedding models.
const dimension = 384

func vector(r *rand.Rand) []float32 {
	v := make([]float32, dimension)
	var sum float64
	for i := range v {
		v[i] = float32(r.NormFloat64())
		sum += float64(v[i]) * float64(v[i])
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(sum))
	}
	return v
}

// embeddedMemory is a memory of n chunks with vectors.
func embeddedMemory(r *rand.Rand, w *writer, n int) memory.Memory {
	m := memory.Memory{ID: memory.ID(uuid.NewString()), Workspace: memory.DefaultWorkspace, CreatedAt: time.Now(), ValidFrom: time.Now()}
	for range n {
		start := len(m.Text)
		m.Text += w.text() + "\n"
		m.Chunks = append(m.Chunks, memory.Chunk{Start: start, End: len(m.Text), Vector: vector(r)})
	}
	return m
}

func falkorStore(b *testing.B, s *falkortest.Server, address string) *falkor.Store {
	b.Helper()
	config := falkorConfig(s, "store")
	if address != "" {
		config.URL = falkor.Secret("redis://" + address)
	}
	store, err := falkor.Open(b.Context(), config, slog.New(slog.DiscardHandler))
	require.NoError(b, err)
	b.Cleanup(func() { _ = store.Close() })
	return store
}

// barePut is the least that keeps a memory: it makes the same nodes of what the
// client is given, and looks for nothing that was there before.
const barePut = `
CREATE (m:Memory {id: $id, text: $text})
FOREACH (c IN $chunks | CREATE (m)-[:HAS_CHUNK {index: c.index}]->(:Chunk {num: c.num, index: c.index, text: c.text, tokens: c.text,
	embedding: vecf32(c.embedding)}))`

// BenchmarkFalkorPut keeps memories of five chunks with vectors, one at a time,
// by Store.Put and by a bare query in turn, and compares the medians. It fails
// if Put takes more than one round trip.
func BenchmarkFalkorPut(b *testing.B) {
	s := falkortest.Start(b)
	proxy := falkortest.NewProxy(b, s.Addr())
	counted, store, client := falkorStore(b, s, proxy.Addr()), falkorStore(b, s, ""), falkorClient(b, s, "store")
	r, w := rand.New(rand.NewPCG(4, 4)), newWriter(4)
	ctx := b.Context()
	require.NoError(b, counted.Put(ctx, embeddedMemory(r, w, 5)), "which makes the index")
	before := proxy.Counts()[falkortest.Pass]
	const puts = 20
	for range puts {
		require.NoError(b, counted.Put(ctx, embeddedMemory(r, w, 5)))
	}
	require.Equal(b, puts, proxy.Counts()[falkortest.Pass]-before, "round trips of %d calls of Put", puts)
	require.NoError(b, store.Put(ctx, embeddedMemory(r, w, 5)))

	var put, bare []float64
	num := int64(0)
	b.ResetTimer()
	for b.Loop() {
		m := embeddedMemory(r, w, 5)
		began := time.Now()
		require.NoError(b, store.Put(ctx, m))
		put = append(put, millis(time.Since(began)))

		m = embeddedMemory(r, w, 5)
		began = time.Now()
		chunks := make([]cypher.Map, len(m.Chunks))
		for i, c := range m.Chunks {
			chunks[i] = cypher.Map{
				cypher.P("num", num), cypher.P("index", i), cypher.P("text", m.Text[c.Start:c.End]), cypher.P("embedding", c.Vector),
			}
			num++
		}
		_, err := client.Query(ctx, falkor.Statement{
			Graph: "store", Text: barePut, Effect: falkor.Once,
			Params: []cypher.Param{cypher.P("id", string(m.ID)), cypher.P("text", m.Text), cypher.P("chunks", chunks)},
		})
		require.NoError(b, err)
		bare = append(bare, millis(time.Since(began)))
	}
	b.ReportMetric(quantile(put, 0.5), "p50-ms")
	b.ReportMetric(quantile(put, 0.95), "p95-ms")
	b.ReportMetric(quantile(bare, 0.5), "bare-p50-ms")
	b.ReportMetric(quantile(put, 0.5)/quantile(bare, 0.5), "p50/bare")
	b.ReportMetric(quantile(put, 0.1)/quantile(bare, 0.1), "p10/bare")
}

// BenchmarkFalkorNearest asks fifty at a time for the ten nearest of ten
// thousand vectors, a second in each iteration. It fails if an answer is not
// that of the same search with nothing beside it, to the last chunk. How many
// of the truly nearest there are is told as recall.
func BenchmarkFalkorNearest(b *testing.B) {
	for _, row := range []struct {
		name string
		next func(*rand.Rand) func(*rand.Rand) []float32
	}{
		{"random", func(*rand.Rand) func(*rand.Rand) []float32 { return vector }},
		{"200-subjects", func(r *rand.Rand) func(*rand.Rand) []float32 { return clusters(r, 200) }},
	} {
		b.Run(row.name, func(b *testing.B) {
			r := rand.New(rand.NewPCG(5, 5))
			store, next := falkorStore(b, falkortest.Start(b), ""), row.next(r)
			n := searches{store: store, kept: fillVectors(b, store, r, next)}
			n.prepare(b, r, next)
			b.ResetTimer()
			for b.Loop() {
				n.run(b, 50, time.Second)
			}
			n.report(b)
		})
	}
}

// searches are those for the nearest, and what they have to answer.
type searches struct {
	store *falkor.Store
	kept  [][]float32
	asked [][]float32
	want  [][]memory.Near

	recall      float64
	done, wrong atomic.Int64
	mu          sync.Mutex
	took        []float64
}

const nearest = 10

// prepare asks each question alone.
func (n *searches) prepare(b *testing.B, r *rand.Rand, next func(*rand.Rand) []float32) {
	b.Helper()
	const questions = 500
	for range questions {
		q := next(r)
		near, err := n.store.Nearest(b.Context(), memory.DefaultWorkspace, memory.VectorQuery{Vector: q}, nearest)
		require.NoError(b, err)
		require.Len(b, near, nearest)
		n.asked, n.want = append(n.asked, q), append(n.want, near)
		n.recall += recallOf(near, n.kept, q, nearest) / questions
	}
}

// run lets callers search for as long as that.
func (n *searches) run(b *testing.B, callers int, d time.Duration) {
	b.Helper()
	began := time.Now()
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			var took []float64
			for time.Since(began) < d {
				i := int(n.done.Add(1)) % len(n.asked)
				sent := time.Now()
				got, err := n.store.Nearest(b.Context(), memory.DefaultWorkspace, memory.VectorQuery{Vector: n.asked[i]}, nearest)
				took = append(took, millis(time.Since(sent)))
				if err != nil || !slices.Equal(got, n.want[i]) {
					n.wrong.Add(1)
				}
			}
			n.mu.Lock()
			defer n.mu.Unlock()
			n.took = append(n.took, took...)
		})
	}
	group.Wait()
}

func (n *searches) report(b *testing.B) {
	b.Helper()
	require.Zero(b, n.wrong.Load(), "wrong answers among %d", n.done.Load())
	done := float64(n.done.Load())
	b.ReportMetric(done, "searches")
	b.ReportMetric(done/b.Elapsed().Seconds(), "searches/s")
	b.ReportMetric(quantile(n.took, 0.5), "p50-ms")
	b.ReportMetric(quantile(n.took, 0.99), "p99-ms")
	b.ReportMetric(100*n.recall, "recall-%")
	b.ReportMetric(0, "ns/op")
}

// clusters returns a maker of vectors that lie about n points, as those of
// texts on n subjects do.
func clusters(r *rand.Rand, n int) func(*rand.Rand) []float32 {
	centers := make([][]float32, n)
	for i := range centers {
		centers[i] = vector(r)
	}
	return func(r *rand.Rand) []float32 {
		v, center := vector(r), centers[r.IntN(n)]
		for i := range v {
			v[i] = 0.6*v[i] + center[i]
		}
		return v
	}
}

// fillVectors keeps ten thousand chunks, ten to a memory, and returns their
// vectors.
func fillVectors(b *testing.B, store *falkor.Store, r *rand.Rand, next func(*rand.Rand) []float32) [][]float32 {
	b.Helper()
	var kept [][]float32
	for w := newWriter(6); len(kept) < falkorNodes; {
		m := embeddedMemory(r, w, 10)
		for i := range m.Chunks {
			m.Chunks[i].Vector = next(r)
			kept = append(kept, m.Chunks[i].Vector)
		}
		require.NoError(b, store.Put(b.Context(), m))
	}
	return kept
}

// recallOf is the part of near that is as near as the k nearest of all.
func recallOf(near []memory.Near, all [][]float32, q []float32, k int) float64 {
	similar := make([]float64, len(all))
	for i, v := range all {
		similar[i] = cosine(v, q)
	}
	slices.Sort(similar)
	last := similar[len(similar)-k] - 1e-5 // FalkorDB counts in 32 bits
	found := make(map[memory.Ref]bool)
	for _, n := range near {
		if n.Similarity >= last {
			found[n.Ref] = true
		}
	}
	return float64(len(found)) / float64(k)
}

func cosine(a, b []float32) float64 {
	var ab, aa, bb float64
	for i := range a {
		ab += float64(a[i]) * float64(b[i])
		aa += float64(a[i]) * float64(a[i])
		bb += float64(b[i]) * float64(b[i])
	}
	return ab / math.Sqrt(aa*bb)
}
