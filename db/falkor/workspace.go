package falkor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"zapomni/db/falkor/cypher"
	"zapomni/db/falkor/reply"
	"zapomni/memory"
)

// The workspaces are nodes of the default workspace's graph, and each has a
// graph of its own, which is made before its node says that it is ready.

// half is how long a workspace may be in the making before another may take
// over from a process that seems to have died.
const half = time.Minute

// addWorkspace claims an ID. The claim that is kept wins. No row comes back from
// a graph that is not ready, which nothing may be written to.
const addWorkspace = `
MATCH (s:Store {key: $key})
MERGE (w:Workspace {id: $id})
ON CREATE SET w.claim = $claim, w.claimed_at = $now, w.ready = false
WITH w, w.ready = false AND w.claimed_at < $stale AS left
FOREACH (x IN CASE WHEN left THEN [1] ELSE [] END | SET w.claim = $claim, w.claimed_at = $now)
RETURN w.claim = $claim AS mine`

const selectClaim = `
MATCH (w:Workspace {id: $id}) WHERE w.claim = $claim AND NOT w.ready
RETURN w.id AS id`

const finishWorkspace = `
MATCH (w:Workspace {id: $id}) WHERE w.claim = $claim
SET w.name = $name, w.description = $description, w.created_at = $created_at, w.ready = true
RETURN w.ready AS ready`

// AddWorkspace adds a workspace with nothing in it.
func (s *Store) AddWorkspace(ctx context.Context, info memory.WorkspaceInfo) error {
	if err := s.addWorkspace(ctx, info); err != nil {
		return fmt.Errorf("add workspace %s: %w", info.ID, err)
	}
	return nil
}

func (s *Store) addWorkspace(ctx context.Context, info memory.WorkspaceInfo) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if info.ID == memory.DefaultWorkspace {
		return memory.ErrConflict
	}
	claim := uuid.NewString()
	if err := s.claimWorkspace(ctx, info.ID, claim); err != nil {
		return err
	}
	// What is left of a workspace of that name, whose deletion was cut short:
	// unless another has taken over meanwhile, and filled it.
	err := s.dropIf(ctx, s.graphOf(info.ID), func() (bool, error) {
		found, err := s.look(ctx, s.graph, selectClaim, cypher.P("id", string(info.ID)), cypher.P("claim", claim))
		return err == nil && found.Len() > 0, err
	})
	if err != nil {
		return err
	}
	if err := s.prepare(ctx, s.graphOf(info.ID)); err != nil {
		return err
	}
	done, err := s.write(ctx, s.graph, finishWorkspace, cypher.P("id", string(info.ID)), cypher.P("claim", claim),
		cypher.P("name", stored(info.Name)), cypher.P("description", stored(info.Description)), cypher.P("created_at", info.CreatedAt))
	if err == nil && done.Len() == 0 {
		err = memory.ErrConflict
	}
	return err
}

// claimWorkspace returns memory.ErrConflict if an ID is taken.
func (s *Store) claimWorkspace(ctx context.Context, id memory.Workspace, claim string) error {
	mine := false
	err := s.change(ctx, memory.DefaultWorkspace, func() (bool, error) {
		now := time.Now()
		done, err := s.write(ctx, s.graph, addWorkspace, cypher.P("key", storeKey), cypher.P("id", string(id)),
			cypher.P("claim", claim), cypher.P("now", now), cypher.P("stale", now.Add(-half)))
		if err != nil || done.Len() == 0 {
			return false, unlessReplaced(err)
		}
		mine = done.Row(0).Get("mine").Bool()
		return true, nil
	})
	if err == nil && !mine {
		err = memory.ErrConflict
	}
	return err
}

const selectWorkspace = `
MATCH (w:Workspace {id: $id}) WHERE w.ready
RETURN [w.id, w.name, w.description, w.created_at] AS workspace`

func infoOf(workspace reply.Value) memory.WorkspaceInfo {
	of := workspace.List()
	return memory.WorkspaceInfo{
		ID: memory.Workspace(of[0].Text()), Name: restored(of[1].Text()), Description: restored(of[2].Text()), CreatedAt: fromMicro(of[3].Int()),
	}
}

