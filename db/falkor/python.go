package falkor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"zapomni/db/falkor/cypher"
	"zapomni/db/falkor/reply"
	"zapomni/memory"
	"zapomni/memory/chunk"
)

// Python reads the memories that the Python version of this program keeps in
// one graph for all workspaces. It asks nothing of the
// graph but by GRAPH.RO_QUERY, and makes none.
//
// The graph is gone through once, by OpenPython; what is in it is listed by
// the times of recording. What cannot be read is listed as well, and Get says
// why. Goroutines may share it.
type Python struct {
	client *Client
	graph  string
	split  chunk.Options
	infos  []memory.WorkspaceInfo
	spaces map[memory.Workspace]*pythonSpace
	left   LeftOut
	mended atomic.Int64
}

// LeftOut counts what a graph of the Python version holds beside memories, or
// in excess.
type LeftOut struct {
	Versions int // of memories that are no longer current
	Copies   int // of a memory, alike in all
	Entities int // with all that relates them
}

// pythonSpace is what a workspace holds, in order.
type pythonSpace struct {
	ids   []memory.ID
	nodes map[memory.ID]pythonNode
}

// pythonNode is where a memory is.
type pythonNode struct {
	num     int64
	space   memory.Workspace
	id      memory.ID
	stored  string    // the ID as it is stored
	created time.Time // zero if it cannot be told
	err     error     // why it cannot be read
}

// OpenPython connects to FalkorDB and goes through the graph that c names. The
// texts are cut into chunks as split says.
func OpenPython(ctx context.Context, c Config, split chunk.Options, log *slog.Logger) (*Python, error) {
	client, err := NewClient(c, log)
	if err != nil {
		return nil, err
	}
	client.looks = true
	if err := client.Init(ctx); err != nil {
		return nil, err
	}
	p := &Python{client: client, graph: c.Graph, split: split, spaces: map[memory.Workspace]*pythonSpace{}}
	if err := p.survey(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("read graph %s: %w", c.Graph, err), p.Close()) //nolint:contextcheck // it has a time limit of its own.
	}
	return p, nil
}

// Close gives the connections back.
func (p *Python) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closing)
	defer cancel()
	return p.client.Close(ctx)
}

// LeftOut counts what is not read.
func (p *Python) LeftOut() LeftOut { return p.left }

// Mended counts the texts that Get gave without the repetitions that the
// Python version stored in them.
func (p *Python) Mended() int { return int(p.mended.Load()) }

// Workspaces lists those that have a node or a memory, the default one first,
// then by age.
func (p *Python) Workspaces(ctx context.Context) ([]memory.WorkspaceInfo, error) {
	return slices.Clone(p.infos), ctx.Err()
}

// Counts says how many memories w holds. How many chunks they will have is not
// known before they are cut.
func (p *Python) Counts(ctx context.Context, w memory.Workspace) (memory.Counts, error) {
	var c memory.Counts
	if s := p.spaces[w]; s != nil {
		c.Memories = len(s.ids)
	}
	return c, ctx.Err()
}

// List returns the IDs of up to n memories of w. What has no usable ID is
// listed under one that tells where it is.
func (p *Python) List(ctx context.Context, w memory.Workspace, after memory.Cursor, n int) ([]memory.ID, memory.Cursor, error) {
	s := p.spaces[w]
	if s == nil || ctx.Err() != nil {
		return nil, "", ctx.Err()
	}
	var at int
	if after != "" {
		if _, err := fmt.Sscan(string(after), &at); err != nil || at < 0 || at > len(s.ids) {
			return nil, "", fmt.Errorf("list: %w: cursor %q", memory.ErrInvalid, after)
		}
	}
	end := min(at+max(n, 0), len(s.ids))
	next := memory.Cursor("")
	if end < len(s.ids) {
		next = memory.Cursor(fmt.Sprint(end))
	}
	return slices.Clone(s.ids[at:end]), next, nil
}

// Get reads a memory and cuts its text into chunks. The error is
// memory.ErrInvalid if it is not what a memory should be.
func (p *Python) Get(ctx context.Context, w memory.Workspace, id memory.ID) (memory.Memory, error) {
	m, err := p.get(ctx, w, id)
	if err != nil {
		return memory.Memory{}, fmt.Errorf("get memory %s: %w", id, err)
	}
	return m, nil
}

