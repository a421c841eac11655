package transport

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/require"
)

func TestAnswersPendingAtTheEndOfInputAreDelivered(t *testing.T) {
	for range 20 {
		c := converse(t, newTools(t), StdioOptions{Workers: 2})
		lines := []string{initialize}
		for i := range 20 {
			lines = append(lines, call(i+1, "echo", fmt.Sprint("text ", i+1)))
		}
		c.send(lines...)
		require.NoError(t, c.in.Close())
		require.NoError(t, c.end())
		answers := c.rest()
		require.Len(t, answers, 21)
		for i := range 20 {
			require.Equal(t, fmt.Sprint("text ", i+1), answers[fmt.Sprint(i+1)].text())
		}
	}
}

func TestRequestsWithoutHandshakeAreDeliveredToo(t *testing.T) {
	const meta = `{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}`
	c := converse(t, newTools(t), StdioOptions{})
	c.send(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"a"},"_meta":`+meta+`}}`,
		`{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{"_meta":`+meta+`}}`,
		`{"jsonrpc":"2.0","id":3,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},"_meta":`+meta+`}}`)
	require.NoError(t, c.in.Close())
	require.NoError(t, c.end(), "a subscription does not hold the end up")
	answers := c.rest()
	require.Equal(t, "a", answers["1"].text())
	require.Len(t, answers["2"].Result.Tools, 5)
}

func TestTheEndOfInputWaitsForASlowCall(t *testing.T) {
	s := newTools(t)
	c := converse(t, s, StdioOptions{})
	c.send(call(1, "slow", "at last"))
	c.entered(s)
	require.NoError(t, c.in.Close())
	close(s.release)
	require.Equal(t, "at last", c.next().text())
	require.NoError(t, c.end())
}

func TestTheEndOfInputGivesUpACallThatTakesTooLong(t *testing.T) {
	s := newTools(t)
	c := converse(t, s, StdioOptions{Drain: 20 * time.Millisecond})
	c.send(call(1, "slow", ""))
	c.entered(s)
	require.NoError(t, c.in.Close())
	require.NoError(t, c.end())
}

func TestACallThatIgnoresItsContextCannotHoldRunUp(t *testing.T) {
	s := newTools(t)
	c := converse(t, s, StdioOptions{Drain: 20 * time.Millisecond})
	c.send(call(1, "deaf", ""))
	c.entered(s)
	require.NoError(t, c.in.Close())
	require.ErrorIs(t, c.end(), errStuck)
	close(s.release)
}

func TestStopAnswersWhatWasReadAndReadsNoMore(t *testing.T) {
	s := newTools(t)
	c := converse(t, s, StdioOptions{})
	c.send(call(1, "slow", "in flight"))
	c.entered(s)
	stopped := make(chan error, 1)
	go func() { stopped <- c.conn.Stop(t.Context()) }()
	<-c.conn.in.stop
	c.send(call(2, "echo", "too late"))
	close(s.release)
	require.NoError(t, <-stopped)
	require.NoError(t, c.end())
	answers := c.rest()
	require.Len(t, answers, 1)
	require.Equal(t, "in flight", answers["1"].text())
}

func TestStopCancelsCallsWhenItsTimeIsOver(t *testing.T) {
	s := newTools(t)
	c := converse(t, s, StdioOptions{})
	c.send(call(1, "slow", ""))
	c.entered(s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, c.conn.Stop(ctx), context.Canceled)
	require.NoError(t, c.end())
}

func TestStopBeforeRunLeavesNothingToRun(t *testing.T) {
	conn := NewStdio(newTools(t).MCPServer, strings.NewReader(ping+"\n"), io.Discard, StdioOptions{}, discard())
	require.NoError(t, conn.Stop(t.Context()))
	require.NoError(t, conn.Run(t.Context()))
}

func TestASignalEndsTheConnectionAsTheEndOfInputDoes(t *testing.T) {
	s := newTools(t)
	ctx, signal := context.WithCancel(t.Context())
	c := converseIn(context.WithoutCancel(ctx), t, s, StdioOptions{})
	part := c.conn.Part()
	part.Run = func(context.Context) error { return c.end() }
	c.send(call(1, "slow", "in flight"))
	c.entered(s)
	ran := make(chan error, 1)
	go func() { ran <- Run(ctx, discard(), soon, part) }()
	signal()
	<-c.conn.in.stop
	close(s.release)
	require.NoError(t, <-ran)
	require.Equal(t, "in flight", c.next().text())
}

func TestTheContextOfRunDoesNotCancelCalls(t *testing.T) {
	s := newTools(t)
	ctx, cancel := context.WithCancel(t.Context())
	c := converseIn(ctx, t, s, StdioOptions{})
	c.send(call(1, "slow", "in flight"))
	c.entered(s)
	cancel()
	<-c.conn.in.stop
	close(s.release)
	require.NoError(t, c.end())
	require.Equal(t, "in flight", c.next().text())
}

func TestACancelledCallDoesNotHoldUpTheEnd(t *testing.T) {
	s := newTools(t)
	c := converse(t, s, StdioOptions{Drain: time.Hour})
	c.send(call("1", "slow", ""))
	c.entered(s)
	c.send(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"1"}}`)
	require.NoError(t, c.in.Close())
	require.NoError(t, c.end())
}

