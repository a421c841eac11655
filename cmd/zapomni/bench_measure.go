package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"zapomni/cmd/zapomni/retrieval"
	"zapomni/memory"
)

// benchmark is what was measured on one set.
type benchmark struct {
	retrieval.Measures

	spaces   []memory.Workspace
	model    string // that made the vectors; empty if there are none
	chunks   int
	embedded int           // of those
	adding   time.Duration // of all documents
	making   time.Duration // of their vectors
	asking   []time.Duration
	lacking  int    // questions in which meaning had no part, or not its full part,
	lacks    string // and why, of the first of them
}

// within returns the time in which so many of 100 questions were answered.
func (m *benchmark) within(percent float64) time.Duration {
	sorted := slices.Sorted(slices.Values(m.asking))
	return sorted[int(math.Ceil(percent/100*float64(len(sorted))))-1]
}

// missing is how many chunks have no vector though they should.
func (m *benchmark) missing() int {
	if m.model == "" {
		return 0
	}
	return m.chunks - m.embedded
}

// measuring is a set being measured.
type measuring struct {
	*bench
	set    *retrieval.Set
	rooms  rooms
	spaces map[string]memory.Workspace // by their names in the set
	done   benchmark

	mu    sync.Mutex
	names map[memory.ID]string // of the documents in the set
}

// measure keeps the documents of a set, asks its questions, and forgets all.
func (b *bench) measure(ctx context.Context, set *retrieval.Set) (done *benchmark, err error) {
	names := set.Workspaces()
	place, err := newBenchPlace(b.config, len(names), b.log)
	if err != nil {
		return nil, err
	}
	r, err := open(ctx, place.config, b.log)
	if err != nil {
		_ = place.remove(ctx) // that it could not be opened is the error to tell
		return nil, err
	}
	defer func() { err = errors.Join(err, r.close(), place.remove(ctx)) }()
	m := &measuring{bench: b, set: set, rooms: r, spaces: make(map[string]memory.Workspace), names: make(map[memory.ID]string)}
	for i, name := range names {
		m.spaces[name] = benchWorkspace(i)
		m.done.spaces = append(m.done.spaces, benchWorkspace(i))
		// One that is made is made to its end, so that it can be removed.
		_, err := r.memory.CreateWorkspace(context.WithoutCancel(ctx), memory.WorkspaceInfo{ID: benchWorkspace(i), Name: cmp.Or(name, set.Name)})
		if err := errors.Join(err, ctx.Err()); err != nil {
			return nil, err
		}
	}
	for _, step := range []func(context.Context) error{m.add, m.embed, m.ask} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return &m.done, nil
}

// step shows how far a step is that goes over n of something.
func (m *measuring) step(what string, n int) *progressbar.ProgressBar {
	return m.bar(printable(m.set.Name, false)+": "+what, n)
}

// mostAdding is how many documents are on their way into the store at once.
const mostAdding = 8

// add keeps the documents of several workspaces at once. Those of one are kept
// one after the other: their order says what stands beside what, and decides
// between equals.
func (m *measuring) add(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	bar := m.step("adding", len(m.set.Documents))
	defer func() { _ = bar.Clear() }()
	queues := make(map[memory.Workspace][]retrieval.Document)
	for _, d := range m.set.Documents {
		w := m.spaces[d.Meta.Workspace]
		queues[w] = append(queues[w], d)
	}
	began := time.Now()
	var adding sync.WaitGroup
	turns := make(chan struct{}, mostAdding)
	for w, queue := range queues {
		adding.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			for _, d := range queue {
				if err := m.addOne(ctx, w, d); err != nil {
					cancel(err) // the first one counts
					return
				}
				_ = bar.Add(1)
			}
		})
	}
	adding.Wait()
	m.done.adding = time.Since(began)
	return context.Cause(ctx)
}

func (m *measuring) addOne(ctx context.Context, w memory.Workspace, d retrieval.Document) error {
	text, metadata := d.Told()
	kept, err := m.rooms.memory.Add(ctx, memory.Draft{Workspace: w, Text: text, Metadata: metadata})
	if err != nil {
		return fmt.Errorf("add document %q: %w", d.ID, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.names[kept.ID] = d.ID
	return nil
}

// embed makes the vectors, if they are asked for.
func (m *measuring) embed(ctx context.Context) error {
	chunks, _, err := m.vectors(ctx)
	m.done.chunks = chunks
	if err != nil || m.rooms.embedder == nil || memory.Mode(m.mode) == memory.ByWords {
		return err
	}
	m.done.model = m.rooms.embedder.Model()
	bar := m.step("embedding", chunks)
	defer func() { _ = bar.Clear() }()
	began := time.Now()
	for _, w := range m.done.spaces {
		if err := m.rooms.memory.Embed(ctx, w, func(n int) { _ = bar.Add(n) }); err != nil {
			return err
		}
	}
	m.done.making = time.Since(began)
	_, m.done.embedded, err = m.vectors(ctx)
	return err
}

// vectors counts chunks, and those that have a vector.
func (m *measuring) vectors(ctx context.Context) (chunks, embedded int, err error) {
	for _, w := range m.done.spaces {
		e, err := m.rooms.memory.Embedding(ctx, w)
		if err != nil {
			return 0, 0, err
		}
		chunks, embedded = chunks+e.Chunks, embedded+e.Embedded
	}
	return chunks, embedded, nil
}

// ask asks the questions, one after the other.
func (m *measuring) ask(ctx context.Context) error {
	bar := m.step("asking", len(m.set.Questions))
	defer func() { _ = bar.Clear() }()
	for _, q := range m.set.Questions {
		asked := memory.Question{
			// In a workspace without documents, nothing is found: the default one has none.
			Workspace: m.spaces[q.Meta.Workspace],
			Text:      q.Text, Limit: m.limit, Mode: memory.Mode(m.mode),
		}
		began := time.Now()
		found, err := m.rooms.memory.Recall(ctx, asked)
		if err != nil {
			return fmt.Errorf("question %q: %w", q.ID, err)
		}
		m.done.asking = append(m.done.asking, time.Since(began))
		if found.Lacks != "" {
			m.done.lacking++
			m.done.lacks = cmp.Or(m.done.lacks, found.Lacks)
		}
		ids := make([]string, len(found.Hits))
		for i, h := range found.Hits {
			ids[i] = m.names[h.Memory]
		}
		m.done.Add(ids, q.Answers)
		_ = bar.Add(1)
	}
	return nil
}
