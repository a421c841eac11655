package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// built is the program as it is released. The first test that needs it builds
// it, and TestMain removes it.
var built struct {
	once sync.Once
	dir  string
	err  error
}

func TestMain(m *testing.M) {
	status := m.Run()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
	os.Exit(status)
}

func binary(t *testing.T) string {
	t.Helper()
	name := "zapomni"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "zapomni-"); built.err != nil { //nolint:usetesting // several tests share it.
			return
		}
		build := exec.CommandContext(context.WithoutCancel(t.Context()), "go", "build", "-o", filepath.Join(built.dir, name), "-ldflags", "-X main.version=v9.8.7", ".")
		build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
		if out, err := build.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("build: %w: %s", err, out)
		}
	})
	require.NoError(t, built.err)
	return filepath.Join(built.dir, name)
}

// process is a running server and the client's end of its streams.
type process struct {
	*exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	outPipe io.Closer
	log     *bufio.Scanner
	events  []map[string]any // read of the log so far
}

// start starts a server without a command, as clients do. A test that hangs
// ends with it.
func start(t *testing.T, h home) *process {
	t.Helper()
	program := binary(t) // which may have to be built, in its own time
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	p := &process{Cmd: exec.CommandContext(ctx, program)}
	p.Env, p.Dir = h.environ, h.dir
	var err error
	p.in, err = p.StdinPipe()
	require.NoError(t, err)
	out, err := p.StdoutPipe()
	require.NoError(t, err)
	p.out, p.outPipe = bufio.NewReader(out), out
	log, err := p.StderrPipe()
	require.NoError(t, err)
	p.log = bufio.NewScanner(log)
	require.NoError(t, p.Start())
	return p
}

// message is an answer of the server.
type message struct {
	ID     int
	Result struct {
		IsError    bool
		Content    []struct{ Text string }
		Tools      []struct{ Name string }
		ServerInfo struct{ Version string }
	}
	Error *struct{ Message string }
}

func (p *process) send(t *testing.T, id int, method, params string) {
	t.Helper()
	_, err := fmt.Fprintf(p.in, `{"jsonrpc":"2.0","id":%d,"method":"%s","params":%s}`+"\n", id, method, params)
	require.NoError(t, err)
}

// answer reads the next line of the output, which has to be a message.
func (p *process) answer(t *testing.T) message {
	t.Helper()
	line, err := p.out.ReadBytes('\n')
	require.NoError(t, err)
	var m message
	require.NoError(t, json.Unmarshal(line, &m), string(line))
	require.Nil(t, m.Error, string(line))
	require.False(t, m.Result.IsError, string(line))
	return m
}

func (p *process) ask(t *testing.T, id int, method, params string) message {
	t.Helper()
	p.send(t, id, method, params)
	m := p.answer(t)
	require.Equal(t, id, m.ID)
	return m
}

func (p *process) call(t *testing.T, id int, tool, arguments string) string {
	t.Helper()
	m := p.ask(t, id, "tools/call", fmt.Sprintf(`{"name":"%s","arguments":%s}`, tool, arguments))
	require.NotEmpty(t, m.Result.Content)
	return m.Result.Content[0].Text
}

func (p *process) hello(t *testing.T) message {
	t.Helper()
	return p.ask(t, 0, "initialize", `{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"test","version":"1"}}`)
}

// await reads the log up to an event; all of it if the event is empty.
func (p *process) await(t *testing.T, event string) {
	t.Helper()
	for p.log.Scan() {
		var e map[string]any
		require.NoError(t, json.Unmarshal(p.log.Bytes(), &e), p.log.Text())
		p.events = append(p.events, e)
		if event != "" && e["event"] == event {
			return
		}
	}
	require.Empty(t, event, "the log has no such event")
}

// end waits until the process ends. Nothing more may come out of it.
func (p *process) end(t *testing.T) (status int) {
	t.Helper()
	rest, err := io.ReadAll(p.out)
	require.NoError(t, err)
	require.Empty(t, string(rest))
	p.await(t, "")
	_ = p.Wait() // the status tells
	return p.ProcessState.ExitCode()
}

