package embedded

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

// requireCodes makes sure that the file holds the code of each vector, under the
// mean of its workspace, and no other.
func requireCodes(t *testing.T, db *sql.DB) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	query := func(scan func(scanner) error, query string, args ...any) {
		rows, err := db.QueryContext(ctx, query, args...)
		require.NoError(t, each(scan)(rows, err))
	}
	var spaces []space
	query(func(r scanner) error {
		var w space
		err := r.Scan(w.columns()...)
		spaces = append(spaces, w)
		return err
	}, "SELECT "+spaceColumns+" FROM workspace w")
	for _, w := range spaces {
		var mean []float32
		query(func(r scanner) error {
			var coding int64
			var blob []byte
			err := r.Scan(&coding, &blob)
			require.NoError(t, err)
			require.Equal(t, w.coding, coding)
			mean, err = vectorOf(blob)
			return err
		}, "SELECT coding, mean FROM code_mean WHERE workspace = ?", w.num)
		want := make(map[int64][]uint64)
		query(func(r scanner) error {
			var v numbered
			err := r.Scan(&v.num, &v.vector)
			want[v.num] = codeOf(v.vector, mean)
			return err
		}, "SELECT v.num, v.vector FROM memory m JOIN chunk_vector v ON v.num >= m.first AND v.num < m.first + m.chunks WHERE m.workspace = ?", w.num)
		got := make(map[int64][]uint64)
		words := wordsFor(w.dimensions)
		query(func(r scanner) error {
			var num, present, change int64
			var blob []byte
			require.NoError(t, r.Scan(&num, &present, &change, &blob))
			require.LessOrEqual(t, change, w.change)
			b, err := newBlock(num, present, blob, words)
			for place := range b.len() {
				got[b.chunk(place)] = b.codes[place*words : (place+1)*words]
			}
			return err
		}, "SELECT block, present, change, codes FROM code_block WHERE workspace = ?", w.num)
		require.Equal(t, want, got, "codes of workspace %d", w.num)
	}
}

// topics makes vectors as texts have them: about so many things, with something
// in common to all, and in part about two things at once.
type topics struct {
	random  *rand.Rand
	centers [][]float32
	common  []float32
}

func newTopics(seed uint64, n, dimensions int) *topics {
	t := &topics{random: rand.New(rand.NewPCG(seed, 3))}
	for range n {
		t.centers = append(t.centers, t.noise(dimensions, 1))
	}
	t.common = t.noise(dimensions, 0.5)
	return t
}

func (t *topics) noise(dimensions int, size float64) []float32 {
	v := make([]float32, dimensions)
	for i := range v {
		v[i] = float32(t.random.NormFloat64() * size)
	}
	return v
}

func (t *topics) vector() []float32 {
	v := t.noise(len(t.common), 0.6)
	a, b := t.centers[t.random.IntN(len(t.centers))], t.centers[t.random.IntN(len(t.centers))]
	part := float32(t.random.Float64() / 2)
	for i := range v {
		v[i] += a[i] + part*b[i] + t.common[i]
	}
	return v
}

// embedMany puts n chunks with vectors, 50 to a memory, and returns the vectors
// by the number of their chunk.
func embedMany(t testing.TB, s *Store, w memory.Workspace, n int, vector func() []float32) map[int64][]float32 {
	t.Helper()
	vectors := make(map[int64][]float32)
	next, err := s.nextNumber(t.Context())
	require.NoError(t, err)
	for ; n > 0; n -= 50 {
		m := said("all in fifty pieces")
		m.Workspace, m.Chunks, m.Model = w, nil, "model"
		m.Source = fmt.Sprint("source ", n/50%20)
		for range min(n, 50) {
			v := vector()
			m.Chunks = append(m.Chunks, memory.Chunk{Start: 0, End: 3, Vector: v})
			vectors[next] = v
			next++
		}
		require.NoError(t, s.Put(t.Context(), m))
	}
	return vectors
}

// nextNumber is that of the next chunk.
func (s *Store) nextNumber(ctx context.Context) (num int64, err error) {
	err = s.reading.row(ctx, "SELECT ifnull(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'chunk'").Scan(&num)
	return num, err
}

