package server

import (
	"context"
	"encoding/json"
	"math"
	"strings"
	"time"

	"zapomni/memory"
)

// Bounds of what the API shows.
const (
	searchLimit    = 20
	timelineLimit  = 50
	mostTimeline   = 200
	mostSkipped    = math.MaxInt32
	mostWorkspaces = 200
	textBytes      = 200_000 // of one memory
	hitBytes       = 4_000   // of one hit
)

// cardOut is a memory in a list. Times are in milliseconds since 1970.
type cardOut struct {
	ID      memory.ID `json:"id"`
	Title   string    `json:"title"`
	Kind    string    `json:"kind"`
	Tags    []string  `json:"tags,omitempty"`
	Source  string    `json:"source,omitempty"`
	Created int64     `json:"created"`
	Valid   int64     `json:"valid"`
	Chunks  int       `json:"chunks"`
}

func cardsOut(cards []memory.Card) []cardOut {
	out := make([]cardOut, len(cards))
	for i, c := range cards {
		out[i] = cardOut{
			ID: c.ID, Title: c.Title, Kind: c.Kind, Tags: c.Tags, Source: c.Source,
			Created: c.CreatedAt.UnixMilli(), Valid: c.ValidFrom.UnixMilli(), Chunks: c.Chunks,
		}
	}
	return out
}

type reasonOut struct {
	Kind string `json:"kind"`
	What string `json:"what,omitempty"`
}

type hitOut struct {
	ID      memory.ID   `json:"id"`
	Text    string      `json:"text"`
	Score   float64     `json:"score"`
	Chunk   int         `json:"chunk"` // from 1
	Chunks  int         `json:"chunks"`
	Others  int         `json:"others,omitempty"`
	Tags    []string    `json:"tags,omitempty"`
	Source  string      `json:"source,omitempty"`
	Created int64       `json:"created"`
	Valid   int64       `json:"valid"`
	Reasons []reasonOut `json:"reasons"`
}

// search recalls, with the reasons and scores of what was found.
func (a *api) search(ctx context.Context, q query) (any, error) {
	limit, err := q.number("limit", searchLimit, 1, memory.MaxLimit)
	if err != nil {
		return nil, err
	}
	filter, err := q.filter()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	found, err := a.memory.Recall(ctx, memory.Question{Workspace: q.workspace(), Text: q.Get("q"), Limit: limit, Filter: filter})
	if err != nil {
		return nil, err
	}
	out := make([]hitOut, len(found.Hits))
	for i, h := range found.Hits {
		out[i] = hitOut{
			ID: h.Memory, Text: firstOf(h.Text, hitBytes), Score: math.Round(1e4*h.Score) / 1e4, Chunk: h.Chunk + 1, Chunks: h.Chunks, Others: h.Others,
			Tags: h.Tags, Source: h.Source, Created: h.CreatedAt.UnixMilli(), Valid: h.ValidFrom.UnixMilli(), Reasons: make([]reasonOut, len(h.Reasons)),
		}
		for j, r := range h.Reasons {
			out[i].Reasons[j] = reasonOut{r.Kind, r.What}
		}
	}
	return struct {
		Hits  []hitOut `json:"hits"`
		Lacks string   `json:"lacks,omitempty"` // why meaning had no part in it, or not its full part
		Took  float64  `json:"took_ms"`
	}{out, found.Lacks, math.Round(time.Since(began).Seconds()*1e5) / 1e2}, nil
}

// filter reads tag, which may stand several times, source, from and to, both
// of which are dates or times, and are included.
func (q query) filter() (memory.Filter, error) {
	f := memory.Filter{Tags: q.Values["tag"], Source: q.Get("source")}
	for _, end := range []struct {
		name  string
		parse func(string) (time.Time, error)
		to    *time.Time
	}{{"from", memory.ParseTime, &f.From}, {"to", memory.ParseEnd, &f.To}} {
		given := strings.TrimSpace(q.Get(end.name))
		if given == "" {
			continue
		}
		var err error
		if *end.to, err = end.parse(given); err != nil {
			return f, &memory.FieldError{Field: end.name, Why: end.name + " must be RFC 3339 or a date (YYYY-MM-DD)"}
		}
	}
	return f, nil
}

