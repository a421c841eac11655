package tools

import (
	"context"
	"fmt"

	mcpserver "github.com/mark3labs/mcp-go/server"
)

type clearAllIn struct {
	Phrase string `json:"confirm_phrase" jsonschema:"DELETE ALL MEMORIES, and only if the user asked for that"`
}

type clearer interface {
	Clear(ctx context.Context) error
}

const clearPhrase = "DELETE ALL MEMORIES"

func clearAll(c clearer) mcpserver.ServerTool {
	return define(about{
		name: "clear_all", title: "Forget everything", effect: destroys,
		does: "Delete every memory of every workspace for good.",
	}, func(ctx context.Context, in clearAllIn) (answer, error) {
		switch in.Phrase {
		case clearPhrase:
		case "":
			return answer{}, refuse("Input validation failed - confirm_phrase: Value error, confirm_phrase cannot be empty")
		default:
			return answer{}, refuse("Invalid confirmation phrase. To clear all memories, provide EXACT phrase:\n" +
				"confirm_phrase: \"" + clearPhrase + "\"\n\n" +
				"This operation is PERMANENT and IRREVERSIBLE. All stored memories will be deleted. " +
				"The phrase is case-sensitive and no partial matches are accepted.")
		}
		if err := c.Clear(ctx); err != nil {
			return answer{}, fmt.Errorf("clear all: %w", err)
		}
		return answer{text: "All memories cleared successfully!\nStatus: CLEARED\n" +
			"All data has been permanently deleted from the knowledge graph.\n" +
			"WARNING: This operation is irreversible."}, nil
	})
}
