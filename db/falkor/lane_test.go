package falkor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/db/falkor/falkortest"
	"zapomni/memory"
)

// hurried sends reads until one was sent on a lane, which is idle then.
func hurried(t *testing.T, c *Client) {
	t.Helper()
	p := c.pool.Load()
	eventually(t, "a lane was used", func() bool {
		before := p.lane()
		if before != nil {
			before.used = time.Now()
			p.leave(before)
		}
		_, err := c.Query(t.Context(), one1(Reads))
		require.NoError(t, err)
		after := p.lane()
		require.NotNil(t, after)
		p.leave(after)
		return before == after
	})
}

func TestBusyConnectionIsKeptOutOfThePool(t *testing.T) {
	f := newFake(t)
	c, _ := ready(t, f.config())
	hurried(t, c)
	require.Equal(t, 1, c.pool.Load().lanes())
	require.Equal(t, 5, c.Stats().IdleConnections, "it counts as idle nevertheless")
	require.Equal(t, int64(5), f.opened.Load())

	_, err := c.Do(t.Context(), Reads, "GRAPH.CONFIG", "GET", "TIMEOUT_MAX")
	require.NoError(t, err)
	require.Zero(t, c.pool.Load().lanes(), "another command gives it back")
	require.Equal(t, 5, c.Stats().IdleConnections)

	hurried(t, c)
	c.pool.Load().tend(t.Context(), c.config.Pool)
	require.Zero(t, c.pool.Load().lanes(), "and so does the keeper")
	require.Equal(t, int64(5), f.opened.Load())
}

func TestLaneThatHasRestedIsLookedAtFirst(t *testing.T) {
	f := newFake(t)
	cfg := f.config()
	cfg.Pool.MinSize = 1
	c, _ := ready(t, cfg)
	hurried(t, c)
	l := c.pool.Load().lane()
	l.used = time.Now().Add(-time.Second)
	c.pool.Load().leave(l)
	require.NoError(t, l.wire.Conn.Close()) // as if it had broken meanwhile
	_, err := c.Query(t.Context(), one1(Once))
	require.NoError(t, err, "it was known to be dead before anything was sent")
}

func TestLaneIsNotKeptForLongAtATime(t *testing.T) {
	l := &lane{since: time.Now(), used: time.Now()}
	require.True(t, l.isHot(time.Now(), time.Minute))
	require.False(t, l.isHot(time.Now().Add(hotFor), time.Minute))
	l.since = time.Now().Add(-time.Minute)
	require.False(t, l.isHot(time.Now(), time.Minute))
}

// heat makes the lane that is idle as hot as can be, and returns it.
func heat(c *Client) *lane {
	p := c.pool.Load()
	l := p.lane()
	l.used = time.Now().Add(time.Hour)
	p.leave(l)
	return l
}

func TestLaneThatBreaksIsDropped(t *testing.T) {
	f := newFake(t)
	c, _ := ready(t, f.config())
	for _, row := range []struct {
		effect  Effect
		unknown bool
	}{{Reads, false}, {Repeatable, false}, {Once, true}} {
		hurried(t, c)
		l := heat(c)
		f.say("GRAPH.QUERY", hangUp)
		f.say("GRAPH.RO_QUERY", hangUp)
		_, err := c.Query(t.Context(), one1(row.effect))
		require.ErrorIs(t, err, io.EOF)
		var unknown *OutcomeUnknownError
		require.Equal(t, row.unknown, errors.As(err, &unknown))
		require.True(t, l.wire.closed.Load())
		require.Zero(t, c.pool.Load().lanes())
		require.Zero(t, c.Stats().ActiveConnections)
		f.say("GRAPH.QUERY", answerOne)
		f.say("GRAPH.RO_QUERY", answerOne)
	}
}

// What follows an answer would pass for the next one.
func TestLaneThatSaysTooMuchIsDropped(t *testing.T) {
	f := newFake(t)
	c, _ := ready(t, f.config())
	hurried(t, c)
	l := heat(c)
	f.say("GRAPH.RO_QUERY", answerOne+"-ERR of somebody else\r\n")
	got, err := c.Query(t.Context(), one1(Reads))
	require.NoError(t, err)
	require.Equal(t, int64(1), got.Row(0).At(0).Int())
	require.True(t, l.wire.closed.Load())
	require.Zero(t, c.pool.Load().lanes())
}

