package transfer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"zapomni/memory"
)

// abreast is how many memories are read at a time. Each may be large.
const abreast = 8

// parcel is what the destination should hold of a workspace.
type parcel struct {
	workspace memory.Workspace
	sums      map[memory.ID]expected
	chunks    int
	seen      map[memory.ID]bool // in the source, whatever came of it
}

// expected is a memory that should arrive.
type expected struct {
	print    Print
	place    int  // among those of the source
	compared bool // it was there, and found to be the same
}

func (p *parcel) expect(m pair, compared bool) {
	p.sums[m.id] = expected{print: m.print, place: len(p.sums), compared: compared}
	p.chunks += len(m.memory.Chunks)
}

// copy copies one workspace.
func (r *run) copy(ctx context.Context, info memory.WorkspaceInfo) (*parcel, error) {
	p := &parcel{workspace: info.ID, sums: map[memory.ID]expected{}, seen: map[memory.ID]bool{}}
	if err := info.ID.Check(); err != nil {
		return p, r.refuse(ctx, p, err)
	}
	if err := r.prepare(ctx, info); err != nil {
		return p, err
	}
	r.step(info.ID, 0)
	for ids, err := range pages(ctx, r.from, info.ID) {
		if err != nil {
			return p, err
		}
		for some := range slices.Chunk(ids, abreast) {
			for _, m := range r.fetch(ctx, info.ID, some) {
				if err := r.settle(ctx, p, m); err != nil {
					return p, err
				}
				p.seen[m.id] = true
				r.step(info.ID, 1)
			}
		}
	}
	return p, nil
}

// refuse reports all memories of a workspace that this program cannot name.
func (r *run) refuse(ctx context.Context, p *parcel, cause error) error {
	for ids, err := range pages(ctx, r.from, p.workspace) {
		if err != nil {
			return err
		}
		for _, id := range ids {
			r.fail(p.workspace, id, cause)
			p.seen[id] = true
		}
		r.step(p.workspace, len(ids))
	}
	return nil
}

// prepare makes a workspace in the destination, unless it is there.
func (r *run) prepare(ctx context.Context, info memory.WorkspaceInfo) error {
	there, err := r.to.Workspace(ctx, info.ID)
	if errors.Is(err, memory.ErrNoWorkspace) {
		if err = r.to.AddWorkspace(ctx, info); err == nil {
			r.report.Created++
			return nil
		}
		if errors.Is(err, memory.ErrConflict) { // someone else was faster
			there, err = r.to.Workspace(ctx, info.ID)
		}
		if errors.Is(err, memory.ErrNoWorkspace) {
			return fmt.Errorf("%w: someone is making it in the destination, or was cut off at it: try again in a minute", memory.ErrUnavailable)
		}
	}
	if err != nil {
		return err
	}
	// The default one was made with the destination, and describes itself.
	if info.ID != memory.DefaultWorkspace && !same(info, there) {
		r.report.Described = append(r.report.Described, info.ID)
	}
	return nil
}

func same(a, b memory.WorkspaceInfo) bool {
	return a.Name == b.Name && a.Description == b.Description && a.CreatedAt.UnixMicro() == b.CreatedAt.UnixMicro()
}

// pair is a memory of the source, and what the destination holds under its ID.
type pair struct {
	id     memory.ID
	memory memory.Memory
	print  Print
	err    error // why there is no memory

	there    bool
	old      Print
	thereErr error // why that is not known
}

// fetch reads some memories from both sides, in their order.
func (r *run) fetch(ctx context.Context, w memory.Workspace, ids []memory.ID) []pair {
	pairs := make([]pair, len(ids))
	var reading sync.WaitGroup
	for i, id := range ids {
		reading.Go(func() { pairs[i] = r.fetchOne(ctx, w, id) })
	}
	reading.Wait()
	return pairs
}

func (r *run) fetchOne(ctx context.Context, w memory.Workspace, id memory.ID) pair {
	p := pair{id: id}
	if p.memory, p.err = r.from.Get(ctx, w, id); p.err != nil {
		return p
	}
	p.print = PrintOf(p.memory)
	old, err := r.to.Get(ctx, w, id)
	switch {
	case err == nil:
		p.there, p.old = true, PrintOf(old)
	case !errors.Is(err, memory.ErrNotFound):
		p.thereErr = fmt.Errorf("in the destination: %w", err)
	}
	return p
}

// settle brings one memory to where it belongs.
func (r *run) settle(ctx context.Context, p *parcel, m pair) error {
	unread := cmp.Or(m.err, m.thereErr)
	switch {
	case errors.Is(m.err, memory.ErrNotFound):
		r.report.Gone++
	case unread != nil:
		if final(unread) {
			return unread
		}
		r.fail(p.workspace, m.id, unread)
	case m.there && m.old.Same(m.print):
		r.report.Skipped++
		p.expect(m, true)
	case m.there && !r.Overwrite:
		r.conflict(p, m, ErrDiffers)
	default:
		return r.put(ctx, p, m)
	}
	return nil
}

func (r *run) put(ctx context.Context, p *parcel, m pair) error {
	err := r.to.Put(ctx, m.memory)
	switch {
	case err == nil:
	case final(err):
		return err
	case errors.Is(err, memory.ErrConflict):
		r.conflict(p, m, err)
		return nil
	default:
		r.fail(p.workspace, m.id, err)
		return nil
	}
	if m.there {
		r.report.Replaced++
	} else {
		r.report.Copied++
	}
	r.report.Chunks += len(m.memory.Chunks)
	p.expect(m, false)
	return nil
}

func (r *run) conflict(p *parcel, m pair, err error) {
	r.report.Conflicts = append(r.report.Conflicts, Problem{p.workspace, m.id, err})
}
