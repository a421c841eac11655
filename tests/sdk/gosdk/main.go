// Command gosdk talks to the server through the official SDK for Go over HTTP:
// it keeps something, finds it, and goes on after the server has been started
// anew. It prints what it saw as one JSON object.
//
// It is a module of its own, so that the server does not depend on that SDK.
//
//	usage: gosdk streamable|sessionless|sse URL
//
// It prints "restart" when the server is to be started anew, and goes on when it
// reads a line.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// many is how many searches are made at once.
const many = 50

// seen is what it saw.
type seen struct {
	Server     *mcp.Implementation `json:"server"`
	Revision   string              `json:"revision"`
	Tools      int                 `json:"tools"`
	Added      *mcp.CallToolResult `json:"added"`
	Found      int                 `json:"found"`
	Told       int                 `json:"told"` // the status, when the session was gone
	Again      bool                `json:"again"`
	FoundAgain *mcp.CallToolResult `json:"foundAgain"`
}

func main() {
	if err := talk(context.Background(), os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func connect(ctx context.Context, kind, base string) (*mcp.ClientSession, error) {
	client := mcp.NewClient(&mcp.Implementation{Name: "zapomni-sdk-test", Version: "1.0.0"}, nil)
	switch kind {
	case "sse":
		return client.Connect(ctx, &mcp.SSEClientTransport{Endpoint: base + "/sse"}, &mcp.ClientSessionOptions{ProtocolVersion: "2025-11-25"})
	case "streamable":
		return client.Connect(ctx, &mcp.StreamableClientTransport{Endpoint: base + "/mcp"}, &mcp.ClientSessionOptions{ProtocolVersion: "2025-11-25"})
	default: // as this SDK does by itself
		return client.Connect(ctx, &mcp.StreamableClientTransport{Endpoint: base + "/mcp"}, nil)
	}
}

func search(ctx context.Context, s *mcp.ClientSession) (*mcp.CallToolResult, error) {
	return s.CallTool(ctx, &mcp.CallToolParams{Name: "search_memory", Arguments: map[string]any{"query": "Where did Anna move to?"}})
}

// searches returns how many of many searches at once find it.
func searches(ctx context.Context, s *mcp.ClientSession) (int, error) {
	found := make([]bool, many)
	errs := make([]error, many)
	var all sync.WaitGroup
	for i := range many {
		all.Go(func() {
			r, err := search(ctx, s)
			errs[i] = err
			found[i] = err == nil && strings.Contains(r.Content[0].(*mcp.TextContent).Text, "Lisbon")
		})
	}
	all.Wait()
	n := 0
	for _, ok := range found {
		if ok {
			n++
		}
	}
	return n, errors.Join(errs...)
}

// keep lets a session keep something and find it.
func keep(ctx context.Context, s *mcp.ClientSession, saw *seen) error {
	saw.Server, saw.Revision = s.InitializeResult().ServerInfo, s.InitializeResult().ProtocolVersion
	tools, err := s.ListTools(ctx, nil)
	if err != nil {
		return fmt.Errorf("list tools: %w", err)
	}
	saw.Tools = len(tools.Tools)
	saw.Added, err = s.CallTool(ctx, &mcp.CallToolParams{Name: "add_memory", Arguments: map[string]any{"text": "Anna moved to Lisbon in March."}})
	if err != nil {
		return fmt.Errorf("add: %w", err)
	}
	saw.Found, err = searches(ctx, s)
	return err
}

func talk(ctx context.Context, kind, base string) error {
	var saw seen
	s, err := connect(ctx, kind, base)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	if err := keep(ctx, s, &saw); err != nil {
		return err
	}
	fmt.Println("restart")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return err
	}
	// As the protocol has it, a client whose session is gone is told 404, and
	// begins a new one.
	saw.FoundAgain, err = search(ctx, s)
	if err != nil {
		fmt.Fprintln(os.Stderr, "after the restart:", err)
		if errors.Is(err, mcp.ErrSessionMissing) {
			saw.Told = http.StatusNotFound
		}
		saw.Again = true
		if s, err = connect(ctx, kind, base); err != nil {
			return fmt.Errorf("connect again: %w", err)
		}
		if saw.FoundAgain, err = search(ctx, s); err != nil {
			return err
		}
	}
	if err := s.Close(); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	return json.NewEncoder(os.Stdout).Encode(saw)
}
