package embedded

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

// nearestInFull sorts all vectors by their cosine.
func nearestInFull(vectors map[int64][]float32, question []float32, k int) []int64 {
	var best nearest
	best.k = k
	for num, v := range vectors {
		best.offer(candidate{num, inFull(question, v)})
	}
	var nums []int64
	for _, c := range best.sorted() {
		nums = append(nums, c.num)
	}
	return nums
}

// recall is the part of the nearest in full, as many as the self-test looks for,
// that Nearest finds.
func recall(t *testing.T, s *Store, vectors map[int64][]float32, q memory.VectorQuery) float64 {
	t.Helper()
	found, err := s.Nearest(t.Context(), memory.DefaultWorkspace, q, testNearest)
	require.NoError(t, err)
	hits := 0
	want := nearestInFull(vectors, q.Vector, testNearest)
	for _, n := range found {
		num, _ := numOf(n.Ref)
		vector, ok := vectors[num]
		require.True(t, ok, "chunk %d is not among those wanted", num)
		require.InDelta(t, inFull(q.Vector, vector), n.Similarity, 1e-6)
		if slices.Contains(want, num) {
			hits++
		}
	}
	return float64(hits) / float64(len(want))
}

func TestNearestByCodesFindsWhatAFullSearchFinds(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	s.testing.Store(true) // no self-test comes to help
	topics := newTopics(3, 40, 128)
	vectors := embedMany(t, s, memory.DefaultWorkspace, 4000, topics.vector)
	sum := 0.0
	const questions = 20
	for range questions {
		sum += recall(t, s, vectors, memory.VectorQuery{Model: "model", Vector: topics.vector()})
	}
	require.GreaterOrEqual(t, sum/questions, enough)
}

// TestNearestOfAllIsExact: it is the measure of all else.
func TestNearestOfAllIsExact(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	topics := newTopics(4, 9, 33)
	require.NoError(t, s.AddWorkspace(t.Context(), memory.WorkspaceInfo{ID: "other"}))
	embedMany(t, s, "other", 500, topics.vector)
	vectors := embedMany(t, s, memory.DefaultWorkspace, 1500, topics.vector)
	embedMany(t, s, "other", 500, topics.vector)
	set, err := s.codeSet(t.Context(), memory.DefaultWorkspace)
	require.NoError(t, err)
	question := topics.vector()
	own := nearestInFull(vectors, question, 1)[0]
	best, err := s.nearestOfAll(t.Context(), set, []testQuestion{
		{d: directionOf(question)}, {d: directionOf(vectors[own]), own: own},
	}, 20)
	require.NoError(t, err)
	want := [][]int64{nearestInFull(vectors, question, 20), nearestInFull(vectors, vectors[own], 21)[1:]}
	for i := range best {
		for j, c := range best[i].sorted() {
			require.Equal(t, want[i][j], c.num)
		}
	}
}

// vague are vectors of which the signs say little: so few numbers that many
// share a code.
func vague(random *rand.Rand) func() []float32 {
	return func() []float32 {
		v := make([]float32, 5)
		for i := range v {
			v[i] = float32(random.NormFloat64())
		}
		return v
	}
}

// TestSelfTestDeepensTheSearch until it finds enough, and tells other processes.
func TestSelfTestDeepensTheSearch(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	s.testing.Store(true)
	random := rand.New(rand.NewPCG(5, 1))
	vectors := embedMany(t, s, memory.DefaultWorkspace, 4000, vague(random))
	other := openAt(t, configFor(s.path))
	other.testing.Store(true)
	found := func(s *Store) (part float64) {
		random := rand.New(rand.NewPCG(5, 2))
		for range 20 {
			part += recall(t, s, vectors, memory.VectorQuery{Model: "model", Vector: vague(random)()}) / 20
		}
		return part
	}
	require.Less(t, found(s), enough)
	require.Less(t, found(other), enough)
	require.NoError(t, s.selfTest(t.Context(), memory.DefaultWorkspace))
	require.GreaterOrEqual(t, found(s), enough)
	require.GreaterOrEqual(t, found(other), enough)
	set, err := s.codeSet(t.Context(), memory.DefaultWorkspace)
	require.NoError(t, err)
	require.Greater(t, set.depth, int64(baseDepth))
	require.Equal(t, int64(4000), set.tested)
}

func TestSelfTestLeavesWhatIsGoodEnough(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	s.testing.Store(true)
	embedMany(t, s, memory.DefaultWorkspace, testFrom, newTopics(6, 50, 128).vector)
	require.NoError(t, s.selfTest(t.Context(), memory.DefaultWorkspace))
	set, err := s.codeSet(t.Context(), memory.DefaultWorkspace)
	require.NoError(t, err)
	require.Equal(t, int64(baseDepth), set.depth)
	require.Equal(t, int64(testFrom), set.tested)
}

