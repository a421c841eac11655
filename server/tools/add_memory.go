package tools

import (
	"context"
	"errors"
	"fmt"
	"time"

	mcpserver "github.com/mark3labs/mcp-go/server"

	"zapomni/memory"
)

type addMemoryIn struct {
	Text      string           `json:"text"                   jsonschema:"what to remember, whole sentences with names and dates"`
	Metadata  map[string]any   `json:"metadata,omitempty"     jsonschema:"anything else worth keeping"`
	Workspace memory.Workspace `json:"workspace_id,omitempty" jsonschema:"default: the current workspace"`
	Wait      bool             `json:"wait,omitempty"         jsonschema:"answer when it is found by meaning too, or after 20 s"`
}

type metadataIn struct {
	Source    string   `json:"source,omitempty"    jsonschema:"where it comes from"`
	Tags      []string `json:"tags,omitempty"`
	Timestamp string   `json:"timestamp,omitempty" jsonschema:"when it happened, default now"`
	Language  string   `json:"language,omitempty"`
}

type addMemoryOut struct {
	Status    string           `json:"status"`
	ID        memory.ID        `json:"memory_id"`
	Workspace memory.Workspace `json:"workspace_id"`
}

type adder interface {
	Add(ctx context.Context, d memory.Draft) (memory.Memory, error)
	Embed(ctx context.Context, w memory.Workspace, each func(n int)) error
}

// previewLength is how much of a memory is said back, in code points.
const previewLength = 100

// longestWait is how long an answer is held back for vectors: what is before
// them in the queue may take hours, and many clients give up after a minute.
const longestWait = 20 * time.Second

// embedSoon returns once w is embedded, or why it is not when the answer is due.
func embedSoon(ctx context.Context, a adder, w memory.Workspace, leaving <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, longestWait)
	defer cancel()
	go func() {
		select {
		case <-leaving:
			cancel()
		case <-ctx.Done():
		}
	}()
	return a.Embed(ctx, w, nil)
}

func addMemory(a adder, s Sessions, o Options) mcpserver.ServerTool {
	return define(about{
		name: "add_memory", title: "Remember", effect: adds,
		does: "Keep something for later conversations: a fact, preference, decision, plan, solution, text or code. " +
			"Call it as soon as you learn what will matter later.",
	}, func(ctx context.Context, in addMemoryIn) (answer, error) {
		w, named := chosen(ctx, s, in.Workspace)
		d := memory.Draft{Workspace: w, Text: in.Text, Metadata: in.Metadata}
		m, err := a.Add(ctx, d)
		if !named && errors.Is(err, memory.ErrNoWorkspace) {
			// Someone has deleted the workspace that this session is in.
			d.Workspace = memory.DefaultWorkspace
			m, err = a.Add(ctx, d)
		}
		if err != nil {
			return answer{}, fmt.Errorf("add memory: %w", err)
		}
		text := fmt.Sprintf("Memory stored successfully.\nID: %s\nPreview: %s", m.ID, cut(m.Text, previewLength, "..."))
		if in.Wait {
			if err := embedSoon(ctx, a, m.Workspace, o.Leaving); err != nil {
				text += "\nIt is found by its words; its meaning is still to be embedded."
			}
		}
		return answer{
			text: text,
			data: addMemoryOut{Status: "stored", ID: m.ID, Workspace: m.Workspace},
		}, nil
	},
		length("text", 1, o.MaxTextLength),
		known[metadataIn]("metadata"), format("metadata.timestamp", "date-time"))
}
