package transport

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/require"
)

// soon is longer than anything here takes unless it hangs.
const soon = 20 * time.Second

// tools is a server with tools that behave well and badly.
type tools struct {
	*server.MCPServer
	entered chan struct{} // receives each call of slow and deaf as it begins
	release chan struct{} // lets slow and deaf return
}

func newTools(t testing.TB) *tools {
	s := &tools{
		MCPServer: server.NewMCPServer("test", "1"),
		entered:   make(chan struct{}, 10000),
		release:   make(chan struct{}),
	}
	add := func(name string, call func(context.Context, string) (string, error)) {
		s.AddTool(mcp.NewTool(name), func(ctx context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			text, err := call(ctx, r.GetString("text", ""))
			return mcp.NewToolResultText(text), err
		})
	}
	add("echo", func(_ context.Context, text string) (string, error) { return text, nil })
	add("size", func(_ context.Context, text string) (string, error) { return fmt.Sprint(len(text)), nil })
	add("panic", func(context.Context, string) (string, error) { panic("on purpose") })
	add("slow", func(ctx context.Context, text string) (string, error) {
		s.entered <- struct{}{}
		select {
		case <-s.release:
			return text, nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	})
	add("deaf", func(_ context.Context, text string) (string, error) {
		s.entered <- struct{}{}
		<-s.release
		return text, nil
	})
	t.Cleanup(func() {
		select {
		case <-s.release:
		default:
			close(s.release)
		}
	})
	return s
}

// answer is one line of output.
type answer struct {
	ID     any `json:"id"`
	Method string
	Result struct {
		Content []struct{ Text string }
		IsError bool
		Tools   []any
	}
	Error struct {
		Code    int
		Message string
	}
}

func (a answer) text() string {
	if len(a.Result.Content) == 0 {
		return ""
	}
	return a.Result.Content[0].Text
}

// conversation is a connection with both its ends in the hands of a test.
type conversation struct {
	t       *testing.T
	conn    *StdioConn
	in      *io.PipeWriter
	answers chan answer
	ended   chan error
}

// converse runs a connection. When the test ends, so does it, and no goroutine
// may be left.
func converse(t *testing.T, s *tools, options StdioOptions) *conversation {
	return converseIn(t.Context(), t, s, options)
}

func converseIn(ctx context.Context, t *testing.T, s *tools, options StdioOptions) *conversation {
	before := runtime.NumGoroutine()
	in, input := io.Pipe()
	output, out := io.Pipe()
	c := &conversation{
		t: t, conn: NewStdio(s.MCPServer, in, out, options, discard()),
		in: input, answers: make(chan answer, 1000), ended: make(chan error, 1),
	}
	go func() {
		defer close(c.answers)
		for r := bufio.NewReader(output); ; {
			text, err := r.ReadBytes('\n')
			if err != nil {
				return
			}
			var a answer
			if err := json.Unmarshal(text, &a); err != nil {
				a.Error.Message = "not a message: " + string(text)
			}
			// mcp-go keeps its stdio session in the process, and with it a
			// notification that a connection before this one did not send.
			if a.Method == "" {
				c.answers <- a
			}
		}
	}()
	go func() {
		c.ended <- c.conn.Run(ctx)
		out.Close()
	}()
	t.Cleanup(func() {
		input.Close()
		for limit := time.Now().Add(soon); runtime.NumGoroutine() > before; runtime.Gosched() {
			if time.Now().After(limit) {
				stacks := make([]byte, 1<<16)
				t.Fatalf("goroutines are left: %s", stacks[:runtime.Stack(stacks, true)])
			}
		}
	})
	return c
}

func (c *conversation) send(lines ...string) {
	_, err := io.WriteString(c.in, strings.Join(lines, "\n")+"\n")
	require.NoError(c.t, err)
}

func (c *conversation) next() answer {
	select {
	case a, ok := <-c.answers:
		require.True(c.t, ok, "no more answers")
		return a
	case <-time.After(soon):
		require.FailNow(c.t, "no answer")
		return answer{}
	}
}

// end waits for Run and returns its error.
func (c *conversation) end() error {
	select {
	case err := <-c.ended:
		return err
	case <-time.After(soon):
		return errors.New("still running")
	}
}

// rest returns the answers until the end by the text of each id.
func (c *conversation) rest() map[string]answer {
	c.t.Helper()
	all := map[string]answer{}
	for a := range c.answers {
		all[fmt.Sprint(a.ID)] = a
	}
	return all
}

func (c *conversation) entered(s *tools) {
	select {
	case <-s.entered:
	case <-time.After(soon):
		require.FailNow(c.t, "the call did not begin")
	}
}

func call(id any, tool, text string) string {
	line, err := json.Marshal(map[string]any{
		"method": "tools/call", "params": map[string]any{"name": tool, "arguments": map[string]any{"text": text}},
		"jsonrpc": "2.0", "id": id,
	})
	if err != nil {
		panic(err)
	}
	return string(line)
}

const initialize = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`

const ping = `{"jsonrpc":"2.0","id":"ping","method":"ping"}`
