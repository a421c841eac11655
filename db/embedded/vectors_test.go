package embedded

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

// embed gives each chunk of m a vector of so many numbers, at random.
func embed(m memory.Memory, random *rand.Rand, dimensions int) memory.Memory {
	for i := range m.Chunks {
		v := make([]float32, dimensions)
		for j := range v {
			v[j] = float32(random.NormFloat64())
		}
		m.Chunks[i].Vector = v
	}
	return m
}

// vectorsOf returns what the file holds beside memories: how many vectors each
// workspace says it has.
func vectorsOf(t *testing.T, s *Store, w memory.Workspace) (n int) {
	t.Helper()
	require.NoError(t, s.reading.row(t.Context(), "SELECT vectors FROM workspace WHERE id = ?", string(w)).Scan(&n))
	return n
}

func TestVectorComesBackBitForBit(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	m := said("with odd numbers")
	m.Chunks[0].Vector = []float32{
		float32(math.Copysign(0, -1)), math.SmallestNonzeroFloat32, -math.MaxFloat32, 1.0 / 3, math.Nextafter32(1, 2), 0,
	}
	require.NoError(t, s.Put(t.Context(), m))
	got, err := s.Get(t.Context(), memory.DefaultWorkspace, m.ID)
	require.NoError(t, err)
	for i, x := range m.Chunks[0].Vector {
		require.Equal(t, math.Float32bits(x), math.Float32bits(got.Chunks[0].Vector[i]), "number %d", i)
	}
}

func TestVectorIsLittleEndianInTheFile(t *testing.T) {
	t.Parallel()
	require.Equal(t, []byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0}, blobOf([]float32{1, -2}))
	v, err := vectorOf([]byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0})
	require.NoError(t, err)
	require.Equal(t, []float32{1, -2}, v)
}

func TestVectorCutShortIsDamage(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	m := embed(said("soon cut"), rand.New(rand.NewPCG(1, 1)), 8)
	require.NoError(t, s.Put(t.Context(), m))
	execute(t, s.path, "UPDATE chunk_vector SET vector = substr(vector, 1, 31)")
	_, err := s.Get(t.Context(), memory.DefaultWorkspace, m.ID)
	require.ErrorIs(t, err, errDamaged)
	_, err = s.Nearest(t.Context(), memory.DefaultWorkspace, memory.VectorQuery{Vector: m.Chunks[0].Vector}, 1)
	require.ErrorIs(t, err, errDamaged)
}

// TestVectorsAreCounted through all that adds and takes away.
func TestVectorsAreCounted(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	random := rand.New(rand.NewPCG(1, 2))
	require.NoError(t, s.AddWorkspace(t.Context(), memory.WorkspaceInfo{ID: "other"}))
	three := said("one two three")
	three.Chunks = []memory.Chunk{{Start: 0, End: 3}, {Start: 4, End: 7}, {Start: 8, End: 13}}
	three = embed(three, random, 4)
	elsewhere := embed(said("elsewhere"), random, 6)
	elsewhere.Workspace = "other"
	for _, m := range []memory.Memory{said("has none"), three, embed(said("has one"), random, 4), elsewhere} {
		require.NoError(t, s.Put(t.Context(), m))
	}
	count := func(home, other int) {
		require.Equal(t, home, vectorsOf(t, s, memory.DefaultWorkspace))
		require.Equal(t, other, vectorsOf(t, s, "other"))
		requireSound(t, s.path, 4)
	}
	count(4, 1)
	three.Chunks[1].Vector = nil
	require.NoError(t, s.Put(t.Context(), three))
	count(3, 1)
	three.Chunks = three.Chunks[1:2]
	require.NoError(t, s.Put(t.Context(), three))
	count(1, 1)

	require.NoError(t, s.Delete(t.Context(), memory.DefaultWorkspace, three.ID))
	require.NoError(t, s.DeleteWorkspace(t.Context(), "other"))
	requireSound(t, s.path, 2)
	require.NoError(t, s.Clear(t.Context()))
	require.Zero(t, vectorsOf(t, s, memory.DefaultWorkspace))
	requireSound(t, s.path, 0)
}

// TestVectorRefusedLeavesTheGroup: it fails before it changes anything, so that
// those who share its transaction keep theirs.
func TestVectorRefusedLeavesTheGroup(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 3))
	wrong := putting(t, embed(said("of another length"), random, 5))
	s, jobs := group(t, putting(t, embed(said("one"), random, 4)), wrong, putting(t, embed(said("two"), random, 4)))
	before := transactions(t, s)
	s.writeGroup(t.Context())
	require.Equal(t, before+1, transactions(t, s))
	require.NoError(t, <-jobs[0].done)
	require.ErrorIs(t, <-jobs[1].done, memory.ErrInvalid)
	require.NoError(t, <-jobs[2].done)
	requireSound(t, s.path, 2)
}

func TestFullDiskKeepsNoVectorsOfWhatIsNotKept(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	limitPages(t, s, 300)
	m := said("a text that takes little room, in many chunks")
	m.Chunks = nil
	for range 1000 {
		m.Chunks = append(m.Chunks, memory.Chunk{Start: 0, End: 1})
	}
	m = embed(m, rand.New(rand.NewPCG(1, 4)), 384)
	require.ErrorIs(t, s.Put(t.Context(), m), memory.ErrFull)
	require.Zero(t, vectorsOf(t, s, memory.DefaultWorkspace))
	requireSound(t, s.path, 0)
	for i := range 3 {
		require.NoError(t, s.Put(t.Context(), said(fmt.Sprint("small enough ", i))))
	}
}
