package tools

import (
	"context"
	"errors"
	"fmt"

	mcpserver "github.com/mark3labs/mcp-go/server"

	"zapomni/memory"
)

type deleteWorkspaceIn struct {
	ID      memory.Workspace `json:"workspace_id"`
	Confirm bool             `json:"confirm,omitempty" jsonschema:"without it, only says what would be lost"`
}

type workspaceDeleter interface {
	DeleteWorkspace(ctx context.Context, w memory.Workspace) error
}

type doomedWorkspace interface {
	workspaceFinder
	workspaceCounter
	workspaceDeleter
}

func deleteWorkspace(m doomedWorkspace) mcpserver.ServerTool {
	return define(about{
		name: "delete_workspace", title: "Delete a workspace", effect: destroys,
		does: "Delete a workspace and all its memories for good.",
	}, func(ctx context.Context, in deleteWorkspaceIn) (answer, error) {
		if in.ID == memory.DefaultWorkspace {
			return answer{}, refuse("Cannot delete the default workspace.")
		}
		var text string
		var err error
		if in.Confirm {
			text = fmt.Sprintf("Workspace '%s' has been deleted.", in.ID)
			err = m.DeleteWorkspace(ctx, in.ID)
		} else {
			text, err = warning(ctx, m, in.ID)
		}
		if errors.Is(err, memory.ErrNoWorkspace) {
			return answer{text: fmt.Sprintf("Workspace '%s' was not found.", short(string(in.ID)))}, nil
		}
		if err != nil {
			return answer{}, fmt.Errorf("delete workspace: %w", err)
		}
		return answer{text: text}, nil
	}, length("workspace_id", 1, maxWorkspaceID), fallback("confirm", false))
}

// warning says what would be lost with a workspace.
func warning(ctx context.Context, m doomedWorkspace, w memory.Workspace) (string, error) {
	if _, err := m.Workspace(ctx, w); err != nil {
		return "", err
	}
	counts, err := m.Counts(ctx, w)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("WARNING: You are about to delete workspace '%s'.\n\nThis workspace contains:\n"+
		"- %d memories\n- %d chunks\n- %d entities\n- %d relationships\n\nThis action is IRREVERSIBLE.\n"+
		"To confirm deletion, call again with confirm=true.",
		w, counts.Memories, counts.Chunks, noEntities, noRelationships), nil
}
