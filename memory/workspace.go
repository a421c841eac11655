package memory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"zapomni/memory/words"
)

// DefaultWorkspace always exists and cannot be deleted.
const DefaultWorkspace Workspace = "default"

// How the default workspace is described.
const (
	DefaultWorkspaceName        = "Default Workspace"
	DefaultWorkspaceDescription = "Default workspace for memories without explicit workspace"
)

// Limits of what describes a workspace, in characters.
const (
	maxWorkspaceName        = 255
	maxWorkspaceDescription = 1000
)

func (w Workspace) orDefault() Workspace { return cmp.Or(w, DefaultWorkspace) }

//nolint:gochecknoglobals // a constant.
var workspaceID = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

// Check says what is wrong with a workspace's ID, as a FieldError.
func (w Workspace) Check() error {
	if err := w.checkReserved(); err != nil {
		return err
	}
	if !workspaceID.MatchString(string(w)) {
		return &FieldError{Field: "workspace_id", Why: "Workspace ID must be 1-63 lowercase characters, starting with alphanumeric, containing only letters, numbers, hyphens, underscores"}
	}
	return nil
}

// checkReserved refuses the IDs that are kept for the program's own use, in
// any case of letters and for every operation.
func (w Workspace) checkReserved() error {
	switch strings.ToLower(string(w)) {
	case "system", "admin", "test", "global", "root", "internal":
		return &FieldError{Field: "workspace_id", Why: fmt.Sprintf("Workspace ID '%s' is reserved and cannot be used", w)}
	}
	return nil
}

// UnknownWorkspaceError says that a workspace does not exist, and which ones
// may have been meant. It unwraps to ErrNoWorkspace.
type UnknownWorkspaceError struct {
	ID   Workspace
	Near []Workspace // the most alike first, at most three
}

func (e *UnknownWorkspaceError) Error() string {
	s := fmt.Sprintf("Workspace '%s' does not exist.", e.ID)
	if len(e.Near) > 0 {
		names := make([]string, len(e.Near))
		for i, w := range e.Near {
			names[i] = string(w)
		}
		s += " Nearest: " + strings.Join(names, ", ") + "."
	}
	return s + " Use list_workspaces to see all, create_workspace to make one."
}

func (e *UnknownWorkspaceError) Unwrap() error { return ErrNoWorkspace }

// CreateWorkspace makes a workspace of info's ID, name and description. It
// returns ErrConflict if the ID is taken.
func (p *Processor) CreateWorkspace(ctx context.Context, info WorkspaceInfo) (WorkspaceInfo, error) {
	if err := info.ID.Check(); err != nil {
		return WorkspaceInfo{}, err
	}
	info.Name, info.Description = strings.TrimSpace(info.Name), strings.TrimSpace(info.Description)
	switch {
	case info.Name == "":
		return WorkspaceInfo{}, &FieldError{Field: "name", Why: "Workspace name cannot be empty"}
	case utf8.RuneCountInString(info.Name) > maxWorkspaceName:
		return WorkspaceInfo{}, &FieldError{Field: "name", Why: fmt.Sprintf("Workspace name exceeds %d characters", maxWorkspaceName)}
	case utf8.RuneCountInString(info.Description) > maxWorkspaceDescription:
		return WorkspaceInfo{}, &FieldError{Field: "description", Why: fmt.Sprintf("Workspace description exceeds %d characters", maxWorkspaceDescription)}
	}
	info.CreatedAt = p.now().UTC().Truncate(time.Microsecond)
	if err := p.store.AddWorkspace(ctx, info); err != nil {
		return WorkspaceInfo{}, fmt.Errorf("create workspace %s: %w", info.ID, err)
	}
	return info, nil
}

// Workspace describes a workspace, or returns an UnknownWorkspaceError.
func (p *Processor) Workspace(ctx context.Context, w Workspace) (WorkspaceInfo, error) {
	if err := w.checkReserved(); err != nil {
		return WorkspaceInfo{}, err
	}
	info, err := p.store.Workspace(ctx, w)
	if err != nil {
		return WorkspaceInfo{}, fmt.Errorf("workspace %s: %w", w, p.explain(ctx, w, err))
	}
	return info, nil
}

// Workspaces lists all workspaces, the default one first, then by age.
func (p *Processor) Workspaces(ctx context.Context) ([]WorkspaceInfo, error) {
	infos, err := p.store.Workspaces(ctx)
	if err != nil {
		return nil, fmt.Errorf("list workspaces: %w", err)
	}
	return infos, nil
}

// DeleteWorkspace forgets a workspace and all it holds. It returns an
// UnknownWorkspaceError if there is none; the default one is refused.
func (p *Processor) DeleteWorkspace(ctx context.Context, w Workspace) error {
	if w == DefaultWorkspace {
		return &FieldError{Field: "workspace_id", Why: "Cannot delete the default workspace."}
	}
	if err := w.checkReserved(); err != nil {
		return err
	}
	if err := p.store.DeleteWorkspace(ctx, w); err != nil {
		return fmt.Errorf("delete workspace %s: %w", w, p.explain(ctx, w, err))
	}
	return nil
}

// Counts says how much a workspace holds; nothing if it does not exist.
func (p *Processor) Counts(ctx context.Context, w Workspace) (Counts, error) {
	counts, err := p.store.Counts(ctx, w.orDefault())
	if err != nil {
		return Counts{}, fmt.Errorf("count workspace %s: %w", w, err)
	}
	return counts, nil
}

// explain makes of ErrNoWorkspace an error that names the workspaces near w.
func (p *Processor) explain(ctx context.Context, w Workspace, err error) error {
	if !errors.Is(err, ErrNoWorkspace) {
		return err
	}
	unknown := &UnknownWorkspaceError{ID: w}
	if infos, listErr := p.store.Workspaces(ctx); listErr == nil {
		unknown.Near = nearest(w, infos)
	}
	return unknown
}

// nearest returns the workspaces whose IDs are most like w.
func nearest(w Workspace, infos []WorkspaceInfo) []Workspace {
	type near struct {
		id       Workspace
		distance int
	}
	if len(w) > longestCompared {
		return nil
	}
	all := make([]near, 0, len(infos))
	for _, info := range infos {
		d := words.Distance(string(w), string(info.ID))
		if d <= max(2, len(w)/2) || strings.Contains(string(info.ID), string(w)) || strings.Contains(string(w), string(info.ID)) {
			all = append(all, near{info.ID, d})
		}
	}
	slices.SortStableFunc(all, func(a, b near) int { return cmp.Compare(a.distance, b.distance) })
	ids := make([]Workspace, 0, 3)
	for _, n := range all[:min(3, len(all))] {
		ids = append(ids, n.id)
	}
	return ids
}

// longestCompared is the length in bytes beyond which no ID is taken for a
// misspelled one.
const longestCompared = 128