func (p *process) stopped() []any {
	var parts []any
	for _, e := range p.events {
		if e["event"] == "part_stopped" {
			parts = append(parts, e["part"])
		}
	}
	return parts
}

func needSignals(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no signals to send to another process")
	}
}

func TestProcessHoldsAConversation(t *testing.T) {
	p := start(t, newHome(t))
	require.Equal(t, "v9.8.7", p.hello(t).Result.ServerInfo.Version)
	_, err := fmt.Fprintln(p.in, `{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	require.NoError(t, err)

	var tools []string
	for _, tool := range p.ask(t, 1, "tools/list", `{}`).Result.Tools {
		tools = append(tools, tool.Name)
	}
	require.Subset(t, tools, []string{"add_memory", "search_memory", "get_stats", "delete_memory", "clear_all"})
	require.Contains(t, p.call(t, 2, "add_memory", `{"text":"Anna moved to Lisbon in March."}`), "Memory stored successfully.")
	require.Contains(t, p.call(t, 3, "search_memory", `{"query":"where does Anna live"}`), "Anna moved to Lisbon in March.")
	require.NoError(t, p.in.Close())
	require.Zero(t, p.end(t))
}

func TestProcessStopsInOrderAndKeepsWhatItAcknowledged(t *testing.T) {
	for _, tc := range []struct {
		name   string
		signal os.Signal // nil: the input ends
	}{
		{"at the end of its input", nil},
		{"on SIGTERM", syscall.SIGTERM},
		{"on SIGINT", os.Interrupt},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := newHome(t)
			p := start(t, h)
			p.hello(t)
			p.call(t, 1, "add_memory", `{"text":"Anna moved to Lisbon in March."}`)
			began := time.Now()
			if tc.signal == nil {
				require.NoError(t, p.in.Close())
			} else {
				needSignals(t)
				require.NoError(t, p.Process.Signal(tc.signal))
			}
			require.Zero(t, p.end(t))
			require.Less(t, time.Since(began), 5*time.Second)
			require.Equal(t, []any{"stdio", "calls", "vectors", "embedder", "store"}, p.stopped())
			require.Contains(t, h.fine(t, "search", "Lisbon"), "Anna moved to Lisbon")
		})
	}
}

func TestProcessThatIsKilledHasKeptWhatItAcknowledged(t *testing.T) {
	h := newHome(t)
	p := start(t, h)
	p.hello(t)
	p.call(t, 1, "add_memory", `{"text":"Anna moved to Lisbon in March."}`)
	require.NoError(t, p.Process.Kill())
	p.end(t)
	require.Contains(t, h.fine(t, "search", "Lisbon"), "Anna moved to Lisbon")
}

func TestProcessEndsWhenNobodyReadsAnyMore(t *testing.T) {
	p := start(t, newHome(t))
	p.hello(t)
	require.NoError(t, p.outPipe.Close())
	p.send(t, 1, "tools/list", `{}`)
	p.await(t, "")
	_ = p.Wait() // the status tells
	require.Equal(t, exitError, p.ProcessState.ExitCode())
	require.Equal(t, "Runtime error", p.events[len(p.events)-1]["event"])
	require.Equal(t, []any{"stdio", "calls", "vectors", "embedder", "store"}, p.stopped())
}

func TestProcessSaysWhatWasWrongAndNothingElse(t *testing.T) {
	h := newHome(t)
	cmd := exec.CommandContext(t.Context(), binary(t), "search", "x", "--limit", "0")
	cmd.Env, cmd.Dir = h.environ, h.dir
	var errOut strings.Builder
	cmd.Stderr = &errOut
	out, err := cmd.Output()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, exitUsage, exit.ExitCode())
	require.Empty(t, out)
	require.Equal(t, "zapomni: --limit should be between 1 and 100, got 0\nsee 'zapomni search --help'\n", errOut.String())
}
