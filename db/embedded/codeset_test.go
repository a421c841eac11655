package embedded

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

// wholeBlocks are what a set holds, to be compared.
func wholeBlocks(set *codeSet) map[int64]block {
	all := make(map[int64]block)
	for _, b := range set.blocks {
		all[b.num] = *b
	}
	return all
}

// TestCodesInMemoryAreThoseOfTheFile: one store searches all along while another
// changes the file; a third that remembers nothing says what is right.
func TestCodesInMemoryAreThoseOfTheFile(t *testing.T) {
	t.Parallel()
	c := configFor(filepath.Join(t.TempDir(), "zapomni.db"))
	searching, changing, fresh := openAt(t, c), openAt(t, c), openAt(t, c)
	random, vectors := rand.New(rand.NewPCG(8, 8)), newTopics(8, 5, 100)
	var kept []memory.Memory
	for step := range 120 {
		switch what := random.IntN(20); {
		case what < 10 || len(kept) < 3:
			m := said("some of it has vectors")
			m.Chunks, m.Model = nil, "model"
			for range 1 + random.IntN(40) {
				m.Chunks = append(m.Chunks, memory.Chunk{Start: 0, End: 4, Vector: vectors.vector()})
			}
			require.NoError(t, changing.Put(t.Context(), m))
			kept = append(kept, m)
		case what < 14:
			require.NoError(t, changing.Put(t.Context(), kept[random.IntN(len(kept))]))
		case what < 19:
			i := random.IntN(len(kept))
			require.NoError(t, changing.Delete(t.Context(), memory.DefaultWorkspace, kept[i].ID))
			kept = slices.Delete(kept, i, i+1)
		case step%3 == 0:
			require.NoError(t, changing.Clear(t.Context()))
			kept = nil
		default:
			require.NoError(t, changing.Detach(t.Context(), memory.DefaultWorkspace))
		}
		q := memory.VectorQuery{Model: "model", Vector: vectors.vector()}
		found, err := searching.Nearest(t.Context(), memory.DefaultWorkspace, q, 20)
		require.NoError(t, err)
		fresh.codes, fresh.hot = codeCache{}, hotVectors{}
		right, err := fresh.Nearest(t.Context(), memory.DefaultWorkspace, q, 20)
		require.NoError(t, err)
		require.Equal(t, right, found)
		held, err := searching.codeSet(t.Context(), memory.DefaultWorkspace)
		require.NoError(t, err)
		read, err := fresh.codeSet(t.Context(), memory.DefaultWorkspace)
		require.NoError(t, err)
		require.Equal(t, wholeBlocks(read), wholeBlocks(held))
		require.Equal(t, read.space, held.space)
		require.Equal(t, int(read.vectors), held.codes)
	}
}

// TestOnlyChangedBlocksAreReadAgain: the others stay the same in memory.
func TestOnlyChangedBlocksAreReadAgain(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	vectors := newTopics(1, 5, 30)
	embedMany(t, s, memory.DefaultWorkspace, 20*blockSize, vectors.vector)
	before, err := s.codeSet(t.Context(), memory.DefaultWorkspace)
	require.NoError(t, err)
	same, err := s.codeSet(t.Context(), memory.DefaultWorkspace)
	require.NoError(t, err)
	require.Same(t, before, same)
	embedMany(t, s, memory.DefaultWorkspace, 1, vectors.vector)
	after, err := s.codeSet(t.Context(), memory.DefaultWorkspace)
	require.NoError(t, err)
	last := len(before.blocks) - 1
	for i, b := range before.blocks[:last] {
		require.Same(t, b, after.blocks[i])
	}
	require.NotSame(t, before.blocks[last], after.blocks[last])
	require.Equal(t, before.codes+1, after.codes)
}

func TestManyLoadTheSameCodesOnce(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	embedMany(t, s, memory.DefaultWorkspace, 3000, newTopics(1, 5, 30).vector)
	sets := make([]*codeSet, 8)
	var wg sync.WaitGroup
	for i := range sets {
		wg.Go(func() { sets[i], _ = s.codeSet(t.Context(), memory.DefaultWorkspace) })
	}
	wg.Wait()
	for _, set := range sets {
		require.NotNil(t, set)
		require.Same(t, sets[0], set)
	}
}

