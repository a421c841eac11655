package tools

import (
	"context"
	"fmt"
	"strings"

	mcpserver "github.com/mark3labs/mcp-go/server"

	"zapomni/memory"
)

type workspaceLister interface {
	Workspaces(ctx context.Context) ([]memory.WorkspaceInfo, error)
}

type listWorkspacesOut struct {
	Workspaces []any `json:"workspaces"`
}

type workspaceOut struct {
	ID          memory.Workspace `json:"workspace_id"`
	Name        string           `json:"name"`
	Description string           `json:"description,omitempty"`
	CreatedAt   string           `json:"created_at"`
}

func listWorkspaces(w workspaceLister, maxBytes int) mcpserver.ServerTool {
	return define(about{
		name: "list_workspaces", title: "List workspaces", effect: reads,
		does: "List all workspaces.",
	}, func(ctx context.Context, _ struct{}) (answer, error) {
		infos, err := w.Workspaces(ctx)
		if err != nil {
			return answer{}, fmt.Errorf("list workspaces: %w", err)
		}
		return listed(infos, maxBytes), nil
	})
}

// listed says which workspaces there are in at most so many bytes.
func listed(infos []memory.WorkspaceInfo, room int) answer {
	if len(infos) == 0 {
		return answer{
			text: "No workspaces found. Use create_workspace to create one.",
			data: listWorkspacesOut{Workspaces: []any{}},
		}
	}
	entries := make([]entry, 0, len(infos))
	for _, info := range infos {
		entries = append(entries, entry{
			text: fmt.Sprintf("- %s: %s\n  Description: %s\n  Created: %s", info.ID, info.Name, described(info), minute(info.CreatedAt)),
			data: workspaceOut{ID: info.ID, Name: info.Name, Description: info.Description, CreatedAt: stamp(info.CreatedAt)},
		})
	}
	texts, data := listing(entries, room)
	a := answer{text: fmt.Sprintf("Found %d workspace(s):\n", len(infos)) + strings.Join(texts, "\n")}
	if left := len(infos) - len(texts); left > 0 {
		a.text += fmt.Sprintf("\n\n%d more left out to keep this answer short.", left)
	}
	if data != nil {
		a.data = listWorkspacesOut{Workspaces: data}
	}
	return a
}