func (p *Python) get(ctx context.Context, w memory.Workspace, id memory.ID) (memory.Memory, error) {
	s := p.spaces[w]
	if s == nil {
		return memory.Memory{}, memory.ErrNotFound
	}
	node, ok := s.nodes[id]
	switch {
	case !ok:
		return memory.Memory{}, memory.ErrNotFound
	case node.err != nil:
		return memory.Memory{}, node.err
	}
	row, err := p.row(ctx, node)
	if err != nil {
		return memory.Memory{}, err
	}
	m, err := pythonMemory(row)
	if err != nil {
		return memory.Memory{}, err
	}
	if m.Text, err = p.mend(ctx, node, m.Text); err != nil {
		return memory.Memory{}, err
	}
	m.ID, m.Workspace, m.Text = id, w, strings.TrimSpace(m.Text)
	for _, piece := range chunk.Split(m.Text, p.split) {
		m.Chunks = append(m.Chunks, memory.Chunk{Start: piece.Start, End: piece.End})
	}
	return m, nil
}

const readPython = `
MATCH (m:Memory) WHERE id(m) = $node
RETURN m.id AS id, m.text AS text, m.tags AS tags, m.source AS source, m.metadata AS metadata,
	m.created_at AS created_at, m.valid_from AS valid_from`

// row reads a node. It returns ErrNotFound if another one has its place now.
func (p *Python) row(ctx context.Context, node pythonNode) (reply.Row, error) {
	found, err := p.read(ctx, readPython, cypher.P("node", node.num))
	if err != nil {
		return reply.Row{}, err
	}
	if found.Len() == 0 || found.Row(0).Get("id").Text() != node.stored {
		return reply.Row{}, memory.ErrNotFound
	}
	return found.Row(0), nil
}

func (p *Python) read(ctx context.Context, text string, params ...cypher.Param) (Result, error) {
	return p.client.Query(ctx, Statement{Graph: p.graph, Text: text, Params: params, Effect: Reads})
}

const readPythonChunks = `
MATCH (m:Memory)-[:HAS_CHUNK]->(c:Chunk) WHERE id(m) = $node
RETURN c.text AS text, c.index AS index ORDER BY index`

// mend takes out of a text what the Python version repeated in it: it put the
// text together again from chunks that overlap.
func (p *Python) mend(ctx context.Context, node pythonNode, text string) (string, error) {
	mended, ok := withoutOverlaps(text, p.split)
	if !ok {
		return text, nil
	}
	chunks, err := p.read(ctx, readPythonChunks, cypher.P("node", node.num))
	if err != nil {
		return "", err
	}
	rest := text
	for i := 0; ok && i < chunks.Len(); i++ {
		part := chunks.Row(i).Get("text").Text()
		ok = len(part) <= len(rest) && rest[:len(part)] == part
		rest = rest[min(len(part), len(rest)):]
	}
	if !ok || rest != "" {
		return text, nil // it was not put together
	}
	p.mended.Add(1)
	return mended, nil
}

// withoutOverlaps undoes that a text was cut into windows of a size, each of
// which repeats the end of the one before, and these were joined. It says
// whether the text is like that all through.
func withoutOverlaps(text string, o chunk.Options) (string, bool) {
	all := []rune(text)
	if o.Overlap <= 0 || o.Overlap >= o.Size || len(all) <= o.Size {
		return text, false
	}
	once := slices.Clone(all[:o.Size])
	for at := o.Size; at < len(all); at += o.Size {
		window := all[at:min(at+o.Size, len(all))]
		if len(window) <= o.Overlap || !slices.Equal(all[at-o.Overlap:at], window[:o.Overlap]) {
			return text, false
		}
		once = append(once, window[o.Overlap:]...)
	}
	return string(once), true
}

// byAge orders nodes as they were recorded; those of no time are the last.
func byAge(a, b pythonNode) int {
	switch {
	case a.created.IsZero() != b.created.IsZero():
		if a.created.IsZero() {
			return 1
		}
		return -1
	default:
		return cmp.Or(a.created.Compare(b.created), cmp.Compare(a.num, b.num))
	}
}