type besideOut struct {
	ID     memory.ID `json:"id"`
	Title  string    `json:"title"`
	Kind   string    `json:"kind"`
	What   string    `json:"what,omitempty"`
	Offset int       `json:"offset,omitempty"`
}

// one shows a memory and what stands beside it.
func (a *api) one(ctx context.Context, q query) (any, error) {
	id, err := memory.ParseID(q.Get("id"))
	if err != nil {
		return nil, &memory.FieldError{Field: "id", Why: "id must be a UUID"}
	}
	m, err := a.memory.Get(ctx, q.workspace(), id)
	if err != nil {
		return nil, err
	}
	beside, err := a.memory.Beside(ctx, m)
	if err != nil {
		return nil, err
	}
	out := make([]besideOut, len(beside))
	for i, b := range beside {
		out[i] = besideOut(b)
	}
	return struct {
		ID       memory.ID       `json:"id"`
		Text     string          `json:"text"`
		Bytes    int             `json:"bytes"` // of the whole text
		Metadata json.RawMessage `json:"metadata,omitempty"`
		Tags     []string        `json:"tags,omitempty"`
		Source   string          `json:"source,omitempty"`
		Created  int64           `json:"created"`
		Valid    int64           `json:"valid"`
		Chunks   int             `json:"chunks"`
		Beside   []besideOut     `json:"beside"`
	}{
		m.ID, firstOf(m.Text, textBytes), len(m.Text), m.Metadata, m.Tags, m.Source,
		m.CreatedAt.UnixMilli(), m.ValidFrom.UnixMilli(), len(m.Chunks), out,
	}, nil
}

// timeline shows what was added last, the newest first, page by page.
func (a *api) timeline(ctx context.Context, q query) (any, error) {
	limit, err := q.number("limit", timelineLimit, 1, mostTimeline)
	if err != nil {
		return nil, err
	}
	skip, err := q.number("skip", 0, 0, mostSkipped)
	if err != nil {
		return nil, err
	}
	cards, all, err := a.memory.Latest(ctx, q.workspace(), skip, limit)
	if err != nil {
		return nil, err
	}
	return struct {
		All      int       `json:"all"`
		Skip     int       `json:"skip"`
		Memories []cardOut `json:"memories"`
	}{all, skip, cardsOut(cards)}, nil
}

type workspaceOut struct {
	ID          memory.Workspace `json:"id"`
	Name        string           `json:"name"`
	Description string           `json:"description,omitempty"`
	Memories    int              `json:"memories"`
}

// workspaces lists the first workspaces, each with how much it holds.
func (a *api) workspaces(ctx context.Context, _ query) (any, error) {
	infos, err := a.memory.Workspaces(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]workspaceOut, min(mostWorkspaces, len(infos)))
	for i := range out {
		counts, err := a.memory.Counts(ctx, infos[i].ID)
		if err != nil {
			return nil, err
		}
		out[i] = workspaceOut{ID: infos[i].ID, Name: infos[i].Name, Description: infos[i].Description, Memories: counts.Memories}
	}
	return struct {
		All        int            `json:"all"`
		Workspaces []workspaceOut `json:"workspaces"`
	}{len(infos), out}, nil
}

// stats counts what a workspace holds.
func (a *api) stats(ctx context.Context, q query) (any, error) {
	s, err := a.memory.Stats(ctx, q.workspace())
	if err != nil {
		return nil, err
	}
	out := struct {
		Workspace memory.Workspace  `json:"workspace"`
		Memories  int               `json:"memories"`
		Chunks    int               `json:"chunks"`
		Bytes     int64             `json:"database_bytes"`
		Oldest    int64             `json:"oldest,omitempty"`
		Newest    int64             `json:"newest,omitempty"`
		Pool      *memory.PoolStats `json:"pool,omitempty"`
	}{Workspace: q.workspace(), Memories: s.Memories, Chunks: s.Chunks, Bytes: s.Bytes, Pool: s.Pool}
	if !s.Oldest.IsZero() {
		out.Oldest, out.Newest = s.Oldest.UnixMilli(), s.Newest.UnixMilli()
	}
	return out, nil
}
