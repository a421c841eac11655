package falkor

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"zapomni/memory"
)

// change runs a write that needs the graph of w to be ready, as try reports.
// One that is not is made so if the workspace exists, and the write is tried
// again.
func (s *Store) change(ctx context.Context, w memory.Workspace, try func() (bool, error)) error {
	for range 3 {
		if err := s.spaces.exists(ctx, s, w); err != nil {
			return err
		}
		if ready, err := try(); ready || err != nil {
			return err
		}
		s.spaces.forget(w)
		if err := s.restore(ctx, w); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: the workspace is being made and deleted again", memory.ErrUnavailable)
}

// restore makes the graph of a workspace whose making or deletion was cut
// short. A workspace that was deleted meanwhile does not come back by it.
func (s *Store) restore(ctx context.Context, w memory.Workspace) error {
	if err := s.spaces.exists(ctx, s, w); err != nil {
		return err
	}
	if w == memory.DefaultWorkspace {
		return s.prepareDefault(ctx)
	}
	if err := s.prepare(ctx, s.graphOf(w)); err != nil {
		return err
	}
	s.spaces.forget(w)
	err := s.spaces.exists(ctx, s, w)
	if errors.Is(err, memory.ErrNoWorkspace) {
		return errors.Join(err, s.dropIf(ctx, s.graphOf(w), func() (bool, error) {
			_, err := s.workspace(ctx, w, s.look)
			return errors.Is(err, memory.ErrNoWorkspace), unless(err, memory.ErrNoWorkspace)
		}))
	}
	return err
}

// spaces remembers which workspaces exist, so that a write is one query. That
// one is gone meanwhile shows when its graph is written to. The zero value
// knows of none.
type spaces struct {
	mu    sync.Mutex
	known map[memory.Workspace]bool
}

// exists returns memory.ErrNoWorkspace if there is no such workspace.
func (k *spaces) exists(ctx context.Context, s *Store, w memory.Workspace) error {
	if w == memory.DefaultWorkspace {
		return nil
	}
	k.mu.Lock()
	known := k.known[w]
	k.mu.Unlock()
	if known {
		return nil
	}
	if _, err := s.workspace(ctx, w, s.look); err != nil {
		return fmt.Errorf("workspace %s: %w", w, err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.known == nil {
		k.known = make(map[memory.Workspace]bool)
	}
	k.known[w] = true
	return nil
}

func (k *spaces) forget(w memory.Workspace) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.known, w)
}