func TestALastLineWithoutNewlineIsServed(t *testing.T) {
	c := converse(t, newTools(t), StdioOptions{})
	_, err := io.WriteString(c.in, call(1, "echo", "hi"))
	require.NoError(t, err)
	require.NoError(t, c.in.Close())
	require.Equal(t, "hi", c.next().text())
	require.NoError(t, c.end())
}

func TestOddLinesAreAnsweredAndTheConnectionGoesOn(t *testing.T) {
	for _, row := range []struct {
		name, line string
		id         any
		code       int
	}{
		{"garbage", "hello", nil, -32700},
		{"cut off after the id", `{"jsonrpc":"2.0","id":7,"method":"tools/call",`, nil, -32700},
		{"nonsense in the middle", `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{nonsense}}`, nil, -32700},
		{"batch", "[" + ping + "]", nil, -32700},
		{"raw NUL", "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"pi\x00ng\"}", nil, -32700},
		{"another version", `{"jsonrpc":"1.0","id":7,"method":"ping"}`, 7.0, -32600},
		{"version that is a number", `{"jsonrpc":2,"id":7,"method":"ping"}`, 7.0, -32600},
		{"call with a version that is a number", `{"jsonrpc":2,"id":7,"method":"tools/call"}`, 7.0, -32600},
		{"unknown method", `{"jsonrpc":"2.0","id":7,"method":"dance"}`, 7.0, -32601},
		{"method that is a number", `{"jsonrpc":"2.0","id":7,"method":7}`, nil, -32600},
		{"unknown tool", call(7, "dance", ""), 7.0, -32602},
		{"tool that panics", call(7, "panic", ""), 7.0, -32603},
		{"invalid byte in a method", "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"pi\xffng\"}", 7.0, -32700},
		{"invalid byte in the id", "{\"jsonrpc\":\"2.0\",\"id\":\"\xff\",\"method\":\"ping\"}", nil, -32700},
		{"invalid byte in a client's answer", "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":\"\xff\"}", nil, -32700},
		{"invalid byte in garbage", "\xff\xfe{", nil, -32700},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := converse(t, newTools(t), StdioOptions{Drain: time.Hour})
			c.send(row.line)
			a := c.next()
			require.Equal(t, row.id, a.ID)
			require.Equal(t, row.code, a.Error.Code)
			c.send("", " \r", ping)
			require.Equal(t, "ping", c.next().ID)
			require.NoError(t, c.in.Close())
			require.NoError(t, c.end(), "nothing is taken to be due any more")
		})
	}
}