// Workspace describes w.
func (s *Store) Workspace(ctx context.Context, w memory.Workspace) (memory.WorkspaceInfo, error) {
	info, err := s.workspace(ctx, w, s.read)
	if w == memory.DefaultWorkspace && errors.Is(err, memory.ErrNoWorkspace) {
		if err = s.prepareDefault(ctx); err == nil {
			info, err = s.workspace(ctx, w, s.look)
		}
	}
	if err != nil {
		return memory.WorkspaceInfo{}, fmt.Errorf("workspace %s: %w", w, err)
	}
	return info, nil
}

// reader is read or look.
type reader func(ctx context.Context, graph, text string, params ...cypher.Param) (Result, error)

func (s *Store) workspace(ctx context.Context, w memory.Workspace, by reader) (memory.WorkspaceInfo, error) {
	id := strings.ToValidUTF8(stored(string(w)), escape) // what is not valid is the name of none
	found, err := by(ctx, s.graph, selectWorkspace, cypher.P("id", id))
	if err != nil {
		return memory.WorkspaceInfo{}, err
	}
	if found.Len() == 0 {
		return memory.WorkspaceInfo{}, memory.ErrNoWorkspace
	}
	return infoOf(found.Row(0).Get("workspace")), nil
}

// selectWorkspaces gives all in one row: the server may be set to cut off rows
// (RESULTSET_SIZE) without a word.
const selectWorkspaces = `
MATCH (w:Workspace) WHERE w.ready
WITH w ORDER BY w.id <> $default, w.created_at, w.id
RETURN collect([w.id, w.name, w.description, w.created_at]) AS workspaces`

// Workspaces lists all, the default one first, then by age.
func (s *Store) Workspaces(ctx context.Context) ([]memory.WorkspaceInfo, error) {
	all, err := s.listWorkspaces(ctx, s.read)
	if err == nil && (len(all) == 0 || all[0].ID != memory.DefaultWorkspace) {
		if err = s.prepareDefault(ctx); err == nil {
			all, err = s.listWorkspaces(ctx, s.look)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("workspaces: %w", err)
	}
	return all, nil
}

func (s *Store) listWorkspaces(ctx context.Context, by reader) ([]memory.WorkspaceInfo, error) {
	found, err := by(ctx, s.graph, selectWorkspaces, cypher.P("default", string(memory.DefaultWorkspace)))
	if err != nil {
		return nil, err
	}
	var all []memory.WorkspaceInfo
	for i := range found.Len() {
		for _, workspace := range found.Row(i).Get("workspaces").List() {
			all = append(all, infoOf(workspace))
		}
	}
	return all, nil
}

// A workspace that is being deleted is claimed, so that none of its name is
// made before it is gone.
const (
	leaveWorkspace = `
MATCH (w:Workspace {id: $id}) WHERE w.ready OR w.claim = $claim
SET w.ready = false, w.claim = $claim, w.claimed_at = $now
RETURN w.id AS id`

	deleteWorkspace = `
MATCH (w:Workspace {id: $id}) WHERE w.claim = $claim
DELETE w`
)

// DeleteWorkspace forgets w and all it holds.
func (s *Store) DeleteWorkspace(ctx context.Context, w memory.Workspace) error {
	if err := s.deleteWorkspace(ctx, w); err != nil {
		return fmt.Errorf("delete workspace %s: %w", w, err)
	}
	return nil
}

func (s *Store) deleteWorkspace(ctx context.Context, w memory.Workspace) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if w == memory.DefaultWorkspace {
		return fmt.Errorf("%w: it always exists", memory.ErrInvalid)
	}
	if _, err := s.workspace(ctx, w, s.look); err != nil {
		return err
	}
	// The graph first: should this be cut short, an empty workspace is left,
	// and not memories that no workspace shows.
	if err := s.dropGraph(ctx, s.graphOf(w)); err != nil {
		return err
	}
	claim := uuid.NewString()
	done, err := s.write(ctx, s.graph, leaveWorkspace, cypher.P("id", string(w)), cypher.P("claim", claim), cypher.P("now", time.Now()))
	if err != nil {
		return err
	}
	s.spaces.forget(w)
	if done.Len() == 0 {
		return memory.ErrNoWorkspace
	}
	// What was put meanwhile by someone who still knew the workspace.
	if err := s.dropGraph(ctx, s.graphOf(w)); err != nil {
		return err
	}
	s.vectors.Delete(s.graphOf(w))
	_, err = s.write(ctx, s.graph, deleteWorkspace, cypher.P("id", string(w)), cypher.P("claim", claim))
	return err
}

