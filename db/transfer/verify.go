package transfer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"zapomni/memory"
)

// verify goes through what the destination holds of a workspace, and compares
// it with what was sent.
func (r *run) verify(ctx context.Context, p *parcel) error {
	if len(p.sums) == 0 {
		return nil
	}
	counts, err := r.to.Counts(ctx, p.workspace)
	if err != nil {
		return err
	}
	found, listed, last := make(map[memory.ID]bool, len(p.sums)), 0, -1
	for ids, err := range pages(ctx, r.to, p.workspace) {
		if err != nil {
			return err
		}
		listed += len(ids)
		sent := slices.DeleteFunc(ids, func(id memory.ID) bool { _, ours := p.sums[id]; return !ours })
		for _, id := range sent {
			if place := p.sums[id].place; place < last {
				r.report.Moved++
			} else {
				last = place
			}
			found[id] = true
		}
		if err := r.compare(ctx, p, sent); err != nil {
			return err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(p.sums)) {
		if !found[id] {
			r.fail(p.workspace, id, ErrMissing)
		}
	}
	if !agree(counts, listed, len(found), p) {
		r.fail(p.workspace, "", ErrCount)
	}
	return nil
}

// agree says whether the counts of the destination are those of what it holds.
// They were taken before it was listed: others may have added to it since.
func agree(c memory.Counts, listed, found int, p *parcel) bool {
	if listed == found { // it holds nothing else
		return c.Memories == found && (c.Chunks == p.chunks || found < len(p.sums))
	}
	return c.Memories >= found && c.Chunks >= p.chunks
}

// compare reads memories back that were put by this run.
func (r *run) compare(ctx context.Context, p *parcel, ids []memory.ID) error {
	for some := range slices.Chunk(ids, abreast) {
		errs := make([]error, len(some))
		var reading sync.WaitGroup
		for i, id := range some {
			if want := p.sums[id]; !want.compared {
				reading.Go(func() { errs[i] = r.compareOne(ctx, p.workspace, id, want.print) })
			}
		}
		reading.Wait()
		for i, err := range errs {
			switch {
			case err == nil:
				r.report.Verified++
			case final(err):
				return err
			case errors.Is(err, memory.ErrNotFound): // it was deleted since it was listed
				r.fail(p.workspace, some[i], ErrMissing)
			default:
				r.fail(p.workspace, some[i], err)
			}
			r.step(p.workspace, 1)
		}
	}
	return nil
}

func (r *run) compareOne(ctx context.Context, w memory.Workspace, id memory.ID, want Print) error {
	m, err := r.to.Get(ctx, w, id)
	if err != nil {
		return err
	}
	if !PrintOf(m).Same(want) {
		return ErrChanged
	}
	return nil
}

// lookAgain reports what has come into the source since it was copied.
func (r *run) lookAgain(ctx context.Context, sent []*parcel) error {
	infos, err := r.from.Workspaces(ctx)
	if err != nil {
		return fmt.Errorf("list the workspaces of the source again: %w", err)
	}
	for _, info := range infos {
		var seen map[memory.ID]bool
		if i := slices.IndexFunc(sent, func(p *parcel) bool { return p.workspace == info.ID }); i >= 0 {
			seen = sent[i].seen
		}
		for ids, err := range pages(ctx, r.from, info.ID) {
			if err != nil {
				return fmt.Errorf("list workspace %s of the source again: %w", info.ID, err)
			}
			for _, id := range ids {
				if !seen[id] {
					r.fail(info.ID, id, ErrLate)
				}
			}
		}
	}
	return nil
}