func TestTextThatWouldBeChangedIsRefusedByTheTool(t *testing.T) {
	for _, row := range []struct{ name, text, want string }{
		{"invalid byte", "дом\xff", "Error: text is not valid UTF-8: invalid byte 0xff at offset 6"},
		{"lone surrogate", `ab\ud800`, `Error: text is not valid UTF-8: lone surrogate \ud800 at offset 2`},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := converse(t, newTools(t), StdioOptions{})
			c.send(callWith(`{"text":"` + row.text + `"}`))
			a := c.next()
			require.InDelta(t, 1, a.ID, 0)
			require.True(t, a.Result.IsError)
			require.Equal(t, row.want, a.text())
		})
	}
}

func TestTextIsHandedOnAsItWasSaid(t *testing.T) {
	for _, text := range []string{"", "дом 😀", "nul \x00 inside", "\u2028 \ufffd", strings.Repeat("long ", 1<<20)} {
		c := converse(t, newTools(t), StdioOptions{})
		c.send(call(1, "echo", text))
		require.Equal(t, text, c.next().text())
	}
}

func TestALineTooLongIsAnsweredAndPassedOver(t *testing.T) {
	const limit = 1 << 10
	long := strings.Repeat(`x\"`, limit)
	for _, row := range []struct {
		name, line string
		id         any
	}{
		{"id at the end", call(7, "echo", long), 7.0},
		{"id at the start", `{"id":"a","method":"tools/call","params":"` + long + `"}`, "a"},
		{"text with names in it", `{"method":"ping","params":"{\"id\":9}` + long + `","id":8}`, 8.0},
		{"id that is too long", `{"method":"ping","id":"` + long + `"}`, nil},
		{"no id", `{"method":"ping","params":"` + long + `"}`, nil},
		{"no JSON", long, nil},
		{"a client's answer", `{"id":7,"result":"` + long + `"}`, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := converse(t, newTools(t), StdioOptions{MaxLine: limit})
			c.send(row.line)
			a := c.next()
			require.Equal(t, row.id, a.ID)
			require.Equal(t, -32600, a.Error.Code)
			require.Equal(t, fmt.Sprintf("message of %d bytes is longer than the limit of %d bytes", len(row.line), limit), a.Error.Message)
			c.send(ping)
			require.Equal(t, "ping", c.next().ID)
		})
	}
}

func TestManyMoreCallsThanTheQueueHoldsAreAllAnswered(t *testing.T) {
	const n = 5000
	c := converse(t, newTools(t), StdioOptions{Workers: 2, Queue: 10})
	go func() {
		defer c.in.Close()
		for i := range n {
			if _, err := io.WriteString(c.in, call(i, "size", "")+"\n"); err != nil {
				return
			}
		}
	}()
	for range n {
		require.Equal(t, "0", c.next().text())
	}
	require.NoError(t, c.end())
}

