package embedded

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

// childPath names the file that a copy of this program writes to instead of
// running tests; childPuts how many memories, without end if negative.
const (
	childPath = "ZAPOMNI_TEST_CHILD_PATH"
	childPuts = "ZAPOMNI_TEST_CHILD_PUTS"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childPath); path != "" {
		if err := child(path, os.Getenv(childPuts)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child waits for its input to end, opens the store, and puts memories from
// several callers at once. It prints the ID of each one that is acknowledged.
func child(path, puts string) error {
	n, err := strconv.Atoi(puts)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	ctx := context.Background()
	s, err := Open(ctx, configFor(path), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	const callers = 4
	errs := make(chan error, callers)
	for range callers {
		go func() {
			for i := 0; n < 0 || i < n/callers; i++ {
				m := said("")
				m.Text = "acknowledged " + key(m.ID)
				m.Chunks = []memory.Chunk{{Start: 0, End: len(m.Text)}}
				if err := s.Put(ctx, m); err != nil {
					errs <- err
					return
				}
				fmt.Println(m.ID)
			}
			errs <- nil
		}()
	}
	for range callers {
		if err := <-errs; err != nil {
			return err
		}
	}
	return s.Close()
}

// key is a word that stands in one memory only.
func key(id memory.ID) string { return "k" + strings.ReplaceAll(string(id), "-", "") + "k" }

type process struct {
	*exec.Cmd

	start  io.Closer // its input: it begins when that ends
	output *bufio.Scanner
}

func startChild(t *testing.T, path string, puts int) process {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childPath+"="+path, fmt.Sprint(childPuts, "=", puts))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	return process{cmd, in, bufio.NewScanner(out)}
}

// requireKept looks for each of ids, by ID and by words.
func requireKept(t *testing.T, path string, ids []memory.ID) {
	t.Helper()
	s := openAt(t, configFor(path))
	for _, id := range ids {
		got, err := s.Get(t.Context(), memory.DefaultWorkspace, id)
		require.NoError(t, err)
		require.Equal(t, "acknowledged "+key(id), got.Text)
		refs, err := s.Matching(t.Context(), memory.DefaultWorkspace, memory.TermQuery{Terms: s.analyzer.Terms(key(id))[:1]}, 9)
		require.NoError(t, err)
		require.Len(t, refs, 1)
	}
}

func TestEightProcessesStartAndWriteAtOnce(t *testing.T) {
	t.Parallel()
	const processes, puts = 8, 60
	for range 3 {
		path := filepath.Join(t.TempDir(), "fresh", "zapomni.db")
		var started []process
		for range processes {
			started = append(started, startChild(t, path, puts))
		}
		for _, p := range started {
			require.NoError(t, p.start.Close())
		}
		var ids []memory.ID
		for _, p := range started {
			for p.output.Scan() {
				ids = append(ids, memory.ID(p.output.Text()))
			}
			require.NoError(t, p.Wait(), "every one comes up")
		}
		require.Len(t, ids, processes*puts)
		requireKept(t, path, ids)
		requireSound(t, path, processes*puts)
	}
}

func TestKilledWriterLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "zapomni.db")
	random := rand.New(rand.NewPCG(1, 2))
	var ids []memory.ID
	for range 20 {
		p := startChild(t, path, -1)
		require.NoError(t, p.start.Close())
		for range 1 + random.IntN(300) {
			require.True(t, p.output.Scan(), "it writes until it is killed")
			ids = append(ids, memory.ID(p.output.Text()))
		}
		require.NoError(t, p.Process.Kill())
		for p.output.Scan() {
			// What it still said is acknowledged as well, but for a line cut short.
			if id := memory.ID(p.output.Text()); len(id) == len(ids[0]) {
				ids = append(ids, id)
			}
		}
		require.Error(t, p.Wait())
	}
	requireKept(t, path, ids)
	s := openAt(t, configFor(path))
	c, err := s.Counts(t.Context(), memory.DefaultWorkspace)
	require.NoError(t, err)
	require.GreaterOrEqual(t, c.Memories, len(ids))
	require.LessOrEqual(t, c.Memories, len(ids)+20*4, "no more than what was under way at each kill")
	requireSound(t, path, c.Memories)
}
