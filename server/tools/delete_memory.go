package tools

import (
	"context"
	"errors"
	"fmt"

	mcpserver "github.com/mark3labs/mcp-go/server"

	"zapomni/memory"
)

type deleteMemoryIn struct {
	ID        string           `json:"memory_id"              jsonschema:"search_memory shows it with full=true"`
	Confirm   bool             `json:"confirm"                jsonschema:"must be true"`
	Workspace memory.Workspace `json:"workspace_id,omitempty" jsonschema:"default: the current workspace"`
}

type deleter interface {
	Delete(ctx context.Context, w memory.Workspace, id memory.ID) error
}

func deleteMemory(d deleter, s Sessions) mcpserver.ServerTool {
	return define(about{
		name: "delete_memory", title: "Forget a memory", effect: destroys,
		does: "Delete one memory for good.",
	}, func(ctx context.Context, in deleteMemoryIn) (answer, error) {
		id, err := memory.ParseID(in.ID)
		if err != nil {
			return answer{}, refuse("Input validation failed - memory_id: Value error, Invalid UUID format: badly formed hexadecimal UUID string")
		}
		if !in.Confirm {
			return answer{}, refuse("Deletion requires explicit confirmation. Please set confirm=true to proceed. " +
				"This is a safety feature to prevent accidental deletions.")
		}
		w, _ := chosen(ctx, s, in.Workspace)
		err = d.Delete(ctx, w, id)
		if errors.Is(err, memory.ErrNotFound) {
			return answer{}, &RefusalError{Text: fmt.Sprintf("Memory not found.\nID: %s\nStatus: Not Found - No deletion performed", id), Bare: true}
		}
		if err != nil {
			return answer{}, fmt.Errorf("delete memory: %w", err)
		}
		return answer{text: fmt.Sprintf("Memory deleted successfully.\nID: %s\nStatus: Deleted", id)}, nil
	}, format("memory_id", "uuid"))
}
