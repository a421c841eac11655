package memory_test

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"testing"

	"zapomni/memory"
	"zapomni/memory/words"
)

// shelf is a store in a few maps, for one goroutine. It looks at every chunk
// for every question.
type shelf struct {
	memory.Lister // nil: nothing here goes through all memories

	memories   map[memory.ID]memory.Memory
	workspaces []memory.WorkspaceInfo
	passages   []memory.Passage // in the order of recording; deleted ones have no ID
	places     []memory.Workspace
	recorded   int64
	vectors    map[memory.Ref][]float32
	model      string // that made them
	fail       error  // what Put and Passages answer, if anything
}

func newShelf() *shelf {
	return &shelf{
		memories:   make(map[memory.ID]memory.Memory),
		vectors:    make(map[memory.Ref][]float32),
		workspaces: []memory.WorkspaceInfo{{ID: memory.DefaultWorkspace, Name: memory.DefaultWorkspaceName}},
	}
}

func newProcessor(t *testing.T) (*memory.Processor, *shelf) {
	t.Helper()
	s := newShelf()
	return memory.New(s, memory.Defaults()), s
}

func (s *shelf) Put(ctx context.Context, m memory.Memory) error {
	if err := cmp.Or(s.fail, ctx.Err()); err != nil {
		return err
	}
	if _, err := s.Workspace(ctx, m.Workspace); err != nil {
		return err
	}
	s.forget(m.ID)
	s.memories[m.ID] = m
	s.recorded++
	for i, c := range m.Chunks {
		s.passages = append(s.passages, memory.Passage{
			Ref: memory.Ref(strconv.Itoa(len(s.passages))), Memory: m.ID, Index: i, Chunks: len(m.Chunks), Text: m.Text[c.Start:c.End],
			Order: s.recorded, CreatedAt: m.CreatedAt, ValidFrom: m.ValidFrom, Tags: m.Tags, Source: m.Source,
		})
		s.places = append(s.places, m.Workspace)
	}
	return nil
}

func (s *shelf) forget(id memory.ID) {
	delete(s.memories, id)
	for i := range s.passages {
		if s.passages[i].Memory == id {
			s.passages[i].Memory, s.places[i] = "", ""
		}
	}
}

func (s *shelf) Get(_ context.Context, w memory.Workspace, id memory.ID) (memory.Memory, error) {
	if m, ok := s.memories[id]; ok && m.Workspace == w {
		return m, nil
	}
	return memory.Memory{}, memory.ErrNotFound
}

func (s *shelf) Delete(ctx context.Context, w memory.Workspace, id memory.ID) error {
	if _, err := s.Get(ctx, w, id); err != nil {
		return err
	}
	s.forget(id)
	return nil
}

func (s *shelf) Clear(context.Context) error {
	*s = *newShelf()
	return nil
}

func (s *shelf) in(w memory.Workspace) []memory.Passage {
	var all []memory.Passage
	for i, p := range s.passages {
		if s.places[i] == w && p.Memory != "" {
			all = append(all, p)
		}
	}
	return all
}

func held(p memory.Passage, terms []string) int {
	index, n := new(words.Analyzer).Terms(p.Text), 0
	for _, t := range terms {
		if slices.Contains(index, t) {
			n++
		}
	}
	return n
}

func (s *shelf) Matching(_ context.Context, w memory.Workspace, q memory.TermQuery, k int) ([]memory.Ref, error) {
	var refs []memory.Ref
	for _, p := range s.in(w) {
		if held(p, q.Terms) > 0 {
			refs = append(refs, p.Ref)
		}
	}
	return refs[:min(k, len(refs))], nil
}

func (s *shelf) Frequencies(_ context.Context, w memory.Workspace, terms []string) (memory.Frequencies, error) {
	all := s.in(w)
	f := memory.Frequencies{Chunks: len(all), With: make([]int, len(terms))}
	for i := range terms {
		for _, p := range all {
			f.With[i] += held(p, terms[i:i+1])
		}
	}
	return f, nil
}

func (s *shelf) Headed(_ context.Context, w memory.Workspace, names []words.Name, most int) ([]memory.Ref, error) {
	var refs []memory.Ref
	for _, n := range names {
		var led []memory.Ref
		for _, p := range s.in(w) {
			if p.Index == 0 && slices.Contains(words.Leads(p.Text), n) {
				led = append(led, p.Ref)
			}
		}
		if len(led) <= most {
			refs = append(refs, led...)
		}
	}
	return refs, nil
}

func (s *shelf) Passages(_ context.Context, w memory.Workspace, refs []memory.Ref) ([]memory.Passage, error) {
	if s.fail != nil {
		return nil, s.fail
	}
	var some []memory.Passage
	for _, p := range s.in(w) {
		if slices.Contains(refs, p.Ref) {
			some = append(some, p)
		}
	}
	return some, nil
}

func (s *shelf) Around(_ context.Context, w memory.Workspace, ids []memory.ID, n int) ([]memory.Neighbor, error) {
	firsts := slices.DeleteFunc(s.in(w), func(p memory.Passage) bool { return p.Index > 0 })
	slices.SortFunc(firsts, func(a, b memory.Passage) int {
		return cmp.Or(a.ValidFrom.Compare(b.ValidFrom), cmp.Compare(a.Order, b.Order))
	})
	var all []memory.Neighbor
	for i, p := range firsts {
		if !slices.Contains(ids, p.Memory) {
			continue
		}
		for j := max(0, i-n); j <= min(len(firsts)-1, i+n); j++ {
			if j != i {
				all = append(all, memory.Neighbor{Of: p.Memory, Offset: j - i, Memory: firsts[j].Memory, First: firsts[j].Ref})
			}
		}
	}
	return all, nil
}

func (s *shelf) AddWorkspace(ctx context.Context, info memory.WorkspaceInfo) error {
	if _, err := s.Workspace(ctx, info.ID); err == nil {
		return memory.ErrConflict
	}
	s.workspaces = append(s.workspaces, info)
	return nil
}

func (s *shelf) Workspace(_ context.Context, w memory.Workspace) (memory.WorkspaceInfo, error) {
	for _, info := range s.workspaces {
		if info.ID == w {
			return info, nil
		}
	}
	return memory.WorkspaceInfo{}, memory.ErrNoWorkspace
}

func (s *shelf) Workspaces(context.Context) ([]memory.WorkspaceInfo, error) { return s.workspaces, nil }

func (s *shelf) DeleteWorkspace(ctx context.Context, w memory.Workspace) error {
	if _, err := s.Workspace(ctx, w); err != nil {
		return err
	}
	s.workspaces = slices.DeleteFunc(s.workspaces, func(i memory.WorkspaceInfo) bool { return i.ID == w })
	return nil
}

func (s *shelf) Counts(_ context.Context, w memory.Workspace) (memory.Counts, error) {
	c := memory.Counts{Chunks: len(s.in(w))}
	for _, m := range s.memories {
		if m.Workspace == w {
			c.Memories++
		}
	}
	return c, nil
}

func (s *shelf) Size(context.Context) (int64, error) { return int64(len(s.passages)), nil }
func (s *shelf) Ping(context.Context) error          { return nil }
func (s *shelf) Close() error                        { return nil }