func TestCallerLeavesALane(t *testing.T) {
	f := newFake(t)
	c, _ := ready(t, f.config())
	hurried(t, c)
	f.say("GRAPH.RO_QUERY", hang)
	l := heat(c)
	ctx, cancel := context.WithCancel(t.Context())
	asked := f.asked("GRAPH.RO_QUERY")
	go func() {
		for f.asked("GRAPH.RO_QUERY") == asked {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	_, err := c.Query(ctx, one1(Reads))
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, memory.ErrUnavailable)
	require.True(t, l.wire.closed.Load(), "its answer may still come")
	require.Zero(t, c.pool.Load().lanes())
	require.Equal(t, 4, c.Stats().IdleConnections)
}

func TestAnswerOfAnyLengthComesThroughALane(t *testing.T) {
	f := newFake(t)
	c, _ := ready(t, f.config())
	for _, n := range []int{0, 1, smallReply - 60, smallReply, smallReply + 1, 100_000, 3_000_000} {
		long := strings.Repeat("a", n)
		hurried(t, c)
		f.say("GRAPH.RO_QUERY", fmt.Sprintf("*3\r\n*1\r\n*2\r\n:1\r\n$1\r\nx\r\n*1\r\n*1\r\n*2\r\n:2\r\n$%d\r\n%s\r\n*0\r\n", n, long))
		got, err := c.Query(t.Context(), one1(Reads))
		require.NoError(t, err)
		again, err := c.Query(t.Context(), one1(Reads))
		require.NoError(t, err)
		require.Equal(t, long, got.Row(0).At(0).Text(), "the next answer leaves it alone")
		require.Equal(t, long, again.Row(0).At(0).Text())
		f.say("GRAPH.RO_QUERY", answerOne)
	}
}

// laid is a wire on which nothing ever comes.
func laid(t *testing.T) *wire {
	t.Helper()
	here, there := net.Pipe()
	t.Cleanup(func() { here.Close(); there.Close() })
	w := newWires().add(here).(*wire)
	w.patient = true
	return w
}

func TestWireReadsAsLongAsItIsAllowedTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := laid(t)
		start := time.Now()
		w.allow(start.Add(time.Minute))
		time.Sleep(59 * time.Second)
		w.allow(start.Add(3 * time.Minute)) // the socket keeps its deadline
		require.Equal(t, start.Add(time.Minute).UnixNano(), w.armed)
		_, err := w.read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, 3*time.Minute, time.Since(start))

		w.allow(time.Now().Add(time.Second))
		began := time.Now()
		require.ErrorIs(t, w.write([]byte("x")), os.ErrDeadlineExceeded)
		require.Equal(t, time.Second, time.Since(began), "the deadline before had come already")
	})
}

func TestWireKeepsToAnEarlierEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := laid(t)
		start := time.Now()
		w.allow(start.Add(time.Minute))
		w.allow(start.Add(time.Second))
		_, err := w.read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, time.Second, time.Since(start))
	})
}

func TestWireIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := laid(t)
		w.allow(time.Now().Add(time.Hour))
		start := time.Now()
		time.AfterFunc(time.Second, w.cut)
		_, err := w.read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, time.Second, time.Since(start))
	})
}

func TestParallelQueriesGetTheirOwnAnswers(t *testing.T) {
	c, _ := ready(t, at(t, falkortest.Shared(t)))
	ask(t, c, Repeatable, "RETURN 1")
	var callers sync.WaitGroup
	for i := range 50 {
		callers.Go(func() {
			for j := range 50 {
				want := fmt.Sprintf("%d-%d-%s", i, j, strings.Repeat("x", (i*j)%9000))
				got, err := c.Query(t.Context(), Statement{Graph: c.config.Graph, Text: "RETURN '" + want + "' AS x"})
				if err != nil || got.Row(0).Get("x").Text() != want {
					t.Errorf("asked for %.10s, got %v", want, err)
					return
				}
			}
		})
	}
	callers.Wait()
	require.Zero(t, c.Stats().ActiveConnections)
	require.LessOrEqual(t, c.Stats().IdleConnections, 20)
}
