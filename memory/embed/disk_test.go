package embed

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

func diskAt(t *testing.T, path string, most int64) *diskKeeper {
	t.Helper()
	k := newDiskKeeper(path, most, silent)
	t.Cleanup(func() { require.NoError(t, k.Close()) })
	return k
}

func vectorFile(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "zapomni.db-vectors")
}

// kept returns what k has of texts, nil for what it does not have.
func kept(t *testing.T, k Keeper, texts ...string) [][]float32 {
	t.Helper()
	keys := make([]Key, len(texts))
	for i, text := range texts {
		keys[i] = KeyOf("fake", text)
	}
	vectors, err := k.Vectors(t.Context(), keys)
	require.NoError(t, err)
	require.Len(t, vectors, len(keys))
	return vectors
}

func keep(t *testing.T, k Keeper, texts ...string) {
	t.Helper()
	vectors := map[Key][]float32{}
	for _, text := range texts {
		vectors[KeyOf("fake", text)] = made(text)[0]
	}
	require.NoError(t, k.Keep(t.Context(), vectors))
}

func TestDiskKeepsVectorsForTheNextStart(t *testing.T) {
	path := vectorFile(t)
	c := Defaults()
	s := startOllama(t)
	c.Ollama.BaseURL = URL(s.URL)
	for range 2 {
		e, err := Open(c, path, silent)
		require.NoError(t, err)
		requireEmbeds(t, e, "a", "b", "a")
		require.NoError(t, e.Close())
	}
	require.EqualValues(t, 1, s.requests.Load())
	fi, err := os.Stat(path)
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		require.Zero(t, fi.Mode().Perm()&0o077, "it is nobody else's")
	}
}

func TestOpenMakesNoFileBeforeTheFirstText(t *testing.T) {
	path := vectorFile(t)
	e, err := Open(Defaults(), path, silent)
	require.NoError(t, err)
	require.NoError(t, e.Close())
	require.NoFileExists(t, path)
}

func TestDiskTakesNoMoreThanItMay(t *testing.T) {
	path := vectorFile(t)
	const most = 10_000
	k := diskAt(t, path, most)
	for i := range 2000 {
		text := strconv.Itoa(i)
		keep(t, k, text)
		require.Equal(t, made(text), kept(t, k, text))
	}
	fi, err := os.Stat(path)
	require.NoError(t, err)
	require.LessOrEqual(t, fi.Size(), int64(most))
	found := 0
	for i := range 2000 {
		if v := kept(t, k, strconv.Itoa(i))[0]; v != nil {
			found++
			require.Equal(t, made(strconv.Itoa(i))[0], v)
		}
	}
	slots := most / (slotHead + 4*dims)
	require.Greater(t, found, slots*9/10)
}

func TestDiskIsSharedWithoutLocks(t *testing.T) {
	path := vectorFile(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			k := newDiskKeeper(path, 2000, silent) // room for some 30
			r := rand.New(rand.NewPCG(uint64(i), 0))
			for range 500 {
				text := strconv.Itoa(r.IntN(60))
				if v := kept(t, k, text)[0]; v != nil {
					require.Equal(t, made(text)[0], v)
				}
				keep(t, k, text)
			}
			require.NoError(t, k.Close())
		})
	}
	wg.Wait()
}

func TestDiskTakesBrokenVectorsForMissing(t *testing.T) {
	for name, spoil := range map[string]func([]byte) []byte{
		"another number": func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
		"cut short":      func(b []byte) []byte { return b[:len(b)-1] },
		"no head":        func(b []byte) []byte { b[0] ^= 1; return b },
		"a huge head": func(b []byte) []byte {
			copy(b[len(diskMagic):], "\xff\xff\xff\xff\xff\xff\xff\xff")
			return b
		},
		"another file": func([]byte) []byte { return []byte(strings.Repeat("x", 50_000)) },
		"empty":        func([]byte) []byte { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			path := vectorFile(t)
			const most = 5000
			keep(t, diskAt(t, path, most), "a")
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, spoil(b), 0o600))

			k := diskAt(t, path, most)
			require.Equal(t, [][]float32{nil}, kept(t, k, "a"))
			keep(t, k, "a")
			require.Equal(t, made("a"), kept(t, k, "a"))
			fi, err := os.Stat(path)
			require.NoError(t, err)
			require.LessOrEqual(t, fi.Size(), int64(most))
		})
	}
}

