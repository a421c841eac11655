package client

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Caller sends requests of the protocol, over whatever transport.
type Caller interface {
	// Call sends a request and waits for its answer. It returns an *Error if
	// that is an error of the protocol.
	Call(method string, params any) (json.RawMessage, error)
}

// initialized is what a client says when it knows the server.
const initialized = `{"jsonrpc":"2.0","method":"notifications/initialized"}`

// introduction is how a client begins.
func introduction() map[string]any {
	return map[string]any{
		"protocolVersion": "2025-06-18", "capabilities": map[string]any{}, "clientInfo": map[string]any{"name": "test", "version": "1"},
	}
}

func encode(id int64, method string, params any) ([]byte, error) {
	return json.Marshal(map[string]any{"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

// Result is the answer of a tool.
type Result struct {
	Text       string
	Structured json.RawMessage
	IsError    bool
	Size       int // of the whole answer, in bytes
}

// Tool calls a tool.
func Tool(c Caller, name string, arguments any) (Result, error) {
	raw, err := c.Call("tools/call", map[string]any{"name": name, "arguments": arguments})
	if err != nil {
		return Result{}, err
	}
	var m struct {
		Content []struct {
			Text string `json:"text"`
		} `json:"content"`
		Structured json.RawMessage `json:"structuredContent"`
		IsError    bool            `json:"isError"`
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return Result{}, err
	}
	r := Result{Structured: m.Structured, IsError: m.IsError, Size: len(raw)}
	for _, part := range m.Content {
		r.Text += part.Text
	}
	return r, nil
}

// succeed is Tool for what should succeed: it reads the structured result
// into out, nil where there is none.
func succeed(c Caller, name string, arguments, out any) error {
	r, err := Tool(c, name, arguments)
	if err != nil {
		return err
	}
	if r.IsError {
		return errors.New(r.Text)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(r.Structured, out); err != nil {
		return fmt.Errorf("structured results: %w", err)
	}
	return nil
}

// Add keeps a text and returns its ID.
func Add(c Caller, arguments map[string]any) (string, error) {
	var out struct {
		ID string `json:"memory_id"`
	}
	err := succeed(c, "add_memory", arguments, &out)
	return out.ID, err
}

// Delete deletes a memory.
func Delete(c Caller, id string) error {
	return succeed(c, "delete_memory", map[string]any{"memory_id": id, "confirm": true}, nil)
}

// Hit is one of what search_memory found.
type Hit struct {
	ID   string `json:"memory_id"`
	Text string `json:"text"`
}

// Search returns what search_memory finds, best first.
func Search(c Caller, arguments map[string]any) ([]Hit, error) {
	var out struct {
		Results []Hit `json:"results"`
	}
	err := succeed(c, "search_memory", arguments, &out)
	return out.Results, err
}
