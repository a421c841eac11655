package server

import (
	"context"
	"fmt"
	"net/http"

	"github.com/google/uuid"

	"zapomni/memory"
)

// Bounds of /api/graph, in pairs of a memory and a chunk.
const (
	graphPairs = 100
	mostPairs  = memory.MaxWeb
	graphPage  = 200
)

// graphOut is the graph of memories and their chunks.
type graphOut struct {
	Nodes     []nodeOut        `json:"nodes"`
	Edges     []edgeOut        `json:"edges"`
	Workspace memory.Workspace `json:"workspace"`
}

type nodeOut struct {
	ID    string `json:"id"`
	Label string `json:"label"`
	Type  string `json:"type"`
}

type edgeOut struct {
	ID     string `json:"id"`
	Source string `json:"source"`
	Target string `json:"target"`
	Type   string `json:"type"`
}

// graphFailure is an empty graph that says why. Clients know no other status
// for a store that fails.
func graphFailure(status int, text string) (int, any) {
	if status >= http.StatusInternalServerError {
		status = http.StatusInternalServerError
	}
	return status, struct {
		Nodes []nodeOut `json:"nodes"`
		Edges []edgeOut `json:"edges"`
		Error string    `json:"error"`
	}{[]nodeOut{}, []edgeOut{}, text}
}

// graph shows memories and their chunks, in the order of recording.
func (a *api) graph(ctx context.Context, q query) (any, error) {
	pairs, err := q.number("limit", graphPairs, 1, mostPairs)
	if err != nil {
		return nil, err
	}
	defer a.enter(ctx)()
	g := graphOut{Nodes: []nodeOut{}, Edges: []edgeOut{}, Workspace: q.workspace()}
	for after := memory.Cursor(""); ; {
		cards, next, err := a.memory.Browse(ctx, g.Workspace, after, min(graphPage, pairs))
		if err != nil {
			return nil, err
		}
		for _, c := range cards {
			if len(g.Edges) < pairs {
				g.add(c, pairs)
			}
		}
		if after = next; next == "" || len(g.Edges) >= pairs {
			return g, nil
		}
	}
}

func (g *graphOut) add(c memory.Card, pairs int) {
	g.Nodes = append(g.Nodes, nodeOut{ID: string(c.ID), Label: "Memory " + firstOf(string(c.ID), 8), Type: "Memory"})
	for i := range c.Chunks {
		if len(g.Edges) >= pairs {
			return
		}
		chunk := chunkID(c.ID, i)
		g.Nodes = append(g.Nodes, nodeOut{ID: chunk, Label: "Chunk " + chunk[:8], Type: "Chunk"})
		g.Edges = append(g.Edges, edgeOut{ID: string(c.ID) + "-" + chunk, Source: string(c.ID), Target: chunk, Type: "HAS_CHUNK"})
	}
}

// chunkID names a chunk, which has no ID of its own, the same at all times.
func chunkID(id memory.ID, index int) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "%s/%d", id, index)).String()
}

// enter waits until a large answer may be made, and returns what says that it
// is. With ctx done it does not wait: whoever goes on finds that out at once.
func (a *api) enter(ctx context.Context) (leave func()) {
	select {
	case a.large <- struct{}{}:
		return func() { <-a.large }
	case <-ctx.Done():
		return func() {}
	}
}

// webOut is a web of memories. Ties are short, as there are many.
type webOut struct {
	Workspace memory.Workspace `json:"workspace"`
	All       int              `json:"all"`
	Memories  []cardOut        `json:"memories"`
	Hubs      []hubOut         `json:"hubs"`
	Ties      []tieOut         `json:"ties"`
}

type hubOut struct {
	Kind  string `json:"kind"`
	Label string `json:"label"`
	Count int    `json:"count"`
}

type tieOut struct {
	From int    `json:"from"`
	To   int    `json:"to"` // goes on behind the memories, into the hubs
	Kind string `json:"kind"`
	What string `json:"what,omitempty"`
}

// web shows memories and what ties them to each other.
func (a *api) web(ctx context.Context, q query) (any, error) {
	limit, err := q.number("limit", memory.MaxWeb, 1, memory.MaxWeb)
	if err != nil {
		return nil, err
	}
	defer a.enter(ctx)()
	web, err := a.memory.Web(ctx, q.workspace(), limit)
	if err != nil {
		return nil, err
	}
	out := webOut{
		Workspace: q.workspace(), All: web.All, Memories: cardsOut(web.Cards),
		Hubs: make([]hubOut, len(web.Hubs)), Ties: make([]tieOut, len(web.Ties)),
	}
	for i, h := range web.Hubs {
		out.Hubs[i] = hubOut{Kind: h.Kind, Label: h.Label, Count: h.Cards}
	}
	for i, t := range web.Ties {
		out.Ties[i] = tieOut(t)
	}
	return out, nil
}
