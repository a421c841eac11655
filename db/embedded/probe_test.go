package embedded

import (
	"cmp"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// setOf makes a set of the codes of vectors, numbered from 1 on.
func setOf(vectors [][]float32) *codeSet {
	set := &codeSet{space: space{dimensions: len(vectors[0])}}
	blocks := make(map[int64]*block)
	for i, v := range vectors {
		num, bit := blockOf(int64(i + 1))
		if blocks[num] == nil {
			blocks[num] = &block{num: num}
		}
		blocks[num].add(bit, codeOf(blobOf(v), nil))
	}
	var changed []*block
	for _, b := range blocks {
		changed = append(changed, b)
	}
	set.merge(changed)
	return set
}

func some(t *topics, n int) [][]float32 {
	vectors := make([][]float32, n)
	for i := range vectors {
		vectors[i] = t.vector()
	}
	return vectors
}

func TestEstimateAddsUpWhatTheSignsSay(t *testing.T) {
	t.Parallel()
	for _, dimensions := range []int{1, 7, 8, 9, 64, 65, 384} {
		vectors := newTopics(uint64(dimensions), 3, dimensions)
		mean := vectors.noise(dimensions, 0.1)
		d, v := directionOf(vectors.vector()), vectors.vector()
		want := 0.0
		for i, x := range directionOf(v) {
			if x > float64(mean[i]) {
				want += d[i] - float64(mean[i])
			} else {
				want -= d[i] - float64(mean[i])
			}
		}
		require.InDelta(t, want, newProbe(d, mean).estimate(codeOf(blobOf(v), mean)), 1e-4, "%d numbers", dimensions)
	}
}

// TestLikestHaveTheFewestUnlikeSigns: no code that is left out has fewer than
// one that is not.
func TestLikestHaveTheFewestUnlikeSigns(t *testing.T) {
	t.Parallel()
	for _, dimensions := range []int{5, 64, 100, 384, 400} {
		vectors := newTopics(uint64(dimensions), 4, dimensions)
		set := setOf(some(vectors, 900))
		signs := newProbe(directionOf(vectors.vector()), nil).signs
		var all []int
		for _, b := range set.blocks {
			for code := range slices.Chunk(b.codes, len(signs)) {
				n := 0
				for i, word := range code {
					n += bits.OnesCount64(word ^ signs[i])
				}
				all = append(all, n)
			}
		}
		slices.Sort(all)
		for _, most := range []int{1, 2, 63, 449, 450, 899, 900, 2000} {
			t.Run(fmt.Sprintf("%d numbers, %d", dimensions, most), func(t *testing.T) {
				var unlike []int
				for _, at := range set.likest(signs, most) {
					unlike = append(unlike, int(at.unlike))
				}
				slices.Sort(unlike)
				require.Equal(t, all[:min(most, 900)], unlike)
			})
		}
	}
}

// TestLikestInParallelFindTheSame, as many at least.
func TestLikestInParallelFindTheSame(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(4, 4))
	set := &codeSet{space: space{dimensions: 64}}
	var blocks []*block
	for num := range int64(parallelFrom/blockSize + 1) {
		b := &block{num: num, present: ^uint64(0)}
		for range blockSize {
			b.codes = append(b.codes, random.Uint64())
		}
		blocks = append(blocks, b)
	}
	set.merge(blocks)
	signs := []uint64{random.Uint64()}
	alone := likest(set.blocks, 0, signs, 1000)
	worst := slices.MaxFunc(alone, func(a, b spot) int { return cmp.Compare(a.unlike, b.unlike) }).unlike
	together := make(map[spot]bool)
	for _, at := range set.likest(signs, 1000) {
		together[at] = true
	}
	for _, at := range alone {
		require.True(t, together[at] || at.unlike == worst)
	}
	require.GreaterOrEqual(t, len(together), 1000)
}

func TestBestOfFewAreAll(t *testing.T) {
	t.Parallel()
	vectors := newTopics(9, 3, 20)
	set := setOf(some(vectors, 70))
	nums := set.best(newProbe(directionOf(vectors.vector()), nil), 70)
	slices.Sort(nums)
	require.Len(t, slices.Compact(nums), 70)
	require.Equal(t, int64(1), nums[0])
	require.Equal(t, int64(70), nums[69])
}

func BenchmarkLikest(b *testing.B) {
	vectors := newTopics(1, 50, 384)
	set := setOf(some(vectors, 20_000))
	p := newProbe(directionOf(vectors.vector()), nil)
	b.Run("likest", func(b *testing.B) {
		for b.Loop() {
			set.likest(p.signs, 2800)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/20_000, "ns/code")
	})
	spots := set.likest(p.signs, 2800)
	b.Run("choose", func(b *testing.B) {
		for b.Loop() {
			set.choose(p, spots, 700)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/2800, "ns/code")
	})
}
