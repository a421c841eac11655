package falkor

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"zapomni/db/falkor/falkortest"
)

// created counts what carryOut and finish have done in the tests.
func created(t *testing.T, s *Store) int {
	t.Helper()
	return int(raw(t, s, s.graph, "MATCH (n:N) RETURN count(n) AS n").Row(0).Get("n").Int())
}

// A process that comes to a graph has its index made, if there is none, while
// others write.
func TestIndexesOfOneProcessTakeNothingFromAnother(t *testing.T) {
	t.Parallel()
	c := configFor(t, falkortest.Shared(t))
	writer, comer := openAt(t, c), openAt(t, c)
	var written atomic.Bool
	var comers, writers sync.WaitGroup
	comers.Go(func() {
		for !written.Load() {
			comer.dropped(comer.graph) // as a new process, it knows nothing
			if _, err := comer.readyForVectors(t.Context(), comer.graph, "", kind{"m", 4}); err != nil {
				t.Error(err)
			}
			if err := comer.define(t.Context(), comer.graph, indexes...); err != nil {
				t.Error(err)
			}
		}
	})
	for i := range 4 {
		random := rand.New(rand.NewPCG(uint64(i), 1))
		writers.Go(func() {
			for range 250 {
				m := piecesOf(3)
				m.Model, m.Chunks[0].Vector, m.Chunks[1].Vector = "m", randomVector(random, 4), randomVector(random, 4)
				if err := writer.Put(t.Context(), m); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	written.Store(true)
	comers.Wait()
	requireSound(t, writer, writer.graph)
}

// Many processes have the first vectors of a model at once.
func TestIndexIsMadeOnceByManyAtOnce(t *testing.T) {
	t.Parallel()
	c := configFor(t, falkortest.Shared(t))
	for i := range 5 {
		var group sync.WaitGroup
		for j := range 6 {
			s, random := openAt(t, c), rand.New(rand.NewPCG(uint64(j), 1))
			for range 2 {
				m := piecesOf(10)
				m.Model = fmt.Sprint("model ", i)
				for k := range m.Chunks {
					m.Chunks[k].Vector = randomVector(random, 3+i)
				}
				group.Go(func() {
					if err := s.Put(t.Context(), m); err != nil {
						t.Error(err)
					}
				})
			}
		}
		group.Wait()
		s := openAt(t, c)
		requireSound(t, s, s.graph)
		gauge := raw(t, s, s.graph, "CALL db.indexes() YIELD label, info WHERE label STARTS WITH 'Vector' RETURN info.numDocuments AS live, info.maxDocId AS used")
		require.Equal(t, 1, gauge.Len())
		require.Equal(t, int64(120), gauge.Row(0).Get("live").Int())
		require.Equal(t, int64(120), gauge.Row(0).Get("used").Int(), "what was written before the index was built is in it twice")
		require.NoError(t, s.Detach(t.Context(), "default"))
	}
}

func TestWhatIsFinishedIsDoneOnceHoweverOftenItIsSent(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	require.NoError(t, s.asOne(t.Context(), s.graph, func(m *making) error {
		require.NoError(t, m.finish(t.Context(), command(s.graph, "CREATE (:N)")))
		return nil
	}))
	require.Equal(t, 1, created(t, s))
	err := s.asOne(t.Context(), s.graph, func(m *making) error {
		again := *m
		require.NoError(t, m.finish(t.Context(), command(s.graph, "CREATE (:N)")))
		return again.finish(t.Context(), command(s.graph, "CREATE (:N)"))
	})
	require.ErrorIs(t, err, errTaken)
	require.Equal(t, 2, created(t, s))
}

// The right may end, and go to another, while its holder is held up.
func TestNothingIsDoneByARightThatHasEnded(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	key := makingKey(s.graph)
	for _, meanwhile := range [][]any{{"DEL", key}, {"SET", key, "another"}} {
		err := s.asOne(t.Context(), s.graph, func(m *making) error {
			_, err := s.client.Do(t.Context(), Repeatable, meanwhile...)
			require.NoError(t, err)
			return m.carryOut(t.Context(), command(s.graph, "CREATE (:N)"))
		})
		require.ErrorIs(t, err, errTaken, meanwhile[0])
	}
	require.Zero(t, created(t, s))
	holds, err := s.client.Do(t.Context(), Reads, "GET", key)
	require.NoError(t, err)
	require.Equal(t, "another", holds, "what is another's is not given back")
	_, err = s.client.Do(t.Context(), Repeatable, "DEL", key)
	require.NoError(t, err)
}

// The server refuses the transaction itself if the right ends after the last
// look at it.
func TestTransactionHoldsToItsGuard(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	g := guard{makingKey(s.graph), "ours"}
	_, err := s.client.Do(t.Context(), Repeatable, "SET", g.key, g.value)
	require.NoError(t, err)
	node, err := s.client.pool.Load().servers.pick(t.Context(), s.graph, false)
	require.NoError(t, err)
	whole := newTransaction(t.Context(), g, [][]any{command(s.graph, "CREATE (:N)")})
	err = whole.guarded(t.Context(), node, func(p redis.Pipeliner) error {
		_, err := s.client.Do(t.Context(), Repeatable, "DEL", g.key)
		require.NoError(t, err)
		_, err = p.Exec(t.Context())
		return err
	})
	require.ErrorIs(t, err, errTaken)
	require.Zero(t, created(t, s))
}

func TestRightIsGivenBackWhoeverIsGone(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	ctx, cancel := context.WithCancel(t.Context())
	failed := errors.New("on the way")
	require.ErrorIs(t, s.asOne(ctx, s.graph, func(*making) error {
		cancel()
		return failed
	}), failed)
	holds, err := s.client.Do(t.Context(), Reads, "GET", makingKey(s.graph))
	require.NoError(t, err)
	require.Nil(t, holds)
}

func TestRightIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	var inside, times atomic.Int64
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 5 {
				if err := s.asOne(t.Context(), s.graph, func(m *making) error {
					if inside.Add(1) != 1 {
						t.Error("two have the right")
					}
					defer inside.Add(-1)
					times.Add(1)
					return m.carryOut(t.Context(), command(s.graph, "CREATE (:N)"))
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	require.Equal(t, int64(40), times.Load())
	require.Equal(t, 40, created(t, s))
	_, err := s.client.Do(t.Context(), Repeatable, "SET", makingKey(s.graph), "of the dead")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.asOne(ctx, s.graph, func(*making) error { return nil }), context.Canceled)
	_, err = s.client.Do(t.Context(), Repeatable, "PEXPIRE", makingKey(s.graph), 50)
	require.NoError(t, err)
	require.NoError(t, s.asOne(t.Context(), s.graph, func(*making) error { return nil }))
}
