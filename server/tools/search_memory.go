package tools

import (
	"context"
	"fmt"
	"strings"

	mcpserver "github.com/mark3labs/mcp-go/server"

	"zapomni/memory"
)

type searchMemoryIn struct {
	Query     string           `json:"query"                  jsonschema:"a plain question, or words to look for"`
	Limit     int              `json:"limit,omitempty"`
	Filters   filtersIn        `json:"filters,omitzero"`
	Workspace memory.Workspace `json:"workspace_id,omitempty" jsonschema:"default: the current workspace"`
	Full      bool             `json:"full,omitempty"         jsonschema:"show whole passages, with IDs and dates"`
	MaxTokens int              `json:"max_tokens,omitempty"   jsonschema:"most tokens in the answer"`
}

type recaller interface {
	Recall(ctx context.Context, q memory.Question) ([]memory.Hit, error)
}

// bytesPerToken is how many bytes of an answer a model's token stands for, in
// most texts.
const bytesPerToken = 4

func searchMemory(r recaller, s Sessions, limit, maxBytes int) mcpserver.ServerTool {
	return define(about{
		name: "search_memory", title: "Recall", effect: reads,
		does: "Find what was remembered in earlier conversations, best match first. " +
			"Call it before answering whatever may depend on the past.",
	}, func(ctx context.Context, in searchMemoryIn) (answer, error) {
		filter, err := in.Filters.filter()
		if err != nil {
			return answer{}, err
		}
		w, _ := chosen(ctx, s, in.Workspace)
		hits, err := r.Recall(ctx, memory.Question{Workspace: w, Text: in.Query, Limit: in.Limit, Filter: filter})
		if err != nil {
			return answer{}, fmt.Errorf("search memory: %w", err)
		}
		room := maxBytes
		if in.MaxTokens > 0 {
			room = in.MaxTokens * bytesPerToken
		}
		return found(hits, in.Full, room), nil
	},
		length("query", 1, memory.MaxQueryLength),
		between("limit", 1, memory.MaxLimit), fallback("limit", limit),
		between("max_tokens", 200, 250_000),
		format("filters.date_from", "date"), format("filters.date_to", "date"),
		open)
}

type searchMemoryOut struct {
	Found   int   `json:"found"`
	Results []any `json:"results"`
}

// found says what was recalled in at most so many bytes.
func found(hits []memory.Hit, full bool, room int) answer {
	if len(hits) == 0 {
		return answer{
			text: "No results found matching your query.",
			data: searchMemoryOut{Results: []any{}},
		}
	}
	entries := make([]entry, 0, len(hits))
	for i, h := range hits {
		entries = append(entries, hitEntry(i+1, h, full, room))
	}
	texts, data := listing(entries, room)
	a := answer{text: fmt.Sprintf("Found %d results:\n", len(hits)) + strings.Join(texts, "")}
	if left := len(hits) - len(texts); left > 0 {
		a.text += fmt.Sprintf("\n%d more left out to keep this answer short; ask again with a larger max_tokens to see them.\n", left)
	}
	if data != nil {
		a.data = searchMemoryOut{Found: len(hits), Results: data}
	}
	return a
}
