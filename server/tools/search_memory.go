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
	Mode      memory.Mode      `json:"mode,omitempty"         jsonschema:"default: hybrid"`
	Explain   bool             `json:"explain,omitempty"      jsonschema:"say why each was found, and by how much"`
	AsOf      string           `json:"as_of,omitempty"        jsonschema:"only what happened by then: date or time"`
}

type recaller interface {
	Recall(ctx context.Context, q memory.Question) (memory.Answer, error)
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
		filter, err := in.filter()
		if err != nil {
			return answer{}, err
		}
		w, _ := chosen(ctx, s, in.Workspace)
		got, err := r.Recall(ctx, memory.Question{Workspace: w, Text: in.Query, Limit: in.Limit, Filter: filter, Mode: in.Mode})
		if err != nil {
			return answer{}, fmt.Errorf("search memory: %w", err)
		}
		room := maxBytes
		if in.MaxTokens > 0 {
			room = in.MaxTokens * bytesPerToken
		}
		return found(got, look{full: in.Full, explain: in.Explain, note: sentence(got.Note(in.Mode))}, room), nil
	},
		length("query", 1, memory.MaxQueryLength),
		between("limit", 1, memory.MaxLimit), fallback("limit", limit),
		between("max_tokens", 200, 250_000),
		oneOf("mode", memory.ByBoth, memory.ByWords, memory.ByMeaning),
		format("filters.date_from", "date"), format("filters.date_to", "date"),
		open)
}

// filter narrows by the earlier of the ends that filters and as_of give.
func (in searchMemoryIn) filter() (memory.Filter, error) {
	f, err := in.Filters.filter()
	if err != nil {
		return f, err
	}
	end, err := moment("as_of", in.AsOf, memory.ParseEnd)
	if !end.IsZero() && (f.To.IsZero() || end.Before(f.To)) {
		f.To = end
	}
	return f, err
}

type searchMemoryOut struct {
	Found   int    `json:"found"`
	Results []any  `json:"results"`
	Note    string `json:"note,omitempty"`
}

// look is how hits are shown.
type look struct {
	full    bool // whole passages, with IDs and dates
	explain bool // with all reasons, and what each is worth
	note    string
}

// sentence makes one of a clause, in plain letters, that is not empty.
func sentence(clause string) string {
	if clause == "" {
		return ""
	}
	return strings.ToUpper(clause[:1]) + clause[1:] + "."
}

// found says what was recalled in at most so many bytes.
func found(got memory.Answer, l look, room int) answer {
	hits, note := got.Hits, l.note
	if len(hits) == 0 {
		return answer{
			text: strings.TrimRight("No results found matching your query.\n"+note, "\n"),
			data: searchMemoryOut{Results: []any{}, Note: note},
		}
	}
	entries := make([]entry, 0, len(hits))
	for i, h := range hits {
		entries = append(entries, hitEntry(i+1, h, l, room))
	}
	texts, data := listing(entries, room)
	a := answer{text: fmt.Sprintf("Found %d results:\n", len(hits)) + strings.Join(texts, "")}
	if left := len(hits) - len(texts); left > 0 {
		a.text += fmt.Sprintf("\n%d more left out to keep this answer short; ask again with a larger max_tokens to see them.\n", left)
	}
	if note != "" {
		a.text += "\n" + note + "\n"
	}
	if data != nil {
		a.data = searchMemoryOut{Found: len(hits), Results: data, Note: note}
	}
	return a
}