// TestSelfTestOfWhatIsReplacedMeanwhileIsForgotten: what it measured says
// nothing of the vectors that came instead.
func TestSelfTestOfWhatIsReplacedMeanwhileIsForgotten(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	random := rand.New(rand.NewPCG(5, 3))
	embedMany(t, s, memory.DefaultWorkspace, 500, vague(random))
	set, err := s.codeSet(t.Context(), memory.DefaultWorkspace)
	require.NoError(t, err)
	require.NoError(t, s.Clear(t.Context()))
	embedMany(t, s, memory.DefaultWorkspace, 500, vague(random))
	_, err = s.nearestOfAll(t.Context(), set, []testQuestion{{d: directionOf(vague(random)())}}, 10)
	require.ErrorIs(t, err, errRecoded)
	require.NoError(t, s.keepDepth(t.Context(), set, 9999))
	now, err := s.codeSet(t.Context(), memory.DefaultWorkspace)
	require.NoError(t, err)
	require.Zero(t, now.depth)
}

func TestSelfTestIsDueAsVectorsGrow(t *testing.T) {
	t.Parallel()
	var state testState
	of := func(vectors, tested int64) *codeSet {
		return &codeSet{space: space{num: 1, coding: 1, vectors: vectors, tested: tested}}
	}
	require.False(t, state.due(of(testFrom-1, 0)))
	require.True(t, state.due(of(testFrom, 0)))
	require.False(t, state.due(of(testFrom, 0)), "whatever became of it")
	require.False(t, state.due(of(2*testFrom-1, testFrom)))
	require.True(t, state.due(of(2*testFrom, testFrom)))
	require.False(t, state.due(of(5*testFrom, 3*testFrom)), "another process did it")
	other := of(testFrom, 0)
	other.coding++
	require.True(t, state.due(other), "of another model, maybe")
	require.False(t, state.due(other))
	other.num++
	require.True(t, state.due(other), "the workspace was made anew")
}

// TestSelfTestGoesByTheLatestQuestions of the same coding.
func TestSelfTestGoesByTheLatestQuestions(t *testing.T) {
	t.Parallel()
	var state testState
	for i := range 3 * testAsked {
		state.ask(askedVector{of: codingID{1, int64(i % 2)}, vector: []float32{float32(i + 1), 1}})
	}
	latest := state.latest(codingID{1, 1})
	require.Len(t, latest, testAsked/2)
	for _, d := range latest {
		require.Greater(t, d[0]/d[1], float64(2*testAsked))
	}
	require.Empty(t, state.latest(codingID{2, 1}), "a workspace of the same name, made anew, may have longer vectors")
}

// TestNearestInTightClustersIsFound: the means tell such vectors apart badly,
// and there are fewer of them than anyone would call many.
func TestNearestInTightClustersIsFound(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	topics := newTopics(12, 4, 128)
	clustered := func() []float32 {
		v := topics.noise(128, 0.3)
		for i, x := range topics.centers[topics.random.IntN(4)] {
			v[i] += x
		}
		return v
	}
	vectors := embedMany(t, s, memory.DefaultWorkspace, 4000, clustered)
	ask := func() float64 {
		return recall(t, s, vectors, memory.VectorQuery{Model: "model", Vector: clustered()})
	}
	ask()
	s.gate.inside.Wait()
	part := 0.0
	for range 20 {
		part += ask() / 20
	}
	require.GreaterOrEqual(t, part, enough)
}

func TestSelfTestEndsAsTheStoreCloses(t *testing.T) {
	t.Parallel()
	set := setOf(some(newTopics(13, 3, 20), 2*baseDepth))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := set.depthOf(ctx, []testQuestion{{d: directionOf(make20())}}, make([]nearest, 1))
	require.ErrorIs(t, err, context.Canceled)
}

func make20() []float32 { return slices.Repeat([]float32{1}, 20) }

// TestNearestHasItselfTested once there are enough vectors; closing the store
// ends that.
func TestNearestHasItselfTested(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	random := rand.New(rand.NewPCG(5, 4))
	const vectors = 8 * testFrom
	embedMany(t, s, memory.DefaultWorkspace, vectors, vague(random))
	_, err := s.Nearest(t.Context(), memory.DefaultWorkspace, memory.VectorQuery{Model: "model", Vector: vague(random)()}, 10)
	require.NoError(t, err)
	s.gate.inside.Wait()
	p, err := s.space(t.Context(), memory.DefaultWorkspace)
	require.NoError(t, err)
	require.Equal(t, int64(vectors), p.tested)
	require.Greater(t, p.depth, int64(baseDepth))

	embedMany(t, s, memory.DefaultWorkspace, vectors, vague(random))
	_, err = s.Nearest(t.Context(), memory.DefaultWorkspace, memory.VectorQuery{Model: "model", Vector: vague(random)()}, 10)
	require.NoError(t, err)
	require.NoError(t, s.Close())
}
