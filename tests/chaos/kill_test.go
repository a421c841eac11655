package chaos

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
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

// write adds texts until the server is gone, and returns the one that it did
// not acknowledge.
func write(c *client.Conn, round, writer int, kept *acknowledged) (sent, error) {
	for i := 0; ; i++ {
		s := textOf(round, writer, i)
		id, err := c.Add(map[string]any{"text": s.text})
		switch {
		case err == nil:
			kept.add(id, s)
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
	const rounds, writers = 25, 4
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(3, 5))
	kept := newAcknowledged()
	var open []sent // not acknowledged
	for round := range rounds {
		lost, err := killedRound(t, dir, round, writers, kept, random)
		require.NoError(t, err)
		open = append(open, lost...)
	}
	require.Empty(t, kept.twice)
	require.Greater(t, kept.count(), rounds, "it has written enough to tell")

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

// killedRound starts a server, lets the writers write, and kills it at a
// random point. It returns what was not acknowledged.
func killedRound(t *testing.T, dir string, round, writers int, kept *acknowledged, random *rand.Rand) ([]sent, error) {
	t.Helper()
	c := client.Start(t, dir)
	lost, errs := make([]sent, writers), make([]error, writers)
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() { lost[w], errs[w] = write(c, round, w, kept) })
	}
	// Some rounds end while the server is still starting, or while it brings
	// the file in order after the kill before.
	if round%5 == 4 {
		await(t, time.Duration(random.IntN(15_000))*time.Microsecond)
	} else {
		goal := kept.count() + 1 + random.IntN(100)
		require.Eventually(t, func() bool { return kept.count() >= goal }, time.Minute, 100*time.Microsecond)
	}
	c.Kill()
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("round %d: %w: %s", round, err, c.Stderr)
		}
	}
	return lost, nil
}

// await waits for a random moment.
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
	hits, err := c.Search(map[string]any{"query": word, "limit": 5})
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
