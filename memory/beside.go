package memory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"zapomni/memory/words"
)

const (
	// besideReach is how many places before and after a memory are shown.
	besideReach = 3
	// mayName is how many memories are read for a name, and mostNaming how
	// many of those that have it are shown.
	mayName    = 40
	mostNaming = 12
)

// Beside is a memory that stands beside another one, and why.
type Beside struct {
	ID    ID
	Title string // as in a Card
	// Kind is BecauseLink for what the other one names, BecauseName for what
	// names it, BecauseNeighbor for what comes before or after it in time.
	Kind string
	What string // the name; empty for a neighbor
	// Offset counts the places to a neighbor, negative before; else 0.
	Offset int
}

// Beside returns what stands around a memory, each memory once: what it names,
// what names it, then its neighbors in the order of time.
func (p *Processor) Beside(ctx context.Context, m Memory) ([]Beside, error) {
	var all []Beside
	for _, find := range []func(context.Context, Memory) ([]Beside, error){p.named, p.naming, p.inTime} {
		found, err := find(ctx, m)
		if err != nil {
			return nil, fmt.Errorf("beside memory %s: %w", m.ID, err)
		}
		for _, b := range found {
			known := func(other Beside) bool { return other.ID == b.ID }
			if b.ID != m.ID && !slices.ContainsFunc(all, known) {
				all = append(all, b)
			}
		}
	}
	return all, nil
}

// named finds the memories that are headed by a name in m.
func (p *Processor) named(ctx context.Context, m Memory) ([]Beside, error) {
	names := words.Names(beginning(m.Text, namedIn))
	if len(names) == 0 {
		return nil, nil
	}
	refs, err := p.store.Headed(ctx, m.Workspace, names, mostHeaded)
	if err != nil {
		return nil, fmt.Errorf("headed: %w", err)
	}
	return p.besides(ctx, m.Workspace, refs, len(refs), func(passage Passage) Beside {
		for _, lead := range words.Leads(passage.Text) {
			if slices.Contains(names, lead) {
				return Beside{Kind: BecauseLink, What: lead.String()}
			}
		}
		return Beside{}
	})
}

// naming finds memories that name what m is headed by.
func (p *Processor) naming(ctx context.Context, m Memory) ([]Beside, error) {
	var all []Beside
	for _, lead := range words.Leads(beginning(m.Text, namedIn)) {
		refs, err := p.store.Matching(ctx, m.Workspace, TermQuery{Terms: p.analyzer.Terms(lead.String())}, mayName)
		if err != nil {
			return nil, fmt.Errorf("matching: %w", err)
		}
		found, err := p.besides(ctx, m.Workspace, refs, mostNaming, func(passage Passage) Beside {
			if slices.Contains(words.Leads(passage.Text), lead) || !slices.Contains(words.Names(passage.Text), lead) {
				return Beside{}
			}
			return Beside{Kind: BecauseName, What: lead.String()}
		})
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// inTime finds the neighbors of m.
func (p *Processor) inTime(ctx context.Context, m Memory) ([]Beside, error) {
	neighbors, err := p.store.Around(ctx, m.Workspace, []ID{m.ID}, besideReach)
	if err != nil {
		return nil, fmt.Errorf("around: %w", err)
	}
	refs := make([]Ref, len(neighbors))
	offsets := make(map[ID]int, len(neighbors))
	for i, n := range neighbors {
		refs[i], offsets[n.Memory] = n.First, n.Offset
	}
	found, err := p.besides(ctx, m.Workspace, refs, len(refs), func(passage Passage) Beside {
		return Beside{Kind: BecauseNeighbor, Offset: offsets[passage.Memory]}
	})
	slices.SortFunc(found, func(a, b Beside) int { return cmp.Compare(a.Offset, b.Offset) })
	return found, err
}

// besides shows the memories that refs lead to and why gives a Kind, in the
// order of time, each once and the first most of them.
func (p *Processor) besides(ctx context.Context, w Workspace, refs []Ref, most int, why func(Passage) Beside) ([]Beside, error) {
	if len(refs) == 0 {
		return nil, nil
	}
	passages, err := p.store.Passages(ctx, w, refs)
	if err != nil {
		return nil, fmt.Errorf("passages: %w", err)
	}
	slices.SortFunc(passages, func(a, b Passage) int {
		return cmp.Or(a.ValidFrom.Compare(b.ValidFrom), cmp.Compare(a.Order, b.Order), cmp.Compare(a.Index, b.Index))
	})
	var found []Beside
	for _, passage := range passages {
		known := len(found) > 0 && found[len(found)-1].ID == passage.Memory
		b := why(passage)
		if known || b.Kind == "" {
			continue
		}
		if len(found) == most {
			break
		}
		b.ID = passage.Memory
		if b.Title, err = p.titleOf(ctx, w, passage); err != nil {
			return nil, err
		}
		found = append(found, b)
	}
	return found, nil
}

// titleOf returns the title of the memory that a passage is of.
func (p *Processor) titleOf(ctx context.Context, w Workspace, passage Passage) (string, error) {
	if passage.Index == 0 {
		return titleFor(passage.Text), nil
	}
	m, err := p.store.Get(ctx, w, passage.Memory)
	if errors.Is(err, ErrNotFound) {
		return titleFor(passage.Text), nil // it is gone meanwhile
	}
	if err != nil {
		return "", fmt.Errorf("get memory %s: %w", passage.Memory, err)
	}
	return titleFor(m.Text), nil
}