func TestDiskStartsAnewForVectorsOfAnotherLength(t *testing.T) {
	path := vectorFile(t)
	k, other := diskAt(t, path, 5000), diskAt(t, path, 5000)
	keep(t, k, "a")
	require.Equal(t, made("a"), kept(t, other, "a"))
	long := []float32{3, 1, 4, 1, 5, 9}
	require.NoError(t, k.Keep(t.Context(), map[Key][]float32{KeyOf("long", "a"): long}))
	for _, k := range []Keeper{k, other} {
		require.Equal(t, [][]float32{nil}, kept(t, k, "a"))
		vectors, err := k.Vectors(t.Context(), []Key{KeyOf("long", "a")})
		require.NoError(t, err)
		require.Equal(t, [][]float32{long}, vectors)
	}
}

func TestDiskStartsAnewInAnotherSize(t *testing.T) {
	path := vectorFile(t)
	keep(t, diskAt(t, path, 50_000), "a", "b", "c", "d")
	k := diskAt(t, path, 1000)
	require.Equal(t, [][]float32{nil}, kept(t, k, "a"))
	keep(t, k, "a")
	require.Equal(t, made("a"), kept(t, k, "a"))
	fi, err := os.Stat(path)
	require.NoError(t, err)
	require.LessOrEqual(t, fi.Size(), int64(1000))
}

func TestDiskWithoutRoomKeepsNothing(t *testing.T) {
	k := diskAt(t, vectorFile(t), 20)
	keep(t, k, "a")
	require.Equal(t, [][]float32{nil}, kept(t, k, "a"))
}

func TestCacheDoesWithoutADiskThatFails(t *testing.T) {
	log, logged := recorded()
	k := newDiskKeeper(filepath.Join(t.TempDir(), "missing", "file"), 5000, log)
	c := newCache(&fake{embed: working}, k, 1<<20, &dimension{})
	for i := range 3 {
		requireEmbeds(t, c, "secret text "+strconv.Itoa(i))
	}
	require.EqualValues(t, 6, c.state().BackendErrors)
	require.Equal(t, 1, strings.Count(logged.String(), "embedding_cache_failed"))
	require.NotContains(t, logged.String(), "secret text")
	require.NoError(t, c.Close())
	_, err := k.Vectors(t.Context(), []Key{{1}})
	require.ErrorIs(t, err, os.ErrClosed)
}

func TestForgetEmptiesMemoryAndDisk(t *testing.T) {
	path := vectorFile(t)
	e, err := Open(Defaults(), path, silent)
	require.NoError(t, err)
	defer func() { require.NoError(t, e.Close()) }()
	embed := func() (hits uint64) {
		_, err := e.Embed(t.Context(), []string{"a ship"})
		require.NoError(t, err)
		stats, _ := e.(memory.Cached).Cache()
		return stats.Hits + stats.BackendHits
	}
	require.Zero(t, embed())
	require.EqualValues(t, 1, embed())
	require.NoError(t, e.(memory.Cached).Forget())
	fi, err := os.Stat(path)
	require.NoError(t, err)
	require.Zero(t, fi.Size())
	require.EqualValues(t, 1, embed(), "it is nowhere any more")
	require.EqualValues(t, 2, embed())
}

func TestRedisTakesThePlaceOfTheDisk(t *testing.T) {
	c := Defaults()
	require.IsType(t, (*diskKeeper)(nil), c.keeper("file", silent))
	require.Nil(t, c.keeper("", silent))
	c.Redis.Enabled = true
	require.IsType(t, (*redisKeeper)(nil), c.keeper("file", silent))
	c.Redis.Enabled, c.DiskCacheMB = false, 0
	require.Nil(t, c.keeper("file", silent))
}

func BenchmarkDisk(b *testing.B) {
	v := make([]float32, 384)
	v[0] = 1
	k := newDiskKeeper(filepath.Join(b.TempDir(), "vectors"), 32<<20, silent)
	defer k.Close()
	keys := make([]Key, 20_000)
	for i := range keys {
		keys[i] = KeyOf("fake", strconv.Itoa(i))
	}
	b.Run("keep", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			require.NoError(b, k.Keep(b.Context(), map[Key][]float32{keys[i%len(keys)]: v}))
		}
	})
	b.Run("find", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			_, err := k.Vectors(b.Context(), keys[i%len(keys):][:1])
			require.NoError(b, err)
		}
	})
}
