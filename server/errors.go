package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
	"unicode/utf8"

	"github.com/mark3labs/mcp-go/mcp"
	mcpserver "github.com/mark3labs/mcp-go/server"

	"zapomni/memory"
	"zapomni/server/tools"
)

// maxErrorBytes bounds the words of an error: some of them quote the caller.
const maxErrorBytes = 2000

// inWords turns errors into answers. It is the only place that does.
func inWords(log *slog.Logger) mcpserver.ToolHandlerMiddleware {
	return func(next mcpserver.ToolHandlerFunc) mcpserver.ToolHandlerFunc {
		return func(ctx context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			start := time.Now()
			result, err := next(ctx, r)
			log.DebugContext(ctx, "tool_called", "tool", r.Params.Name, "duration", time.Since(start))
			if err == nil {
				return result, nil
			}
			text, known := words(r.Params.Name, err)
			if !known {
				logFailure(ctx, log, r.Params.Name, err)
			}
			return mcp.NewToolResultError(clip(text)), nil
		}
	}
}

// words says err to the caller of a tool. known means that the words tell all
// there is to tell; otherwise the rest belongs into the log.
func words(tool string, err error) (text string, known bool) {
	var refusal *tools.RefusalError
	var field *memory.FieldError
	var unknown *memory.UnknownWorkspaceError
	say := phrasesOf(tool)
	switch {
	case errors.As(err, &refusal):
		if refusal.Bare {
			return refusal.Text, true
		}
		return "Error: " + refusal.Text, true
	case errors.Is(err, errShuttingDown):
		return "Error: The server is shutting down. Nothing was changed; try again when it is back.", true
	case errors.As(err, &field):
		return "Error: " + say.invalid + field.Error(), true
	case errors.As(err, &unknown):
		return "Error: " + unknown.Error(), true
	case errors.Is(err, context.Canceled):
		return "Error: The call was canceled.", true
	case errors.Is(err, context.DeadlineExceeded):
		return "Error: The call took too long and was stopped. Please try again.", false
	case errors.Is(err, memory.ErrFull):
		return "Error: There is no space left on the disk that holds the memories, so nothing was changed. " +
			"Free some space there and try again; what was stored before is safe.", false
	case errors.Is(err, memory.ErrUnavailable):
		return "Error: " + say.unavailable, false
	default:
		return "Error: " + say.unknown, false
	}
}

// phrases are how a tool says what can happen to any of them.
type phrases struct {
	invalid     string // before what is wrong with the input
	unavailable string // the store cannot serve now
	unknown     string // anything else
}

func phrasesOf(tool string) phrases {
	const cause = "Database temporarily unavailable. Please retry in a few seconds."
	switch tool {
	case "add_memory":
		return phrases{"", cause, "An internal error occurred while processing your memory."}
	case "search_memory":
		return phrases{"Invalid input: ", "Database error during search. Please try again.", "An unexpected error occurred during search."}
	case "get_stats":
		return phrases{"", "Failed to retrieve statistics - " + cause, "An unexpected error occurred while retrieving statistics"}
	case "delete_memory":
		return phrases{"", "Failed to delete memory - " + cause, "An unexpected error occurred while deleting memory"}
	case "clear_all":
		return phrases{"", "Failed to clear memories - " + cause, "An unexpected error occurred while clearing memories"}
	}
	failed := "Failed to " + workspaceVerb(tool)
	return phrases{"", failed + ": " + cause, failed + "."}
}

func workspaceVerb(tool string) string {
	switch tool {
	case "create_workspace":
		return "create workspace"
	case "list_workspaces":
		return "list workspaces"
	case "set_current_workspace":
		return "set workspace"
	case "get_current_workspace":
		return "get workspace"
	case "delete_workspace":
		return "delete workspace"
	}
	return "run " + tool
}

// panicError is what became of a panic.
type panicError struct {
	value any
	stack []byte
}

func (p *panicError) Error() string { return fmt.Sprintf("panic: %v", p.value) }

// recovered turns a panic of a tool into an error.
func recovered(next mcpserver.ToolHandlerFunc) mcpserver.ToolHandlerFunc {
	return func(ctx context.Context, r mcp.CallToolRequest) (result *mcp.CallToolResult, err error) {
		defer func() {
			if v := recover(); v != nil {
				result, err = nil, &panicError{value: v, stack: debug.Stack()}
			}
		}()
		return next(ctx, r)
	}
}

func logFailure(ctx context.Context, log *slog.Logger, tool string, err error) {
	if p, ok := errors.AsType[*panicError](err); ok {
		log.ErrorContext(ctx, "tool_panicked", "tool", tool, "error", err, "detail", string(p.stack))
		return
	}
	log.ErrorContext(ctx, "tool_failed", "tool", tool, "error", err)
}

// clip cuts what is too long, at a whole character.
func clip(text string) string {
	if len(text) <= maxErrorBytes {
		return text
	}
	end := maxErrorBytes
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}
