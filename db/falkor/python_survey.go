package falkor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"zapomni/db/falkor/cypher"
	"zapomni/db/falkor/reply"
	"zapomni/memory"
)

const (
	countPython = `
OPTIONAL MATCH (m:Memory) WITH count(m) AS memories, max(id(m)) AS last
OPTIONAL MATCH (w:Workspace) WITH memories, last, count(w) AS workspaces
OPTIONAL MATCH (s:Store {key: $key}) WITH memories, last, workspaces, count(s) AS ours
OPTIONAL MATCH (e:Entity)
RETURN memories, last, workspaces, ours, count(e) AS entities`
	listPython = `
MATCH (m:Memory) WHERE id(m) >= $from AND id(m) < $to
RETURN id(m) AS node, m.id AS id, m.workspace_id AS workspace, coalesce(m.created_at, m.valid_from) AS created,
	m.is_current AS current, m.transaction_to AS ended`
	listPythonWorkspaces = `
MATCH (w:Workspace)
RETURN id(w) AS node, w.id AS id, w.name AS name, w.description AS description, w.created_at AS created ORDER BY node`
)

// survey finds out what the graph holds.
func (p *Python) survey(ctx context.Context) error {
	counted, err := p.counted(ctx)
	if err != nil {
		return err
	}
	switch memories := counted.Get("memories").Int(); {
	case counted.Get("ours").Int() > 0:
		return fmt.Errorf("%w: this program itself has made it, and not its Python version: name it without \"python:\"", memory.ErrInvalid)
	case memories == 0 && counted.Get("workspaces").Int() == 0:
		return fmt.Errorf("%w: there are no memories in it. Another graph can be named with ?graph=NAME", memory.ErrNotFound)
	}
	p.left.Entities = int(counted.Get("entities").Int())
	nodes, err := p.nodes(ctx, counted.Get("last").Int())
	if err != nil {
		return err
	}
	if err := whole("memories", counted.Get("memories"), len(nodes)+p.left.Versions); err != nil {
		return err
	}
	slices.SortFunc(nodes, byAge)
	for _, node := range nodes {
		if err := p.shelve(ctx, node); err != nil {
			return err
		}
	}
	return p.describe(ctx, counted.Get("workspaces"))
}

// whole tells what nothing else would: that the server cuts its answers short.
func whole(what string, counted reply.Value, listed int) error {
	if n := int(counted.Int()); listed != n {
		return fmt.Errorf("%w: %d %s were counted and %d listed: the graph is in use, or RESULTSET_SIZE of the server is below %d",
			memory.ErrUnavailable, n, what, listed, nodesAtOnce)
	}
	return nil
}

func (p *Python) counted(ctx context.Context) (reply.Row, error) {
	found, err := p.read(ctx, countPython, cypher.P("key", storeKey))
	if err != nil {
		if noGraph(err) {
			err = fmt.Errorf("%w: there is no such graph. Another one can be named with ?graph=NAME", memory.ErrNotFound)
		}
		return reply.Row{}, err
	}
	if found.Len() == 0 {
		return reply.Row{}, fmt.Errorf("%w: the server did not count", memory.ErrUnavailable)
	}
	return found.Row(0), nil
}

// nodesAtOnce is how many nodes are looked at in one query.
const nodesAtOnce = 1000

// nodes lists the memories that are current.
func (p *Python) nodes(ctx context.Context, last int64) ([]pythonNode, error) {
	var all []pythonNode
	for from := int64(0); from <= last; from += nodesAtOnce {
		found, err := p.read(ctx, listPython, cypher.P("from", from), cypher.P("to", from+nodesAtOnce))
		if err != nil {
			return nil, err
		}
		for i := range found.Len() {
			row := found.Row(i)
			if current := row.Get("current"); current.Kind() == reply.KindBool && !current.Bool() || !row.Get("ended").IsNull() {
				p.left.Versions++
				continue
			}
			all = append(all, pythonNodeOf(row))
		}
	}
	return all, nil
}

