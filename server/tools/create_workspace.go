package tools

import (
	"context"
	"errors"
	"fmt"

	mcpserver "github.com/mark3labs/mcp-go/server"

	"zapomni/memory"
)

type createWorkspaceIn struct {
	ID          memory.Workspace `json:"workspace_id" jsonschema:"lower-case letters, digits, - and _"`
	Name        string           `json:"name"`
	Description string           `json:"description,omitempty"`
}

type workspaceMaker interface {
	CreateWorkspace(ctx context.Context, info memory.WorkspaceInfo) (memory.WorkspaceInfo, error)
}

func createWorkspace(w workspaceMaker) mcpserver.ServerTool {
	return define(about{
		name: "create_workspace", title: "Create a workspace", effect: adds,
		does: "Make a workspace, which keeps its memories apart from others.",
	}, func(ctx context.Context, in createWorkspaceIn) (answer, error) {
		info, err := w.CreateWorkspace(ctx, memory.WorkspaceInfo{ID: in.ID, Name: in.Name, Description: in.Description})
		if errors.Is(err, memory.ErrConflict) {
			return answer{}, refuse("Failed to create workspace: Workspace '%s' already exists", in.ID)
		}
		if err != nil {
			return answer{}, fmt.Errorf("create workspace: %w", err)
		}
		return answer{text: fmt.Sprintf("Workspace created successfully.\nID: %s\nName: %s\nDescription: %s",
			info.ID, info.Name, described(info))}, nil
	},
		length("workspace_id", 1, maxWorkspaceID), matching("workspace_id", workspaceIDPattern),
		length("name", 1, maxWorkspaceName), length("description", 0, maxWorkspaceDescription))
}
