package embed

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sony/gobreaker/v2"
	"github.com/stretchr/testify/require"
)

func keeperOn(t *testing.T, c RedisConfig) *redisKeeper {
	t.Helper()
	k := newRedisKeeper(c, silent)
	t.Cleanup(func() { k.Close() })
	return k
}

// patientCache is a cache on k that waits for it, however busy the machine is.
func patientCache(next Embedder, k Keeper) *cache {
	c := newCache(next, k, 1<<20, &dimension{})
	c.patience = time.Minute
	return c
}

func TestRedisSharesVectorsBetweenProcesses(t *testing.T) {
	s := startRedis(t)
	requireEmbeds(t, patientCache(&fake{embed: working}, keeperOn(t, s.config())), "a", "b")

	next := &fake{embed: working}
	c := patientCache(next, keeperOn(t, s.config()))
	requireEmbeds(t, c, "a", "c", "b")
	require.Equal(t, [][]string{{"c"}}, next.requests())
	require.EqualValues(t, 2, c.state().BackendHits)
	require.Zero(t, c.state().BackendErrors)
}

func TestRedisTouchesOnlyItsOwnKeys(t *testing.T) {
	s := startRedis(t)
	require.NoError(t, s.client.Set(t.Context(), "foreign", "1", 0).Err())
	c := s.config()
	c.TTL = 2 * time.Hour
	k := keeperOn(t, c)
	key := KeyOf("fake", "a")
	require.NoError(t, k.Keep(t.Context(), map[Key][]float32{key: made("a")[0]}))
	require.NoError(t, k.Close())

	names, err := s.client.Keys(t.Context(), "*").Result()
	require.NoError(t, err)
	ours := "zapomni:vector:1:" + key.String()
	require.ElementsMatch(t, []string{"foreign", ours}, names)
	ttl, err := s.client.TTL(t.Context(), ours).Result()
	require.NoError(t, err)
	require.InDelta(t, 2*time.Hour, ttl, float64(time.Minute))
}

func TestRedisTakesBrokenValuesForMissing(t *testing.T) {
	s := startRedis(t)
	key := KeyOf("fake", "a")
	require.NoError(t, s.client.Set(t.Context(), redisPrefix+key.String(), "abc", 0).Err())
	require.NoError(t, s.client.LPush(t.Context(), redisPrefix+KeyOf("fake", "b").String(), "x").Err())
	c := patientCache(&fake{embed: working}, keeperOn(t, s.config()))
	requireEmbeds(t, c, "a", "b", "c")
	require.EqualValues(t, 3, c.state().Misses)
	require.Zero(t, c.state().BackendErrors)
}

func TestRedisKeepsNothingWhenItIsFull(t *testing.T) {
	s := startRedis(t)
	k := keeperOn(t, s.config())
	k.most = 1
	require.NoError(t, k.Keep(t.Context(), map[Key][]float32{{1}: {1}}))
	n, err := s.client.DBSize(t.Context()).Result()
	require.NoError(t, err)
	require.Zero(t, n)
}

func TestRedisLogsIn(t *testing.T) {
	s := startRedis(t, "--requirepass", "sesame")
	c := s.config()
	_, err := keeperOn(t, c).Vectors(t.Context(), []Key{{1}})
	require.ErrorContains(t, err, "NOAUTH")
	c.Password = "sesame"
	vectors, err := keeperOn(t, c).Vectors(t.Context(), []Key{{1}})
	require.NoError(t, err)
	require.Equal(t, [][]float32{nil}, vectors)
}

func TestCacheDoesWithoutARedisThatEnds(t *testing.T) {
	s := startRedis(t)
	log, logged := recorded()
	k := newRedisKeeper(s.config(), log)
	defer k.Close()
	c := patientCache(&fake{embed: working}, k)
	requireEmbeds(t, c, "a")
	s.stop()
	for i := range 10 {
		requireEmbeds(t, c, "b"+strconv.Itoa(i))
	}
	require.EqualValues(t, 20, c.state().BackendErrors)
	require.Equal(t, 1, strings.Count(logged.String(), `"msg":"embedding_cache_failed"`))
	require.Contains(t, logged.String(), "connection refused")
	_, err := k.Vectors(t.Context(), []Key{{1}})
	require.ErrorIs(t, err, gobreaker.ErrOpenState)
}

func TestUsedMemoryIsReadFromTheAnswer(t *testing.T) {
	require.EqualValues(t, 1234, usedMemory("# Memory\r\nused_memory_human:1K\r\nused_memory:1234\r\nmaxmemory:0\r\n"))
	require.Zero(t, usedMemory("# Memory\r\n"))
	require.Zero(t, usedMemory("used_memory:much\r\n"))
}
