// Package tools is what an assistant can do here: one file for each tool, with
// the shape of the question, the method of memory that it calls and the words
// of the answer.
//
// The schema that a client sees is read off a struct and narrowed by rules.
// Arguments are checked against that same schema before a tool runs, so a tool
// never sees a value that its schema does not allow.
package tools

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/mark3labs/mcp-go/mcp"
	mcpserver "github.com/mark3labs/mcp-go/server"
)

// effect is what a call does to what is kept.
type effect int

const (
	reads    effect = iota // changes nothing
	adds                   // each call adds something
	sets                   // changes something; the same call again changes nothing more
	destroys               // takes something away for good
)

// about describes a tool to its clients, who pay for every word of it.
type about struct {
	name, title, does string
	effect            effect
}

// answer is what a call that went well says.
type answer struct {
	text string
	// data says the same for programs, nil for nothing. It has to stand alone:
	// many clients show it to their model in place of the text.
	data any
}

// define makes a tool of a plain function. T is the shape of its arguments.
// It panics if T has no schema or a rule does not fit it.
func define[T any](a about, call func(context.Context, T) (answer, error), rules ...rule) mcpserver.ServerTool {
	schema := schemaOf[T](rules)
	check, err := newChecker(schema)
	if err != nil {
		panic(fmt.Sprintf("tool %s: %v", a.name, err))
	}
	raw, err := json.Marshal(schema)
	if err != nil {
		panic(fmt.Sprintf("tool %s: %v", a.name, err))
	}
	defaults := defaultsOf(schema)
	tool := mcp.NewToolWithRawSchema(a.name, a.does, raw)
	tool.Annotations = a.annotations()
	return mcpserver.ServerTool{
		Tool: tool,
		Handler: func(ctx context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			var in T
			if err := read(r, check, defaults, &in); err != nil {
				return nil, err
			}
			out, err := call(ctx, in)
			if err != nil {
				return nil, err
			}
			result := mcp.NewToolResultText(out.text)
			result.StructuredContent = out.data
			return result, nil
		},
	}
}

func (a about) annotations() mcp.ToolAnnotation {
	return mcp.ToolAnnotation{
		Title:           a.title,
		ReadOnlyHint:    new(a.effect == reads),
		DestructiveHint: new(a.effect == destroys),
		IdempotentHint:  new(a.effect != adds),
		OpenWorldHint:   new(false),
	}
}

// read checks the arguments of a call and puts them, and the defaults for what
// was left out, into in, which points to a zero value.
func read(r mcp.CallToolRequest, check *checker, defaults []byte, in any) error {
	raw, err := arguments(r)
	if err != nil {
		return err
	}
	if field, at, bad := invalidText(raw); bad {
		return refuse("%s is not valid UTF-8 at byte %d", field, at)
	}
	var v any
	if err := decode(raw, &v); err != nil {
		return fmt.Errorf("decode arguments: %w", err)
	}
	if wrong := check.wrong(v); wrong != "" {
		return &RefusalError{Text: "Input validation error: " + wrong, Bare: true}
	}
	if key, extra := check.extra(v); extra {
		return refuse("Invalid input - %s: Extra inputs are not permitted", short(key))
	}
	if check.writeWholeNumbers(v) {
		if raw, err = json.Marshal(v); err != nil {
			return fmt.Errorf("encode arguments: %w", err)
		}
	}
	if err := decode(defaults, in); err != nil {
		return fmt.Errorf("decode defaults: %w", err)
	}
	if err := decode(raw, in); err != nil {
		return fmt.Errorf("decode arguments: %w", err)
	}
	return nil
}

// arguments returns the arguments as they came in, byte by byte where the
// transport has kept them. None at all counts as an empty object.
func arguments(r mcp.CallToolRequest) ([]byte, error) {
	raw := []byte(r.Params.RawArguments)
	if len(raw) == 0 && r.Params.Arguments != nil {
		var err error
		if raw, err = json.Marshal(r.Params.Arguments); err != nil {
			return nil, fmt.Errorf("encode arguments: %w", err)
		}
	}
	if raw = bytes.TrimSpace(raw); len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return []byte("{}"), nil
	}
	return raw, nil
}

// decode keeps numbers as they were written, so that metadata comes out as it
// went in.
func decode(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return d.Decode(into)
}

// defaultsOf returns the arguments that stand for those left out.
func defaultsOf(s *jsonschema.Schema) []byte {
	values := make(map[string]json.RawMessage)
	for name, p := range s.Properties {
		if p.Default != nil {
			values[name] = p.Default
		}
	}
	raw, err := json.Marshal(values)
	if err != nil {
		panic(fmt.Sprintf("defaults: %v", err))
	}
	return raw
}

// RefusalError is an error in words that are meant for the caller as they stand.
type RefusalError struct {
	Text string
	// Bare words are sent without anything before them.
	Bare bool
}

func (r *RefusalError) Error() string { return r.Text }

func refuse(format string, values ...any) error {
	return &RefusalError{Text: fmt.Sprintf(format, values...)}
}
