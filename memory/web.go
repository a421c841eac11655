package memory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"zapomni/memory/words"
)

// MaxWeb is how many memories a Web shows at most.
const MaxWeb = 10_000

// The kinds of Hub.
const (
	HubTag    = "tag"
	HubSource = "source"
)

const (
	// mostHubs is how many tags and sources a web shows.
	mostHubs = 200
	// tellsApart is how many memories there must be before a hub that most of
	// them share is left out, as it tells none of them apart.
	tellsApart = 12
	// mostLinks is how many others a memory is tied to for naming them.
	mostLinks = 8
)

// Web shows the memories of a workspace and what ties them to each other: the
// names, neighbors, tags and sources that Recall goes by.
type Web struct {
	// All is how many memories the workspace holds. If Cards are fewer, they
	// are a sample, spread evenly over the order of recording.
	All   int
	Cards []Card
	Hubs  []Hub
	Ties  []Tie
}

// Hub is a tag or a source that several memories share.
type Hub struct {
	Kind  string // HubTag or HubSource
	Label string
	Cards int // how many share it
}

// Tie joins two memories, or a memory and a hub.
type Tie struct {
	// From and To are indexes of Cards; To goes on behind them, into Hubs,
	// where Kind is HubTag or HubSource.
	From, To int
	// Kind is BecauseLink where From names what heads To, BecauseNeighbor
	// where To was said right after From, HubTag or HubSource.
	Kind string
	What string // the name; may be empty
}

// Web returns the web of a workspace, of at most limit memories. A workspace
// that does not exist is like an empty one.
func (p *Processor) Web(ctx context.Context, w Workspace, limit int) (Web, error) {
	if limit < 1 || limit > MaxWeb {
		return Web{}, &FieldError{Field: "limit", Why: fmt.Sprintf("limit must be between 1 and %d, got %d", MaxWeb, limit)}
	}
	w = w.orDefault()
	ids, err := p.allIDs(ctx, w)
	if err != nil {
		return Web{}, fmt.Errorf("web of workspace %s: %w", w, err)
	}
	seen, err := look(ctx, p.store, w, sample(ids, limit), p.glance)
	if err != nil {
		return Web{}, fmt.Errorf("web of workspace %s: %w", w, err)
	}
	web := Web{All: len(ids), Cards: make([]Card, len(seen))}
	for i, g := range seen {
		web.Cards[i] = g.Card
	}
	web.Ties = append(linkTies(seen), lineTies(web.Cards)...)
	web.addHubs()
	return web, nil
}

// glance is a memory with the names that tie it to others.
type glance struct {
	Card

	leads, names []words.Name
}

func (p *Processor) glance(m Memory) glance {
	text := beginning(m.Text, namedIn)
	return glance{Card: p.card(m), leads: apart(words.Leads(text)), names: apart(words.Names(text))}
}

// apart copies names out of the text that they may be parts of: it must not
// stay in memory with them.
func apart(names []words.Name) []words.Name {
	for i, n := range names {
		names[i] = words.Name(strings.Clone(string(n)))
	}
	return names
}

// sample takes n of ids, evenly spread and in their order.
func sample(ids []ID, n int) []ID {
	if len(ids) <= n {
		return ids
	}
	some := make([]ID, n)
	for i := range some {
		some[i] = ids[i*len(ids)/n]
	}
	return some
}

// linkTies ties memories to those that are headed by a name in them, as
// followNames does.
func linkTies(seen []glance) []Tie {
	headed := make(map[words.Name][]int)
	for i, g := range seen {
		for _, lead := range g.leads {
			headed[lead] = append(headed[lead], i)
		}
	}
	var ties []Tie
	for from, g := range seen {
		count := 0
		for _, name := range g.names {
			to := headed[name]
			if len(to) > mostHeaded || slices.Contains(to, from) {
				continue
			}
			for _, to := range to {
				if count++; count <= mostLinks {
					ties = append(ties, Tie{From: from, To: to, Kind: BecauseLink, What: name.String()})
				}
			}
		}
	}
	return ties
}

// lineTies ties each line of a conversation to the next of its session, as
// lookAround does.
func lineTies(cards []Card) []Tie {
	order := make([]int, 0, len(cards))
	for i, c := range cards {
		if c.Kind == KindLine {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cards[a].ValidFrom.Compare(cards[b].ValidFrom) })
	var ties []Tie
	for i := 1; i < len(order); i++ {
		from, to := order[i-1], order[i]
		if cards[to].ValidFrom.Sub(cards[from].ValidFrom) < pause {
			ties = append(ties, Tie{From: from, To: to, Kind: BecauseNeighbor})
		}
	}
	return ties
}

// addHubs adds the tags and sources that tell memories apart, the most shared
// first, and ties the memories to them.
func (w *Web) addHubs() {
	members := make(map[Hub][]int)
	add := func(kind, label string, card int) {
		h := Hub{Kind: kind, Label: label}
		if cards := members[h]; label != "" && (len(cards) == 0 || cards[len(cards)-1] != card) {
			members[h] = append(cards, card)
		}
	}
	for i, c := range w.Cards {
		add(HubSource, c.Source, i)
		for _, tag := range c.Tags {
			add(HubTag, tag, i)
		}
	}
	for h, cards := range members {
		if len(cards) > 1 && (len(w.Cards) < tellsApart || len(cards) <= len(w.Cards)/2) {
			w.Hubs = append(w.Hubs, Hub{Kind: h.Kind, Label: h.Label, Cards: len(cards)})
		}
	}
	slices.SortFunc(w.Hubs, func(a, b Hub) int {
		return cmp.Or(cmp.Compare(b.Cards, a.Cards), cmp.Compare(a.Label, b.Label), cmp.Compare(a.Kind, b.Kind))
	})
	w.Hubs = w.Hubs[:min(mostHubs, len(w.Hubs))]
	for i, h := range w.Hubs {
		for _, from := range members[Hub{Kind: h.Kind, Label: h.Label}] {
			w.Ties = append(w.Ties, Tie{From: from, To: len(w.Cards) + i, Kind: h.Kind})
		}
	}
}
