package tools

import (
	"context"
	"strings"
	"time"

	"zapomni/memory"
)

// Bounds of what a workspace is called, in code points.
const (
	maxWorkspaceID          = 64
	maxWorkspaceName        = 255
	maxWorkspaceDescription = 1000
	workspaceIDPattern      = "^[a-zA-Z0-9_-]+$"
)

// Clients look for these counts. A store without a graph has none of either.
const (
	noEntities      = 0
	noRelationships = 0
)

// chosen returns the workspace that a call is about: the one it names, or else
// the one its session is in. named tells which.
func chosen(ctx context.Context, s Sessions, given memory.Workspace) (w memory.Workspace, named bool) {
	if w := memory.Workspace(strings.TrimSpace(string(given))); w != "" {
		return w, true
	}
	return s.Current(ctx), false
}

// described returns the description of a workspace as it is shown.
func described(info memory.WorkspaceInfo) string {
	if info.Description == "" {
		return "(none)"
	}
	return info.Description
}

// minute writes a time for people, stamp for programs.
func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }
func stamp(t time.Time) string  { return t.UTC().Format(time.RFC3339) }
