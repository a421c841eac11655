package falkor

import (
	"context"
	"errors"
	"fmt"

	"zapomni/db/falkor/cypher"
	"zapomni/memory"
)

// forgetMemory takes away a memory's chunks and vectors, unless it was put
// since.
const forgetMemory = `
WITH s, m, m.place IS NULL AS new, ` + tooLate + ` AS late` + itsParts + `
WITH s, m, NOT new AS there, late, CASE WHEN late THEN [] ELSE marks END AS marks,
	CASE WHEN late THEN [] ELSE chunks END AS chunks, CASE WHEN late THEN [] ELSE vectors END AS vectors` + deleteParts + `
FOREACH (x IN CASE WHEN there AND NOT late THEN [1] ELSE [] END |
	SET s.memories = s.memories - 1, s.chunks = s.chunks - size(chunks),
		s.vectors = s.vectors - CASE WHEN s.sweep IS NULL THEN size(vectors) ELSE 0 END)`

const deleteMemory = `
MATCH (s:Store {key: $key})
MATCH (m:Memory {id: $id})` + forgetMemory + `
FOREACH (x IN CASE WHEN late THEN [] ELSE [m] END | DELETE x)
RETURN there`

// deleteDoubtful leaves a node with nothing but the ticket, so that a write
// that may still be carried out does not bring the memory back.
const deleteDoubtful = `
MATCH (s:Store {key: $key})
MERGE (m:Memory {id: $id})` + forgetMemory + `
FOREACH (x IN CASE WHEN late THEN [] ELSE [m] END | SET x = {id: $id, put: $put})
RETURN there`

// Delete forgets a memory.
func (s *Store) Delete(ctx context.Context, w memory.Workspace, id memory.ID) error {
	if err := s.delete(ctx, w, id); err != nil {
		return fmt.Errorf("delete memory %s: %w", id, err)
	}
	return nil
}

func (s *Store) delete(ctx context.Context, w memory.Workspace, id memory.ID) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.spaces.exists(ctx, s, w); err != nil {
		if errors.Is(err, memory.ErrNoWorkspace) {
			return memory.ErrNotFound
		}
		return err
	}
	graph, text := s.graphOf(w), deleteMemory
	if s.doubts.has(graph, id) {
		text = deleteDoubtful
	}
	done, err := s.write(ctx, graph, text, append(s.tickets.take(), cypher.P("key", storeKey), cypher.P("id", string(id)))...)
	if err != nil && graphReplaced(err) {
		return memory.ErrNotFound
	}
	if err != nil {
		return err
	}
	if !done.Again && (done.Len() == 0 || !done.Row(0).Get("there").Bool()) {
		return memory.ErrNotFound
	}
	return nil
}

// Clear forgets every memory of every workspace, and every workspace but the
// default one.
func (s *Store) Clear(ctx context.Context) error {
	if err := s.clear(ctx); err != nil {
		return fmt.Errorf("clear: %w", err)
	}
	return nil
}

func (s *Store) clear(ctx context.Context) error {
	all, err := s.Workspaces(ctx)
	if err != nil {
		return err
	}
	for _, info := range all {
		if info.ID == memory.DefaultWorkspace {
			continue
		}
		if err := s.DeleteWorkspace(ctx, info.ID); err != nil && !errors.Is(err, memory.ErrNoWorkspace) {
			return err
		}
	}
	if err := s.dropGraph(ctx, s.graph); err != nil {
		return err
	}
	return s.prepareDefault(ctx)
}
