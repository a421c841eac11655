package tools

import (
	"context"
	"errors"
	"fmt"

	mcpserver "github.com/mark3labs/mcp-go/server"

	"zapomni/memory"
)

type workspaceCounter interface {
	Counts(ctx context.Context, w memory.Workspace) (memory.Counts, error)
}

type currentWorkspace interface {
	workspaceFinder
	workspaceCounter
}

type getCurrentWorkspaceOut struct {
	ID          memory.Workspace `json:"workspace_id"`
	Exists      bool             `json:"exists"`
	Name        string           `json:"name,omitempty"`
	Description string           `json:"description,omitempty"`
	Memories    int              `json:"memories"`
	Chunks      int              `json:"chunks"`
}

func getCurrentWorkspace(m currentWorkspace, s Sessions) mcpserver.ServerTool {
	return define(about{
		name: "get_current_workspace", title: "Current workspace", effect: reads,
		does: "Say which workspace is in use, and what it holds.",
	}, func(ctx context.Context, _ struct{}) (answer, error) {
		w := s.Current(ctx)
		info, err := m.Workspace(ctx, w)
		gone := errors.Is(err, memory.ErrNoWorkspace)
		if err != nil && !gone {
			return answer{}, fmt.Errorf("get current workspace: %w", err)
		}
		counts, err := m.Counts(ctx, w)
		if err != nil {
			return answer{}, fmt.Errorf("get current workspace: %w", err)
		}
		who := fmt.Sprintf("Name: %s\nDescription: %s", info.Name, described(info))
		if gone {
			who = "(Workspace not found in database - using default)"
		}
		return answer{
			text: fmt.Sprintf("Current Workspace: %s\n%s\n\nStatistics:\n- Memories: %d\n- Chunks: %d\n- Entities: %d\n- Relationships: %d",
				w, who, counts.Memories, counts.Chunks, noEntities, noRelationships),
			data: getCurrentWorkspaceOut{
				ID: w, Exists: !gone, Name: info.Name, Description: info.Description,
				Memories: counts.Memories, Chunks: counts.Chunks,
			},
		}, nil
	})
}
