package chaos

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/tests/client"
)

// textOf is what a writer adds: some texts have many chunks, so that one which
// was kept by half would show.
func textOf(round, writer, i int) sent {
	key := fmt.Sprintf("quince%dx%dx%d", round, writer, i)
	text := "Here begins " + key + "."
	for n := range (i % 5) * 8 {
		text += fmt.Sprintf(" Sentence %d tells of %s and of other fruits in the orchard.", n, key)
	}
	return sent{key, text + " This is the end of " + key + "."}
}

// write adds texts until the server is gone, hands on those that it
// acknowledged, and returns the one that it did not.
func write(c *client.Conn, round, writer int, keep func(id string, s sent)) (sent, error) {
	for i := 0; ; i++ {
		s := textOf(round, writer, i)
		id, err := c.Add(map[string]any{"text": s.text})
		switch {
		case err == nil:
			keep(id, s)
		case errors.Is(err, client.ErrEnded):
			return s, nil
		default:
			return s, err
		}
	}
}

// A killed server loses nothing that it acknowledged. What it was at when it
// was killed is there whole or not at all.
func TestKilledWhileItWrites(t *testing.T) {
	kept := newAcknowledged()
	dir := t.TempDir()
	requireKept(t, dir, kept, killedRounds(t, dir, 50, kept))
}

// Nor does one that shares its file with it.
func TestKilledBesideAnotherThatWrites(t *testing.T) {
	const rounds = 25
	kept := newAcknowledged()
	dir := t.TempDir()
	other := client.Start(t, dir)
	var last sent
	var err error
	var writing sync.WaitGroup
	writing.Go(func() { last, err = write(other, rounds, 0, kept.add) })
	open := killedRounds(t, dir, rounds, kept)
	other.Kill()
	writing.Wait()
	require.NoError(t, err, other.Stderr)
	requireKept(t, dir, kept, append(open, last))
}

// killedRounds starts and kills servers, one after the other, and returns what
// they did not acknowledge.
func killedRounds(t *testing.T, dir string, rounds int, kept *acknowledged) []sent {
	t.Helper()
	took := startTime(t)
	random := rand.New(rand.NewPCG(3, 5))
	var open []sent
	for round := range rounds {
		end := ending{atWork: true, after: upTo(random, 40*time.Millisecond)}
		if round%5 == 4 {
			end = ending{after: upTo(random, took)}
		}
		open = append(open, killedRound(t, dir, round, kept, end)...)
	}
	return open
}

// requireKept requires that a store holds what was acknowledged, and nothing
// else but whole texts that were not.
func requireKept(t *testing.T, dir string, kept *acknowledged, open []sent) {
	t.Helper()
	require.Empty(t, kept.twice)
	c := client.Start(t, dir)
	more := unacknowledged(t, c, open, kept)
	for id, s := range kept.texts {
		require.Equal(t, []string{id}, found(t, c, s.key))
	}
	require.Equal(t, kept.count(), stored(t, c))
	require.NoError(t, c.CloseInput())
	requireWhole(t, dir, kept.texts)
	requireSound(t, dir)
	t.Logf("%d texts acknowledged, %d of %d others kept as well", kept.count()-more, more, len(open))
}

// A server that is killed while it makes its file keeps no other one from
// making it.
func TestKilledWhileItMakesItsFile(t *testing.T) {
	took := startTime(t)
	random := rand.New(rand.NewPCG(3, 7))
	for range 25 {
		dir := t.TempDir()
		c := client.Start(t, dir)
		await(t, upTo(random, took))
		c.Kill()
		c = client.Start(t, dir)
		id, err := c.Add(map[string]any{"text": "A quince."})
		require.NoError(t, err)
		require.Equal(t, []string{id}, found(t, c, "quince"))
		require.NoError(t, c.CloseInput())
		requireSound(t, dir)
	}
}

// ending is when a round ends: some time after the server has written, or
// after it was started. The latter hits it while it is starting, or while it
// brings the file in order after the kill before.
type ending struct {
	atWork bool
	after  time.Duration
}

// killedRound starts a server, lets four writers write, and kills it. It
// returns what was not acknowledged.
func killedRound(t *testing.T, dir string, round int, kept *acknowledged, end ending) []sent {
	t.Helper()
	const writers = 4
	c := client.Start(t, dir)
	var wrote atomic.Bool
	keep := func(id string, s sent) {
		kept.add(id, s)
		wrote.Store(true)
	}
	lost, errs := make([]sent, writers), make([]error, writers)
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() { lost[w], errs[w] = write(c, round, w, keep) })
	}
	if end.atWork {
		require.Eventually(t, wrote.Load, time.Minute, 100*time.Microsecond)
	}
	await(t, end.after)
	c.Kill()
	all.Wait()
	require.NoError(t, errors.Join(errs...), "round %d: %s", round, c.Stderr)
	return lost
}

// startTime returns how long it takes from the start of a server to its first
// answer, on this machine as busy as it is.
func startTime(t *testing.T) time.Duration {
	t.Helper()
	cmd := client.Command(t, t.TempDir(), nil, "serve")
	began := time.Now()
	c := client.Connect(t, cmd)
	require.NoError(t, c.Initialize())
	took := time.Since(began)
	require.NoError(t, c.CloseInput())
	return took
}

// upTo returns a random time shorter than most.
func upTo(random *rand.Rand, most time.Duration) time.Duration {
	return time.Duration(random.Int64N(int64(most)))
}

// await lets some time pass.
func await(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-time.After(d):
	case <-t.Context().Done():
	}
}

// found returns the IDs of the memories that have a word.
func found(t *testing.T, c *client.Conn, word string) []string {
	t.Helper()
	hits, err := c.Search(map[string]any{"query": word, "limit": 5, "mode": "words"})
	require.NoError(t, err)
	ids := make([]string, len(hits))
	for i, h := range hits {
		ids[i] = h.ID
	}
	return ids
}

// unacknowledged looks for what was never acknowledged: it may be there once.
// What is there joins kept, to be held to the same, and is counted.
func unacknowledged(t *testing.T, c *client.Conn, open []sent, kept *acknowledged) int {
	t.Helper()
	n := 0
	for _, s := range open {
		ids := found(t, c, s.key)
		require.LessOrEqual(t, len(ids), 1, "%s is there twice", s.key)
		for _, id := range ids {
			kept.add(id, s)
			n++
		}
	}
	return n
}

// stored returns how many memories the server says there are.
func stored(t *testing.T, c *client.Conn) int {
	t.Helper()
	r, err := c.Tool("get_stats", map[string]any{})
	require.NoError(t, err)
	require.False(t, r.IsError, r.Text)
	var stats struct{ Memories int }
	require.NoError(t, json.Unmarshal(r.Structured, &stats))
	return stats.Memories
}
