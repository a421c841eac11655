package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/mcp"
	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

// connect returns a client of s that has shaken hands.
func connect(t *testing.T, s *Server) (*client.Client, *mcp.InitializeResult) {
	t.Helper()
	c, err := client.NewInProcessClient(s.MCP())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	require.NoError(t, c.Start(t.Context()))
	var hello mcp.InitializeRequest
	hello.Params.ProtocolVersion = "2025-06-18"
	result, err := c.Initialize(t.Context(), hello)
	require.NoError(t, err)
	return c, result
}

func TestInitialize(t *testing.T) {
	s, _ := newServer(t, &fake{})
	_, result := connect(t, s)
	require.Equal(t, "zapomni-memory", result.ServerInfo.Name)
	require.Equal(t, "1.2.3", result.ServerInfo.Version)
	require.NotNil(t, result.Capabilities.Tools)
	require.False(t, result.Capabilities.Tools.ListChanged)
	require.Nil(t, result.Capabilities.Resources)
	require.Nil(t, result.Capabilities.Prompts)
}

func TestInstructionsAreShortAndSayWhen(t *testing.T) {
	s, _ := newServer(t, &fake{})
	_, result := connect(t, s)
	require.Less(t, len(result.Instructions), 1000)
	before, _, found := strings.Cut(result.Instructions, "add_memory")
	require.True(t, found)
	require.Contains(t, before, "search_memory")
}

func TestToolsAreListedInTheirOrder(t *testing.T) {
	s, _ := newServer(t, &fake{})
	c, _ := connect(t, s)
	list, err := c.ListTools(t.Context(), mcp.ListToolsRequest{})
	require.NoError(t, err)
	require.Len(t, list.Tools, 10)
	require.Equal(t, "add_memory", list.Tools[0].Name)
	require.Equal(t, "search_memory", list.Tools[1].Name)
	require.Equal(t, "delete_workspace", list.Tools[9].Name)
}

func TestTheListIsShort(t *testing.T) {
	s, _ := newServer(t, &fake{})
	raw, err := json.Marshal(s.MCP().HandleMessage(t.Context(), json.RawMessage(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`)))
	require.NoError(t, err)
	require.Less(t, len(raw), 10_000)
}

func TestNewNeedsAVersion(t *testing.T) {
	_, err := New(&fake{}, Options{}, nil)
	require.ErrorContains(t, err, "no version")
}

func TestMethodsThatAreNotOffered(t *testing.T) {
	s, _ := newServer(t, &fake{})
	for method, code := range map[string]int{
		"resources/list": mcp.METHOD_NOT_FOUND, "prompts/list": mcp.METHOD_NOT_FOUND, "nonsense": mcp.METHOD_NOT_FOUND,
	} {
		t.Run(method, func(t *testing.T) {
			answer := s.MCP().HandleMessage(t.Context(), json.RawMessage(`{"jsonrpc":"2.0","id":1,"method":"`+method+`"}`))
			refused, ok := answer.(mcp.JSONRPCError)
			require.True(t, ok)
			require.Equal(t, code, refused.Error.Code)
		})
	}
}

func TestAnUnknownToolIsAProtocolErrorAndCounted(t *testing.T) {
	s, _ := newServer(t, &fake{})
	answer := s.MCP().HandleMessage(t.Context(), json.RawMessage(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"nothing"}}`))
	refused, ok := answer.(mcp.JSONRPCError)
	require.True(t, ok)
	require.Equal(t, mcp.INVALID_PARAMS, refused.Error.Code)
	require.EqualValues(t, 1, s.Counters().Requests)
	require.EqualValues(t, 1, s.Counters().Errors)
}

func TestCounters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		s, _ := newServer(t, f)
		ask(t.Context(), t, s, "get_stats", `{}`)
		ask(t.Context(), t, s, "get_stats", `{"x":1}`)
		f.do = func() { panic("x") }
		ask(t.Context(), t, s, "get_stats", `{}`)
		time.Sleep(time.Minute)
		require.Equal(t, Counters{Requests: 3, Errors: 2, Tools: 10, Uptime: time.Minute}, s.Counters())
	})
}

func TestDrainWaitsForCallsUnderWayAndRefusesOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		started, finish := make(chan struct{}), make(chan struct{})
		s, _ := newServer(t, &fake{do: func() { close(started); <-finish }})
		answered := make(chan string)
		go func() {
			text, _, err := send(t.Context(), s, "get_stats", `{}`)
			answered <- fmt.Sprint(text, err)
		}()
		<-started
		drained := make(chan error, 1)
		go func() { drained <- s.Drain(t.Context()) }()
		synctest.Wait()
		require.Empty(t, drained)
		require.Equal(t, 1, s.Counters().InFlight)

		text, isError := ask(t.Context(), t, s, "get_stats", `{}`)
		require.Equal(t, "Error: The server is shutting down. Nothing was changed; try again when it is back.", text)
		require.True(t, isError)

		close(finish)
		require.Contains(t, <-answered, "Memory System Statistics:")
		require.NoError(t, <-drained)
		require.NoError(t, s.Drain(t.Context()), "again")
	})
}

func TestDrainGivesUpWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		finish := make(chan struct{})
		s, _ := newServer(t, &fake{do: func() { <-finish }})
		answered := make(chan error, 1)
		go func() {
			_, _, err := send(t.Context(), s, "get_stats", `{}`)
			answered <- err
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := s.Drain(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "1 calls under way")
		close(finish)
		require.NoError(t, s.Drain(t.Context()))
		require.NoError(t, <-answered)
	})
}

func TestDrainEndsWhatOnlyWaitsForVectors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newServer(t, &fake{late: true})
		answered := make(chan string, 1)
		go func() {
			text, _, err := send(t.Context(), s, "add_memory", `{"text":"x","wait":true}`)
			answered <- fmt.Sprint(text, err)
		}()
		synctest.Wait()
		began := time.Now()
		require.NoError(t, s.Drain(t.Context()))
		require.Zero(t, time.Since(began))
		require.Contains(t, <-answered, "Memory stored successfully.")
	})
}

func TestDrainOfAnIdleServerIgnoresItsContext(t *testing.T) {
	s, _ := newServer(t, &fake{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, s.Drain(ctx))
}

func TestManyCallsAtOnce(t *testing.T) {
	s, _ := newServer(t, &fake{hits: []memory.Hit{{Memory: someID, Text: "x"}}})
	var all sync.WaitGroup
	problems := make(chan error, 8*50)
	for i := range 8 {
		ctx := as(t, s, session(rune('a'+i)))
		all.Go(func() {
			for range 50 {
				_, _, searching := send(ctx, s, "search_memory", `{"query":"x"}`)
				_, _, entering := send(ctx, s, "set_current_workspace", `{"workspace_id":"work"}`)
				problems <- errors.Join(searching, entering)
			}
		})
	}
	all.Wait()
	close(problems)
	for err := range problems {
		require.NoError(t, err)
	}
	require.EqualValues(t, 800, s.Counters().Requests)
	require.Zero(t, s.Counters().Errors)
}

func TestErrorsReachTheClientAsResults(t *testing.T) {
	s, _ := newServer(t, &fake{err: errors.New("x")})
	c, _ := connect(t, s)
	result, err := c.CallTool(t.Context(), callOf("get_stats", nil))
	require.NoError(t, err)
	require.True(t, result.IsError)
}