func pythonNodeOf(row reply.Row) pythonNode {
	n := pythonNode{num: row.Get("node").Int(), stored: strings.Clone(row.Get("id").Text()), space: memory.DefaultWorkspace}
	n.created, _ = pythonTime(row.Get("created")) // Get says what is wrong with it
	if id, err := memory.ParseID(n.stored); err == nil {
		n.id = id
	} else {
		n.err = fmt.Errorf("%w: its id is no UUID", memory.ErrInvalid)
	}
	switch space := row.Get("workspace"); space.Kind() {
	case reply.KindNull:
	case reply.KindString:
		n.space = cmp.Or(memory.Workspace(strings.Clone(space.Text())), n.space)
	default:
		n.err = errors.Join(n.err, fmt.Errorf("%w: its workspace_id is a %v", memory.ErrInvalid, space.Kind()))
	}
	return n
}

// shelve puts a node into the list of its workspace.
func (p *Python) shelve(ctx context.Context, n pythonNode) error {
	s := p.spaces[n.space]
	if s == nil {
		s = &pythonSpace{nodes: map[memory.ID]pythonNode{}}
		p.spaces[n.space] = s
	}
	if first, taken := s.nodes[n.id]; taken && n.err == nil {
		same, err := p.alike(ctx, first, n)
		switch {
		case err != nil:
			return err
		case same:
			p.left.Copies++
			return nil
		}
		n.err = fmt.Errorf("%w: another memory has the same id", memory.ErrInvalid)
	}
	if n.err != nil {
		n.id = memory.ID(fmt.Sprintf("%s (node %d)", n.stored, n.num))
	}
	s.ids = append(s.ids, n.id)
	s.nodes[n.id] = n
	return nil
}

// alike says whether two nodes hold the same memory.
func (p *Python) alike(ctx context.Context, a, b pythonNode) (bool, error) {
	one, err := p.row(ctx, a)
	if err != nil {
		return false, err
	}
	other, err := p.row(ctx, b)
	if err != nil {
		return false, err
	}
	for _, column := range []string{"text", "tags", "source", "metadata", "created_at", "valid_from"} {
		// All that a property can be is told apart by how it prints.
		if fmt.Sprintf("%#v", one.Get(column).Any()) != fmt.Sprintf("%#v", other.Get(column).Any()) {
			return false, nil
		}
	}
	return true, nil
}

// describe lists the workspaces. Those that memories name and that have no
// node are as old as their first memory.
func (p *Python) describe(ctx context.Context, counted reply.Value) error {
	found, err := p.read(ctx, listPythonWorkspaces)
	if err != nil {
		return err
	}
	if err := whole("workspaces", counted, found.Len()); err != nil {
		return err
	}
	infos := map[memory.Workspace]memory.WorkspaceInfo{memory.DefaultWorkspace: {
		ID: memory.DefaultWorkspace, Name: memory.DefaultWorkspaceName, Description: memory.DefaultWorkspaceDescription,
	}}
	for i := range found.Len() {
		row := found.Row(i)
		id := memory.Workspace(strings.Clone(row.Get("id").Text()))
		if _, known := infos[id]; id == "" || known {
			continue
		}
		created, _ := pythonTime(row.Get("created"))
		infos[id] = memory.WorkspaceInfo{
			ID: id, Name: cmp.Or(trimmed(row.Get("name")), string(id)), Description: trimmed(row.Get("description")), CreatedAt: created,
		}
	}
	for id, s := range p.spaces {
		info, known := infos[id]
		if !known {
			info = memory.WorkspaceInfo{ID: id, Name: string(id)}
		}
		if info.CreatedAt.IsZero() && len(s.ids) > 0 {
			info.CreatedAt = s.nodes[s.ids[0]].created
		}
		infos[id] = info
	}
	p.infos = slices.SortedFunc(maps.Values(infos), func(a, b memory.WorkspaceInfo) int {
		if first := memory.DefaultWorkspace; a.ID == first || b.ID == first {
			return cmp.Compare(order(a.ID, first), order(b.ID, first))
		}
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	for i := range p.infos {
		if p.infos[i].CreatedAt.IsZero() {
			p.infos[i].CreatedAt = time.Unix(0, 0).UTC() // a store keeps no year 1
		}
	}
	return nil
}

func order(w, first memory.Workspace) int {
	if w == first {
		return 0
	}
	return 1
}

func trimmed(v reply.Value) string {
	return strings.Clone(strings.TrimSpace(strings.ToValidUTF8(v.Text(), "\ufffd")))
}
