package memory

import (
	"context"
	"fmt"

	"zapomni/memory/words"
)

const (
	// seeds is how many of the best memories are asked for the names in them.
	seeds = 6
	// mostLed is how many chunks a name may head and still lead to them: a
	// name that heads more tells none of them apart.
	mostLed = 5
	// mostLinks is how many chunks names lead to at most.
	mostLinks = 100
)

// link is a name that leads from one memory to another.
type link struct {
	name words.Name
	by   *found // nil when the question itself has the name
}

// followNames goes from the question and the best memories to the memories
// headed by a name in them: one hop, as when a film's memory names its
// director and the question asks for his birthplace.
func (r *recall) followNames(ctx context.Context) error {
	links := r.links()
	refs, err := r.led(ctx, links)
	if err != nil || len(refs) == 0 {
		return err
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
		for _, lead := range c.doc.Leads {
			if l, ok := links[lead.Hash]; ok && l.by != nil && l.by != m {
				r.addLink(m, l.by)
			}
		}
	}
	return nil
}

// links collects the names in the question and in the seeds, the best first.
func (r *recall) links() map[words.Hash]link {
	links := make(map[words.Hash]link)
	for _, m := range r.ranked[:min(seeds, len(r.ranked))] {
		for _, c := range m.chunks {
			for _, n := range c.doc.Names {
				if _, ok := links[n.Hash]; !ok {
					links[n.Hash] = link{name: n, by: m}
				}
			}
		}
	}
	for _, n := range r.query.Names {
		if _, ok := links[n.Hash]; !ok {
			links[n.Hash] = link{name: n}
		}
	}
	return links
}

// led returns the chunks that the rarer ones of links lead to.
func (r *recall) led(ctx context.Context, links map[words.Hash]link) ([]Ref, error) {
	if len(links) == 0 {
		return nil, nil
	}
	terms := make([]string, 0, len(links))
	for _, l := range links {
		terms = append(terms, l.name.LeadTerm())
	}
	f, err := r.store.Frequencies(ctx, r.workspace, terms)
	if err != nil {
		return nil, fmt.Errorf("frequencies of names: %w", err)
	}
	rare := terms[:0]
	for i, t := range terms {
		if 0 < f.With[i] && f.With[i] <= mostLed {
			rare = append(rare, t)
		}
	}
	if len(rare) == 0 {
		return nil, nil
	}
	refs, err := r.store.Matching(ctx, r.workspace, TermQuery{Terms: rare, Filter: r.filter}, mostLinks)
	if err != nil {
		return nil, fmt.Errorf("matching names: %w", err)
	}
	return refs, nil
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
