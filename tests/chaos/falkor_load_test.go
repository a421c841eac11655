package chaos

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/db/falkor"
	"zapomni/memory"
)

// recovery is the longest that work may stand still once a fault is over.
const recovery = 5 * time.Second

// gone is what a memory may be, beside a text.
const gone = ""

// hand adds, reads, changes and deletes memories that no other hand touches,
// and remembers what the store said of it.
type hand struct {
	processor *memory.Processor
	workspace memory.Workspace
	number    int
	round     int
	random    *rand.Rand

	made    int
	ids     []memory.ID // of kept, in order
	kept    map[memory.ID]string
	perhaps map[memory.ID][]string // what may have become of the others
	wrong   error
}

// step does one thing. It returns an error if the store was unavailable.
func (h *hand) step(ctx context.Context) error {
	what := h.random.IntN(10)
	if len(h.ids) == 0 || what < 5 {
		return h.add(ctx)
	}
	i := h.random.IntN(len(h.ids))
	id := h.ids[i]
	switch {
	case what < 8:
		m, err := h.processor.Get(ctx, h.workspace, id)
		if err == nil && m.Text != h.kept[id] {
			err = fmt.Errorf("memory %s is %q and not %q", id, m.Text, h.kept[id])
		}
		return h.judge(err)
	case what == 8:
		return h.change(ctx, id, i)
	default:
		return h.delete(ctx, id, i)
	}
}

func (h *hand) next() memory.Draft {
	h.made++
	return memory.Draft{Workspace: h.workspace, Text: textOf(h.round, h.number, h.made).text}
}

func (h *hand) add(ctx context.Context) error {
	draft := h.next()
	m, err := h.processor.Add(ctx, draft)
	if err != nil {
		h.perhaps[m.ID] = []string{gone, draft.Text}
		return h.judge(err)
	}
	h.kept[m.ID] = draft.Text
	h.ids = append(h.ids, m.ID)
	return nil
}

func (h *hand) change(ctx context.Context, id memory.ID, i int) error {
	draft := h.next()
	_, err := h.processor.Update(ctx, id, draft)
	if err != nil {
		h.leave(id, i, draft.Text, h.kept[id])
		return h.judge(err)
	}
	h.kept[id] = draft.Text
	return nil
}

func (h *hand) delete(ctx context.Context, id memory.ID, i int) error {
	err := h.processor.Delete(ctx, h.workspace, id)
	if err != nil {
		h.leave(id, i, gone, h.kept[id])
		return h.judge(err)
	}
	h.leave(id, i, gone)
	return nil
}

// leave takes a memory from those that are kept to those that may be any of
// what is given.
func (h *hand) leave(id memory.ID, i int, may ...string) {
	h.perhaps[id] = may
	delete(h.kept, id)
	h.ids = slices.Delete(h.ids, i, i+1)
}

// judge remembers an error that no fault excuses.
func (h *hand) judge(err error) error {
	if err != nil && !errors.Is(err, memory.ErrUnavailable) {
		h.wrong = errors.Join(h.wrong, err)
	}
	return err
}

// load is hands at work on one store.
type load struct {
	t     *testing.T
	store *falkor.Store
	hands []*hand

	done, failed atomic.Int64
	stop         chan struct{}
	running      sync.WaitGroup
}

// startLoad lets n hands work until finish is called. What they do is decided
// by seed. The hands share the workspaces among them.
func startLoad(t *testing.T, store *falkor.Store, seed uint64, n int, workspaces ...memory.Workspace) *load {
	t.Helper()
	if len(workspaces) == 0 {
		workspaces = []memory.Workspace{memory.DefaultWorkspace}
	}
	l := &load{t: t, store: store, stop: make(chan struct{})}
	t.Cleanup(l.running.Wait) // also where the test ended early: its context has then
	processor := memory.New(store, memory.Defaults())
	for i := range n {
		h := &hand{
			processor: processor, workspace: workspaces[i%len(workspaces)], number: i, round: int(seed % 1000),
			random: rand.New(rand.NewPCG(seed, uint64(i))),
			kept:   make(map[memory.ID]string), perhaps: make(map[memory.ID][]string),
		}
		l.hands = append(l.hands, h)
		l.running.Go(func() { l.work(h) })
	}
	return l
}

func (l *load) work(h *hand) {
	for h.wrong == nil {
		select {
		case <-l.stop:
			return
		default:
		}
		err := h.step(l.t.Context())
		if err == nil {
			l.done.Add(1)
			continue
		}
		if l.failed.Add(1) <= 3 {
			l.t.Log("for one:", err)
		}
		// A server that is away is not asked again at once.
		select {
		case <-time.After(5 * time.Millisecond):
		case <-l.stop:
		}
	}
}