// TestCodesFollowVectors through all that adds, replaces and takes away, in two
// workspaces that share blocks.
func TestCodesFollowVectors(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	require.NoError(t, s.AddWorkspace(t.Context(), memory.WorkspaceInfo{ID: "other"}))
	random := rand.New(rand.NewPCG(5, 5))
	var kept []memory.Memory
	for step := range 250 {
		w := []memory.Workspace{memory.DefaultWorkspace, "other"}[step%2]
		switch what := random.IntN(20); {
		case what < 11 || len(kept) < 5:
			m := said("some of it has vectors")
			m.Workspace, m.Chunks, m.Model = w, nil, "model"
			for range 1 + random.IntN(30) {
				c := memory.Chunk{Start: 0, End: 4}
				if random.IntN(3) > 0 {
					c.Vector = newTopics(uint64(step), 2, 70).vector()
				}
				m.Chunks = append(m.Chunks, c)
			}
			require.NoError(t, s.Put(t.Context(), m))
			kept = append(kept, m)
		case what < 15:
			waiting, _, err := s.Unembedded(t.Context(), w, "", 1+random.IntN(40))
			require.NoError(t, err)
			var vectors []memory.Attachment
			for _, u := range waiting {
				vectors = append(vectors, memory.Attachment{Ref: u.Ref, Vector: newTopics(uint64(step), 2, 70).vector()})
			}
			require.NoError(t, s.Attach(t.Context(), w, "model", vectors))
		case what < 17:
			require.NoError(t, s.Put(t.Context(), kept[random.IntN(len(kept))]))
		case what < 19:
			i := random.IntN(len(kept))
			require.NoError(t, s.Delete(t.Context(), kept[i].Workspace, kept[i].ID))
			kept = slices.Delete(kept, i, i+1)
		case step%5 == 0:
			require.NoError(t, s.Detach(t.Context(), w))
		}
		if step%25 == 0 {
			requireSound(t, s.path, len(kept))
		}
	}
	requireSound(t, s.path, len(kept))
}

// TestMeanIsTakenAgainAsVectorsGrow, from all vectors by then, whether they come
// by Put or by Attach.
func TestMeanIsTakenAgainAsVectorsGrow(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	of := func() (n int) {
		require.NoError(t, s.reading.row(t.Context(), "SELECT ifnull(sum(vectors), 0) FROM code_mean").Scan(&n))
		return n
	}
	vectors := newTopics(1, 9, 16)
	embedMany(t, s, memory.DefaultWorkspace, firstMean-1, vectors.vector)
	require.Zero(t, of())
	late := said("comes later")
	require.NoError(t, s.Put(t.Context(), late))
	waiting, _, err := s.Unembedded(t.Context(), memory.DefaultWorkspace, "", 9)
	require.NoError(t, err)
	require.Len(t, waiting, 1)
	attachment := memory.Attachment{Ref: waiting[0].Ref, Vector: vectors.vector()}
	require.NoError(t, s.Attach(t.Context(), memory.DefaultWorkspace, "model", []memory.Attachment{attachment}))
	require.Equal(t, firstMean, of())
	embedMany(t, s, memory.DefaultWorkspace, (meanGrowth-1)*firstMean-1, vectors.vector)
	require.Equal(t, firstMean, of())
	embedMany(t, s, memory.DefaultWorkspace, 1, vectors.vector)
	require.Equal(t, meanGrowth*firstMean, of())
	require.NoError(t, s.Detach(t.Context(), memory.DefaultWorkspace))
	require.Zero(t, of())
	requireSound(t, s.path, 6+1+16+1)
}

func TestMeanIsThatOfDirections(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	sum := make([]float64, 5)
	vectors := embedMany(t, s, memory.DefaultWorkspace, firstMean, newTopics(2, 3, 5).vector)
	for _, v := range vectors {
		for i, x := range directionOf(v) {
			sum[i] += x / float64(len(vectors))
		}
	}
	set, err := s.codeSet(t.Context(), memory.DefaultWorkspace)
	require.NoError(t, err)
	require.Len(t, set.mean, 5)
	for i, x := range sum {
		require.InDelta(t, x, set.mean[i], 1e-6)
	}
}

func TestAttachIsOneTransaction(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	fill(t, s, 32)
	waiting, _, err := s.Unembedded(t.Context(), memory.DefaultWorkspace, "", 32)
	require.NoError(t, err)
	var vectors []memory.Attachment
	for _, u := range waiting {
		vectors = append(vectors, memory.Attachment{Ref: u.Ref, Vector: []float32{1, 2, 3}})
	}
	before := transactions(t, s)
	require.NoError(t, s.Attach(t.Context(), memory.DefaultWorkspace, "model", vectors))
	require.Equal(t, before+1, transactions(t, s))
	require.Equal(t, 32, vectorsOf(t, s, memory.DefaultWorkspace))
}

