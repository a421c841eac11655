package tools

import (
	"context"
	"errors"
	"fmt"

	mcpserver "github.com/mark3labs/mcp-go/server"

	"zapomni/memory"
)

type setCurrentWorkspaceIn struct {
	ID memory.Workspace `json:"workspace_id"`
}

type workspaceFinder interface {
	Workspace(ctx context.Context, w memory.Workspace) (memory.WorkspaceInfo, error)
}

func setCurrentWorkspace(w workspaceFinder, s Sessions) mcpserver.ServerTool {
	return define(about{
		name: "set_current_workspace", title: "Enter a workspace", effect: sets,
		does: "Use a workspace for the rest of this session.",
	}, func(ctx context.Context, in setCurrentWorkspaceIn) (answer, error) {
		info, err := w.Workspace(ctx, in.ID)
		if errors.Is(err, memory.ErrNoWorkspace) {
			return answer{}, refuse("Workspace '%s' not found.", in.ID)
		}
		if err != nil {
			return answer{}, fmt.Errorf("set current workspace: %w", err)
		}
		if !s.Enter(ctx, info.ID) {
			return answer{}, refuse("This connection has no session to remember a workspace in. Give workspace_id with each call instead.")
		}
		return answer{text: fmt.Sprintf("Current workspace set to '%s'.\nName: %s\nAll subsequent memory operations will use this workspace.",
			info.ID, info.Name)}, nil
	}, length("workspace_id", 1, maxWorkspaceID), matching("workspace_id", workspaceIDPattern))
}