// awaitDone waits until n more steps went well, and returns how long it took.
func (l *load) awaitDone(n int64) time.Duration {
	l.t.Helper()
	began, goal := time.Now(), l.done.Load()+n
	require.Eventually(l.t, func() bool { return l.done.Load() >= goal }, time.Minute, time.Millisecond, "the store is of no use")
	return time.Since(began)
}

// requireRecovery waits until the work goes on.
func (l *load) requireRecovery() {
	l.t.Helper()
	took := l.awaitDone(int64(2 * len(l.hands)))
	l.t.Logf("the work went on within %v", took.Round(time.Millisecond))
	require.Less(l.t, took, recovery)
}

// finish ends the work, and checks that all that was acknowledged is there and
// nothing else is, but for what was not answered.
func (l *load) finish() {
	l.t.Helper()
	close(l.stop)
	l.running.Wait()
	lists := make(map[memory.Workspace]map[memory.ID]memory.Memory)
	acknowledged, open := 0, 0
	for _, h := range l.hands {
		require.NoError(l.t, h.wrong)
		there, ok := lists[h.workspace]
		if !ok {
			there = everything(l.t, l.store, h.workspace)
			lists[h.workspace] = there
		}
		h.requireKept(l.t, there)
		acknowledged, open = acknowledged+len(h.kept), open+len(h.perhaps)
	}
	for w, there := range lists {
		require.Empty(l.t, slices.Collect(maps.Keys(there)), "nobody has put these into %s", w)
	}
	l.requireFound()
	l.t.Logf("%d steps went well and %d did not; %d memories kept, %d deleted or unsure; %d queries, %d sent again",
		l.done.Load(), l.failed.Load(), acknowledged, open, l.store.Pool().TotalQueries, l.store.Pool().TotalRetries)
}

// requireKept takes what h has put out of there.
func (h *hand) requireKept(t *testing.T, there map[memory.ID]memory.Memory) {
	t.Helper()
	for id, text := range h.kept {
		m, ok := there[id]
		require.True(t, ok, "memory %s was acknowledged and is not there", id)
		require.Equal(t, text, m.Text)
		delete(there, id)
	}
	for id, may := range h.perhaps {
		m, ok := there[id]
		if !ok {
			require.Contains(t, may, gone, "memory %s was not deleted, and is not there", id)
			continue
		}
		require.Contains(t, may, m.Text, "memory %s", id)
		delete(there, id)
	}
}

// requireFound looks for some of what is kept by the word in it that no other
// memory has.
func (l *load) requireFound() {
	l.t.Helper()
	for _, h := range l.hands {
		for _, id := range h.ids[max(0, len(h.ids)-3):] {
			var round, number, made int
			_, err := fmt.Sscanf(h.kept[id], "Here begins quince%dx%dx%d.", &round, &number, &made)
			require.NoError(l.t, err)
			found, err := h.processor.Recall(l.t.Context(), memory.Question{
				Workspace: h.workspace, Text: fmt.Sprintf("quince%dx%dx%d", round, number, made), Limit: 5,
			})
			require.NoError(l.t, err)
			require.Len(l.t, found.Hits, 1)
			require.Equal(l.t, id, found.Hits[0].Memory)
		}
	}
}

// everything reads all memories of a workspace, each once, and checks that each
// is whole, and that the store counts them right.
func everything(t *testing.T, s *falkor.Store, w memory.Workspace) map[memory.ID]memory.Memory {
	t.Helper()
	all := make(map[memory.ID]memory.Memory)
	chunks := 0
	for after, more := memory.Cursor(""), true; more; {
		ids, next, err := s.List(t.Context(), w, after, 500)
		require.NoError(t, err)
		for _, id := range ids {
			require.NotContains(t, all, id, "it is there twice")
			m, err := s.Get(t.Context(), w, id)
			require.NoError(t, err)
			require.NotEmpty(t, m.Chunks)
			require.Equal(t, len(m.Text), m.Chunks[len(m.Chunks)-1].End, "its chunks reach to its end")
			all[id] = m
			chunks += len(m.Chunks)
		}
		after, more = next, next != ""
	}
	counts, err := s.Counts(t.Context(), w)
	require.NoError(t, err)
	require.Equal(t, len(all), counts.Memories, "memories counted")
	require.Equal(t, chunks, counts.Chunks, "chunks counted")
	return all
}
