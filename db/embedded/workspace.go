package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"zapomni/memory"
)

// AddWorkspace adds a workspace with nothing in it.
func (s *Store) AddWorkspace(ctx context.Context, info memory.WorkspaceInfo) error {
	err := s.write(ctx, func(t *tx) error {
		_, err := t.workspace(info.ID)
		if err == nil {
			return memory.ErrConflict
		}
		if !errors.Is(err, memory.ErrNoWorkspace) {
			return err
		}
		return t.exec("INSERT INTO workspace(id, name, description, created_at) VALUES (?, ?, ?, ?)",
			string(info.ID), info.Name, info.Description, info.CreatedAt.UnixMicro())
	})
	return s.fault(ctx, fmt.Sprintf("add workspace %s", info.ID), err)
}

const selectWorkspaces = "SELECT id, name, description, created_at FROM workspace "

func scanWorkspace(r scanner) (memory.WorkspaceInfo, error) {
	var info memory.WorkspaceInfo
	var created int64
	err := r.Scan((*string)(&info.ID), &info.Name, &info.Description, &created)
	info.CreatedAt = fromMicro(created)
	return info, err
}

// Workspace describes w.
func (s *Store) Workspace(ctx context.Context, w memory.Workspace) (memory.WorkspaceInfo, error) {
	var info memory.WorkspaceInfo
	err := s.read(ctx, func() (err error) {
		info, err = scanWorkspace(s.reading.row(ctx, selectWorkspaces+"WHERE id = ?", string(w)))
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = memory.ErrNoWorkspace
	}
	if err != nil {
		return memory.WorkspaceInfo{}, s.fault(ctx, fmt.Sprintf("workspace %s", w), err)
	}
	return info, nil
}

// Workspaces lists all, the default one first, then by age.
func (s *Store) Workspaces(ctx context.Context) ([]memory.WorkspaceInfo, error) {
	var all []memory.WorkspaceInfo
	err := s.read(ctx, func() error {
		return s.reading.each(ctx, func(r scanner) error {
			info, err := scanWorkspace(r)
			all = append(all, info)
			return err
		}, selectWorkspaces+"ORDER BY id <> ?, created_at, num", string(memory.DefaultWorkspace))
	})
	if err != nil {
		return nil, s.fault(ctx, "workspaces", err)
	}
	return all, nil
}

// DeleteWorkspace forgets w and all it holds.
func (s *Store) DeleteWorkspace(ctx context.Context, w memory.Workspace) error {
	err := s.write(ctx, func(t *tx) error {
		if w == memory.DefaultWorkspace {
			return fmt.Errorf("%w: it always exists", memory.ErrInvalid)
		}
		num, err := t.workspace(w)
		if err != nil {
			return err
		}
		return t.dropWorkspace(num)
	})
	return s.fault(ctx, fmt.Sprintf("delete workspace %s", w), err)
}

func (t *tx) dropWorkspace(num int64) error {
	const its = " IN (SELECT c.num FROM memory m CROSS JOIN chunk c ON c.num >= m.first AND c.num < m.first + m.chunks WHERE m.workspace = ?)"
	for _, query := range []string{
		"DELETE FROM words WHERE rowid" + its,
		"DELETE FROM chunk_text WHERE num" + its,
		"DELETE FROM chunk_vector WHERE num" + its,
		"DELETE FROM chunk WHERE num" + its,
		"DELETE FROM heading WHERE workspace = ?",
		"DELETE FROM chunk_waiting WHERE workspace = ?",
		"DELETE FROM code_block WHERE workspace = ?",
		"DELETE FROM code_mean WHERE workspace = ?",
		"DELETE FROM memory WHERE workspace = ?",
		"DELETE FROM workspace WHERE num = ?",
	} {
		if err := t.exec(query, num); err != nil {
			return err
		}
	}
	return nil
}

const selectCounts = `
SELECT w.memories, w.chunks,
	(SELECT min(created_at) FROM memory WHERE workspace = w.num),
	(SELECT max(created_at) FROM memory WHERE workspace = w.num)
FROM workspace w WHERE w.id = ?`

// Counts says how much w holds, and from when to when.
func (s *Store) Counts(ctx context.Context, w memory.Workspace) (memory.Counts, error) {
	var c memory.Counts
	err := s.read(ctx, func() error {
		var oldest, newest sql.Null[int64]
		err := s.reading.row(ctx, selectCounts, string(w)).Scan(&c.Memories, &c.Chunks, &oldest, &newest)
		if oldest.Valid {
			c.Oldest, c.Newest = fromMicro(oldest.V), fromMicro(newest.V)
		}
		return err
	})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return memory.Counts{}, s.fault(ctx, fmt.Sprintf("count workspace %s", w), err)
	}
	return c, nil
}

// workspace returns the number of w. A number is never given again, so that
// what belonged to a deleted workspace never shows up in another.
func (t *tx) workspace(w memory.Workspace) (num int64, err error) {
	err = t.row("SELECT num FROM workspace WHERE id = ?", string(w)).Scan(&num)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, memory.ErrNoWorkspace
	}
	return num, err
}

// count keeps the counters of a workspace, so that nothing has to be counted
// when they are asked for.
func (t *tx) count(w, memories, chunks int64) error {
	return t.exec("UPDATE workspace SET memories = memories + ?, chunks = chunks + ? WHERE num = ?", memories, chunks, w)
}
