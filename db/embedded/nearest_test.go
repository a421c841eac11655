package embedded

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

// inFull is the cosine, computed as it is defined.
func inFull(a, b []float32) float64 {
	var dot, aa, bb float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		dot, aa, bb = dot+x*y, aa+x*x, bb+y*y
	}
	return dot / math.Sqrt(aa) / math.Sqrt(bb)
}

func TestCosineIsExact(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(2, 1))
	for _, dimensions := range []int{1, 2, 3, 4, 5, 7, 8, 383, 384} {
		for range 20 {
			m := embed(memory.Memory{Chunks: make([]memory.Chunk, 2)}, random, dimensions)
			a, b := m.Chunks[0].Vector, m.Chunks[1].Vector
			require.InDelta(t, inFull(a, b), directionOf(a).cosine(blobOf(b)), 1e-12, "%d numbers", dimensions)
		}
	}
}

func TestCosineBearsNumbersOfAnySize(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]float32{"largest": math.MaxFloat32, "smallest": math.SmallestNonzeroFloat32, "ordinary": 1} {
		v, opposite := slices.Repeat([]float32{size}, 384), slices.Repeat([]float32{-size}, 384)
		d := directionOf(v)
		for _, c := range []float64{d.cosine(blobOf(v)), -d.cosine(blobOf(opposite))} {
			require.InDelta(t, 1, c, 1e-12, name)
			require.LessOrEqual(t, c, 1.0, name)
		}
	}
}

// TestNearestFindsWhatAFullSortFinds among vectors that tell nothing apart
// better than chance does, for each filter and k.
func TestNearestFindsWhatAFullSortFinds(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	random := rand.New(rand.NewPCG(2, 2))
	c := newCorpus(5)
	var kept []memory.Memory
	for i := range 600 {
		m := c.memory()
		if i%7 > 0 {
			m = embed(m, random, 12)
			kept = append(kept, m)
		}
		require.NoError(t, s.Put(t.Context(), m))
	}
	question := embed(said("?"), random, 12).Chunks[0].Vector
	slices.SortFunc(kept, func(a, b memory.Memory) int {
		return int(math.Copysign(1, inFull(question, b.Chunks[0].Vector)-inFull(question, a.Chunks[0].Vector)))
	})
	for name, f := range map[string]memory.Filter{
		"all": {}, "source": {Source: "source 7"}, "late": {From: kept[0].ValidFrom}, "none": {Tags: []string{"x"}},
	} {
		for _, k := range []int{1, 2, 50, 600} {
			t.Run(fmt.Sprintf("%s/k=%d", name, k), func(t *testing.T) {
				var want []memory.ID
				for _, m := range kept {
					passes := (f.Source == "" || m.Source == f.Source) && !m.ValidFrom.Before(f.From) && len(f.Tags) == 0
					if passes && len(want) < k {
						want = append(want, m.ID)
					}
				}
				found, err := s.Nearest(t.Context(), memory.DefaultWorkspace, memory.VectorQuery{Vector: question, Filter: f}, k)
				require.NoError(t, err)
				require.Equal(t, want, memoriesOf(t, s, found))
			})
		}
	}
}

// memoriesOf names the memories of chunks in the order in which they were found.
func memoriesOf(t *testing.T, s *Store, found []memory.Near) []memory.ID {
	t.Helper()
	var ids []memory.ID
	for _, n := range found {
		passages, err := s.Passages(t.Context(), memory.DefaultWorkspace, []memory.Ref{n.Ref})
		require.NoError(t, err)
		require.Len(t, passages, 1)
		ids = append(ids, passages[0].Memory)
	}
	return ids
}

func TestNearestPutsTheLatestFirstAmongEquals(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	for range 9 {
		m := said("all the same")
		m.Chunks[0].Vector = []float32{1, 2}
		require.NoError(t, s.Put(t.Context(), m))
	}
	found, err := s.Nearest(t.Context(), memory.DefaultWorkspace, memory.VectorQuery{Vector: []float32{2, 1}}, 4)
	require.NoError(t, err)
	var refs []memory.Ref
	for _, n := range found {
		refs = append(refs, n.Ref)
	}
	require.Equal(t, []memory.Ref{"9", "8", "7", "6"}, refs)
}

// TestNearestOfManyEqualsAreTheLatest, of so many that not all of them can be
// candidates, for codes of six words and others.
func TestNearestOfManyEqualsAreTheLatest(t *testing.T) {
	t.Parallel()
	for _, dimensions := range []int{100, 384} {
		s := openNew(t)
		s.testing.Store(true)
		topics := newTopics(11, 5, dimensions)
		same := topics.vector()
		embedMany(t, s, memory.DefaultWorkspace, 3000, func() []float32 { return same })
		embedMany(t, s, memory.DefaultWorkspace, 200, topics.vector)
		q := memory.VectorQuery{Model: "model", Vector: same}
		found, err := s.Nearest(t.Context(), memory.DefaultWorkspace, q, 4)
		require.NoError(t, err)
		require.Equal(t, []memory.Ref{"3000", "2999", "2998", "2997"}, []memory.Ref{found[0].Ref, found[1].Ref, found[2].Ref, found[3].Ref})
		require.NoError(t, s.selfTest(t.Context(), memory.DefaultWorkspace))
		kept, err := s.space(t.Context(), memory.DefaultWorkspace)
		require.NoError(t, err)
		require.Equal(t, int64(baseDepth), kept.depth, "equals are no reason to compare more")
	}
}

func BenchmarkCosine(b *testing.B) {
	m := embedded384(memory.Memory{Chunks: make([]memory.Chunk, 2)}, rand.New(rand.NewPCG(2, 4)))
	d, blob := directionOf(m.Chunks[0].Vector), blobOf(m.Chunks[1].Vector)
	for b.Loop() {
		d.cosine(blob)
	}
}
