package memory

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"zapomni/memory/words"
)

const (
	// seeds is how many of the best memories are asked for the names in them.
	seeds = 6
	// mostHeaded is how many memories a name may head and still lead to them.
	mostHeaded = 5
)

// followNames goes from the question and the best memories to the memories
// headed by a name in them: one hop, as when a film's memory names its
// director and the question asks for his birthplace.
func (r *recall) followNames(ctx context.Context) error {
	by := r.namesInView()
	if len(by) == 0 {
		return nil
	}
	refs, err := r.store.Headed(ctx, r.workspace, slices.Sorted(maps.Keys(by)), mostHeaded)
	if err != nil {
		return fmt.Errorf("headed: %w", err)
	}
	if err := r.fetch(ctx, refs); err != nil {
		return err
	}
	for _, ref := range refs {
		c := r.chunks[ref]
		if c == nil {
			continue // gone meanwhile, or filtered out
		}
		m := r.memories[c.passage.Memory]
		for _, lead := range words.Leads(c.passage.Text) {
			if seed := by[lead]; seed != nil && seed != m {
				r.addLink(m, seed)
			}
		}
	}
	return nil
}

// namesInView collects the names in the best memories, each with the best
// memory that has it, and those in the question, with none.
func (r *recall) namesInView() map[words.Name]*found {
	by := make(map[words.Name]*found)
	for _, m := range r.ranked[:min(seeds, len(r.ranked))] {
		for _, c := range m.chunks {
			for _, n := range words.Names(c.passage.Text) {
				if by[n] == nil {
					by[n] = m
				}
			}
		}
	}
	for _, n := range r.query.Names {
		if by[n] == nil {
			by[n] = nil // looked for all the same
		}
	}
	return by
}

// addLink adds to m what it is worth that by names it, if that is more than
// another hit adds.
func (r *recall) addLink(m, by *found) {
	matches := min(1, m.own/r.ranked[0].own)
	worth := r.weigh.link * by.own * (1 - r.weigh.linkOwn + r.weigh.linkOwn*matches)
	worth = min(worth, r.weigh.linkCap*by.own-m.own)
	if worth > m.link {
		m.link, m.by = worth, by
	}
}