const addDefault = `
MATCH (s:Store {key: $key})
MERGE (w:Workspace {id: $id})
ON CREATE SET w.name = $name, w.description = $description, w.created_at = $created_at, w.ready = true
RETURN w.ready AS ready`

// prepareDefault makes the default workspace and its graph, also where a Clear
// was cut short or the server has lost everything: it always exists.
func (s *Store) prepareDefault(ctx context.Context) error {
	for range attempts {
		if err := s.prepare(ctx, s.graph); err != nil {
			return err
		}
		done, err := s.write(ctx, s.graph, addDefault, cypher.P("key", storeKey), cypher.P("id", string(memory.DefaultWorkspace)),
			cypher.P("name", memory.DefaultWorkspaceName), cypher.P("description", memory.DefaultWorkspaceDescription), cypher.P("created_at", time.Now()))
		if err != nil && !graphReplaced(err) || done.Result != nil && done.Len() > 0 {
			return err
		}
	}
	return errRestless
}

const selectCounts = `
MATCH (s:Store {key: $key})
OPTIONAL MATCH (m:Memory)
RETURN s.memories AS memories, s.chunks AS chunks, min(m.created_at) AS oldest, max(m.created_at) AS newest`

// Counts says how much w holds, and from when to when.
func (s *Store) Counts(ctx context.Context, w memory.Workspace) (memory.Counts, error) {
	found, err := s.read(ctx, s.graphOf(w), selectCounts, cypher.P("key", storeKey))
	if err != nil {
		return memory.Counts{}, fmt.Errorf("count workspace %s: %w", w, err)
	}
	var c memory.Counts
	if found.Len() == 0 {
		return c, nil
	}
	row := found.Row(0)
	c.Memories, c.Chunks = int(row.Get("memories").Int()), int(row.Get("chunks").Int())
	if oldest := row.Get("oldest"); !oldest.IsNull() {
		c.Oldest, c.Newest = fromMicro(oldest.Int()), fromMicro(row.Get("newest").Int())
	}
	return c, nil
}

// Size adds up the room that the graphs take, in whole megabytes each.
func (s *Store) Size(ctx context.Context) (int64, error) {
	all, err := s.Workspaces(ctx)
	if err != nil {
		return 0, fmt.Errorf("size: %w", err)
	}
	var total int64
	for _, info := range all {
		n, err := s.sizeOf(ctx, s.graphOf(info.ID))
		if err != nil {
			return 0, fmt.Errorf("size: %w", err)
		}
		total += n
	}
	return total, nil
}

func (s *Store) sizeOf(ctx context.Context, graph string) (int64, error) {
	usage, err := s.client.Do(ctx, Reads, "GRAPH.MEMORY", "USAGE", graph)
	if err != nil {
		if noGraph(err) {
			return 0, nil
		}
		return 0, err
	}
	megabytes, ok := field(usage, "total_graph_sz_mb").(int64)
	if !ok {
		return 0, errors.New("an answer of GRAPH.MEMORY without total_graph_sz_mb")
	}
	return megabytes << 20, nil
}

// field finds a field in a map, which servers that speak the older protocol
// send as a flat list.
func field(answer any, name string) any {
	switch answer := answer.(type) {
	case map[any]any:
		return answer[name]
	case []any:
		for i := 0; i+1 < len(answer); i += 2 {
			if answer[i] == name {
				return answer[i+1]
			}
		}
	}
	return nil
}