func TestPingsAndCancellationsPassWaitingCalls(t *testing.T) {
	s := newTools(t)
	c := converse(t, s, StdioOptions{Workers: 1})
	for i := range 1000 {
		c.send(call(i, "slow", ""))
	}
	c.entered(s)
	c.send(ping)
	require.Equal(t, "ping", c.next().ID)
	c.send(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":0}}`)
	require.InDelta(t, 0, c.next().ID, 0)
	close(s.release)
	require.NoError(t, c.in.Close())
	require.NoError(t, c.end())
}

func TestAnOutputThatNobodyReadsCannotHoldRunUp(t *testing.T) {
	reader, out := io.Pipe()
	conn := NewStdio(newTools(t).MCPServer, strings.NewReader(call(1, "echo", "")+"\n"), out, StdioOptions{Drain: 20 * time.Millisecond}, discard())
	require.ErrorIs(t, conn.Run(t.Context()), errStuck)
	require.NoError(t, reader.Close())
}

// brokenWriter fails like a pipe without a reader.
type brokenWriter struct{ writes int }

func (w *brokenWriter) Write([]byte) (int, error) {
	w.writes++
	return 0, syscall.EPIPE
}

func TestABrokenOutputEndsTheConnectionAtOnce(t *testing.T) {
	in, input := io.Pipe()
	defer input.Close()
	out := &brokenWriter{}
	s := newTools(t)
	conn := NewStdio(s.MCPServer, in, out, StdioOptions{}, discard())
	ended := make(chan error, 1)
	go func() { ended <- conn.Run(t.Context()) }()
	_, err := io.WriteString(input, call(1, "slow", "")+"\n"+ping+"\n")
	require.NoError(t, err)
	require.ErrorIs(t, <-ended, syscall.EPIPE)
	require.Equal(t, 1, out.writes, "it is not tried again")
}

func TestABrokenInputEndsTheConnectionWithItsError(t *testing.T) {
	c := converse(t, newTools(t), StdioOptions{})
	boom := errors.New("boom")
	c.send(call(1, "echo", "before"))
	require.NoError(t, c.in.CloseWithError(boom))
	require.ErrorIs(t, c.end(), boom)
	require.Equal(t, "before", c.next().text(), "what came before is answered")
}

// strictWriter holds that each write is one whole message.
type strictWriter struct{ bytes.Buffer }

func (w *strictWriter) Write(p []byte) (int, error) {
	if bytes.IndexByte(p, '\n') != len(p)-1 {
		return 0, errors.New("not one line")
	}
	return w.Buffer.Write(p)
}

func TestEachMessageIsOneWrite(t *testing.T) {
	input := strings.Join([]string{initialize, call(1, "echo", "a\nb"), "garbage", "\xff", call(2, "echo", strings.Repeat("é", 1<<18))}, "\n")
	var out strictWriter
	conn := NewStdio(newTools(t).MCPServer, strings.NewReader(input), &out, StdioOptions{}, discard())
	require.NoError(t, conn.Run(t.Context()))
	require.Equal(t, 5, bytes.Count(out.Bytes(), []byte{'\n'}))
}

func TestWhatIsLoggedHoldsNoTextOfTheClient(t *testing.T) {
	var logged bytes.Buffer
	input := callWith("{\"text\":\"secret \xff\"}") + "\n" + call(2, "echo", "secret") + "\nsecret\n" + `{"secret":` + strings.Repeat("1", 1<<16)
	conn := NewStdio(newTools(t).MCPServer, strings.NewReader(input), io.Discard, StdioOptions{MaxLine: 1 << 10},
		slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug})))
	require.NoError(t, conn.Run(t.Context()))
	require.Contains(t, logged.String(), "message_refused")
	require.NotContains(t, logged.String(), "secret")
}

// BenchmarkRoundTrip is a call of 500 bytes and its answer, one at a time, with
// mcp-go alone beside it.
func BenchmarkRoundTrip(b *testing.B) {
	for _, row := range []struct {
		name  string
		serve func(s *server.MCPServer, in io.Reader, out io.Writer) error
	}{
		{"StdioConn", func(s *server.MCPServer, in io.Reader, out io.Writer) error {
			return NewStdio(s, in, out, StdioOptions{}, discard()).Run(b.Context())
		}},
		{"Listen", func(s *server.MCPServer, in io.Reader, out io.Writer) error {
			return server.NewStdioServer(s).Listen(b.Context(), in, out)
		}},
	} {
		b.Run(row.name, func(b *testing.B) {
			in, input := io.Pipe()
			output, out := io.Pipe()
			ended := make(chan error, 1)
			s := newTools(b)
			go func() { ended <- row.serve(s.MCPServer, in, out) }()
			line := []byte(call(1, "size", strings.Repeat("plain words ", 33)) + "\n")
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			answers := bufio.NewReader(output)
			for b.Loop() {
				if _, err := input.Write(line); err != nil {
					b.Fatal(err)
				}
				if _, err := answers.ReadSlice('\n'); err != nil {
					b.Fatal(err)
				}
			}
			require.NoError(b, input.Close())
			require.NoError(b, <-ended)
		})
	}
}