func TestAttachedIsThereAfterReopening(t *testing.T) {
	t.Parallel()
	c := configFor(filepath.Join(t.TempDir(), "zapomni.db"))
	s, err := open(t, c)
	require.NoError(t, err)
	fill(t, s, 16)
	waiting, _, err := s.Unembedded(t.Context(), memory.DefaultWorkspace, "", 5)
	require.NoError(t, err)
	for i, u := range waiting {
		vector := []float32{1, float32(i)}
		require.NoError(t, s.Attach(t.Context(), memory.DefaultWorkspace, "model", []memory.Attachment{{Ref: u.Ref, Vector: vector}}))
	}
	require.NoError(t, s.Close())

	s = openAt(t, c)
	e, err := s.Embedding(t.Context(), memory.DefaultWorkspace)
	require.NoError(t, err)
	require.Equal(t, memory.Embedding{Model: "model", Dimensions: 2, Chunks: 16, Embedded: 5}, e)
	found, err := s.Nearest(t.Context(), memory.DefaultWorkspace, memory.VectorQuery{Model: "model", Vector: []float32{1, 0}}, 9)
	require.NoError(t, err)
	require.Len(t, found, 5)
	for i, n := range found {
		require.Equal(t, waiting[i].Ref, n.Ref)
	}
	left, _, err := s.Unembedded(t.Context(), memory.DefaultWorkspace, "", 99)
	require.NoError(t, err)
	require.Len(t, left, 11)
	requireSound(t, c.Path, 16)
}

func TestFullDiskAttachesNothing(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	fill(t, s, 400)
	waiting, _, err := s.Unembedded(t.Context(), memory.DefaultWorkspace, "", 400)
	require.NoError(t, err)
	var vectors []memory.Attachment
	for _, u := range waiting {
		vectors = append(vectors, memory.Attachment{Ref: u.Ref, Vector: slices.Repeat([]float32{1}, 384)})
	}
	limitPages(t, s, 60)
	require.ErrorIs(t, s.Attach(t.Context(), memory.DefaultWorkspace, "model", vectors), memory.ErrFull)
	again, _, err := s.Unembedded(t.Context(), memory.DefaultWorkspace, "", 400)
	require.NoError(t, err)
	require.Equal(t, waiting, again)
	requireSound(t, s.path, 400)
	require.NoError(t, s.Attach(t.Context(), memory.DefaultWorkspace, "model", vectors[:20]))
	requireSound(t, s.path, 400)
}

func TestBlockKeepsCodesInOrder(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(6, 6))
	const words = 2
	b := &block{num: 3}
	want := make(map[int][]uint64)
	for range 500 {
		bit := random.IntN(blockSize)
		if _, ok := want[bit]; !ok {
			want[bit] = []uint64{random.Uint64(), random.Uint64()}
			b.add(bit, want[bit])
		} else {
			end := min(bit+1+random.IntN(3), blockSize)
			for gone := bit; gone < end; gone++ {
				delete(want, gone)
			}
			b.drop(b.num*blockSize+int64(bit), b.num*blockSize+int64(end), words)
		}
		require.Equal(t, len(want), b.len())
		for bit, code := range want {
			place, ok := b.has(bit)
			require.True(t, ok)
			require.Equal(t, code, b.codes[place*words:(place+1)*words])
			require.Equal(t, b.num*blockSize+int64(bit), b.chunk(place))
		}
		read, err := newBlock(b.num, int64(b.present), b.blob(), words)
		require.NoError(t, err)
		require.Equal(t, b.present, read.present)
		require.Equal(t, slices.Clip(b.codes), slices.Clip(read.codes))
	}
}

func TestBlockCutShortIsDamage(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	m := embed(said("soon cut"), rand.New(rand.NewPCG(1, 1)), 8)
	require.NoError(t, s.Put(t.Context(), m))
	execute(t, s.path, "UPDATE code_block SET codes = substr(codes, 1, 7), change = change + 1", "UPDATE workspace SET change = change + 1")
	_, err := s.Nearest(t.Context(), memory.DefaultWorkspace, memory.VectorQuery{Vector: m.Chunks[0].Vector}, 1)
	require.ErrorIs(t, err, errDamaged)
	require.ErrorIs(t, s.Delete(t.Context(), memory.DefaultWorkspace, m.ID), errDamaged)
}