// TestWhoWaitsForCodesMayGiveUp while another loads them.
func TestWhoWaitsForCodesMayGiveUp(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	embedMany(t, s, memory.DefaultWorkspace, 10, newTopics(1, 5, 30).vector)
	h := s.codes.of(memory.DefaultWorkspace)
	h.turn <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := s.Nearest(ctx, memory.DefaultWorkspace, memory.VectorQuery{Model: "model", Vector: make30()}, 1)
		done <- err
	}()
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
	<-h.turn
	_, err := s.Nearest(t.Context(), memory.DefaultWorkspace, memory.VectorQuery{Model: "model", Vector: make30()}, 1)
	require.NoError(t, err)
}

func make30() []float32 { return slices.Repeat([]float32{1}, 30) }

// TestOpenReadsNoCodes: they are loaded when they are first asked for.
func TestOpenReadsNoCodes(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	embedMany(t, s, memory.DefaultWorkspace, 10, newTopics(1, 5, 30).vector)
	again := openAt(t, configFor(s.path))
	require.Empty(t, again.codes.workspaces)
	_, err := again.Matching(t.Context(), memory.DefaultWorkspace, memory.TermQuery{Terms: []string{"all"}}, 9)
	require.NoError(t, err)
	require.Empty(t, again.codes.workspaces)
}

func TestCodeCacheIsBounded(t *testing.T) {
	t.Parallel()
	var c codeCache
	most := func() (total int) {
		for _, h := range c.workspaces {
			total += h.bytes()
		}
		return total
	}
	third := &codeSet{space: space{dimensions: 64}, codes: codesHeld / 3 / bytesPerWord}
	for _, w := range []memory.Workspace{"a", "b", "c", "a", "d", "a", "e"} {
		c.of(w).set.Store(third)
		c.shrink()
		require.LessOrEqual(t, most(), codesHeld)
		require.Equal(t, third, c.of(w).set.Load(), "the latest stays")
	}
	require.Contains(t, c.workspaces, memory.Workspace("a"), "it was used again and again")
	require.NotContains(t, c.workspaces, memory.Workspace("b"))
	large := &codeSet{space: space{dimensions: 64}, codes: 2 * codesHeld / bytesPerWord}
	c.of("large").set.Store(large)
	c.shrink()
	require.Len(t, c.workspaces, 1)
	require.Equal(t, large, c.of("large").set.Load(), "one workspace has the room it needs")
}

func TestCodesOfDeletedWorkspaceAreForgotten(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	require.NoError(t, s.AddWorkspace(t.Context(), memory.WorkspaceInfo{ID: "other"}))
	embedMany(t, s, "other", 10, newTopics(1, 5, 30).vector)
	q := memory.VectorQuery{Model: "model", Vector: make30()}
	found, err := s.Nearest(t.Context(), "other", q, 99)
	require.NoError(t, err)
	require.Len(t, found, 10)
	require.NoError(t, s.DeleteWorkspace(t.Context(), "other"))
	found, err = s.Nearest(t.Context(), "other", q, 99)
	require.NoError(t, err)
	require.Empty(t, found)
	require.Empty(t, s.codes.workspaces)
}

func TestHotVectorsAreBounded(t *testing.T) {
	t.Parallel()
	var h hotVectors
	const size = 1 << 20
	for num := range int64(100) {
		h.keep(num%2, []numbered{{num, make([]byte, size)}, {num, make([]byte, size)}})
		require.LessOrEqual(t, h.bytes, hotBytes)
		require.Equal(t, len(h.vectors)*(size+hotOverhead), h.bytes)
		require.LessOrEqual(t, len(h.order), 2*len(h.vectors)+1)
	}
	known, others := h.known(1, []int64{1, 97, 98, 99})
	require.Len(t, known, 2)
	require.Equal(t, []int64{1, 98}, others, "the oldest is gone, and one is of another coding")
}
