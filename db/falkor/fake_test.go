package falkor

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// fake speaks as much of the protocol as the client needs, so that a server
// can do what a real one does rarely, or never on demand.
type fake struct {
	t    *testing.T
	addr string

	mu sync.Mutex
	// answers maps the first word of a command to its whole reply. hang keeps
	// the connection open without one, hangUp closes it.
	answers map[string]string
	makers  map[string]func(words []string) string
	count   map[string]int
	opened  atomic.Int64
}

const (
	hang   = "hang"
	hangUp = "hang up"
)

// newFake starts a server that passes for FalkorDB.
func newFake(t *testing.T) *fake {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it returns at once
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	f := &fake{t: t, addr: l.Addr().String(), count: map[string]int{}, makers: map[string]func([]string) string{}, answers: map[string]string{
		"HELLO":          "%1\r\n+server\r\n+redis\r\n",
		"CLIENT":         "+OK\r\n",
		"PING":           "+PONG\r\n",
		"MODULE":         modules("graph", 41603),
		"GRAPH.CONFIG":   "*2\r\n+TIMEOUT_MAX\r\n:0\r\n",
		"GRAPH.QUERY":    answerOne,
		"GRAPH.RO_QUERY": answerOne,
	}}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			f.opened.Add(1)
			go f.serve(conn)
		}
	}()
	return f
}

// answerOne is a result of one row with a 1 in it.
const answerOne = "*3\r\n*1\r\n*2\r\n:1\r\n$1\r\n1\r\n*1\r\n*1\r\n*2\r\n:3\r\n:1\r\n*1\r\n$20\r\nCached execution: 1 \r\n"

func modules(name string, version int) string {
	return fmt.Sprintf("*1\r\n%%2\r\n+name\r\n+%s\r\n+ver\r\n:%d\r\n", name, version)
}

// say changes the answer to a command.
func (f *fake) say(command, answer string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[command] = answer
}

// answer has the answer to a command made from its words.
func (f *fake) answer(command string, from func(words []string) string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.makers[command] = from
}

// asked is how often a command came.
func (f *fake) asked(command string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count[command]
}

func (f *fake) serve(conn net.Conn) {
	defer conn.Close()
	for r := bufio.NewReader(conn); ; {
		words, err := readCommand(r)
		if err != nil {
			return
		}
		f.mu.Lock()
		name := strings.ToUpper(words[0])
		f.count[name]++
		answer, ok := f.answers[name]
		if from := f.makers[name]; from != nil {
			answer = from(words)
		}
		f.mu.Unlock()
		switch {
		case answer == hangUp:
			return
		case answer == hang:
			_, _ = io.Copy(io.Discard, r)
			return
		case !ok:
			answer = "-ERR unknown command '" + words[0] + "'\r\n"
		}
		if _, err := io.WriteString(conn, answer); err != nil {
			return
		}
	}
}

func readCommand(r *bufio.Reader) ([]string, error) {
	n, err := readNumber(r, '*')
	if err != nil {
		return nil, err
	}
	words := make([]string, n)
	for i := range words {
		size, err := readNumber(r, '$')
		if err != nil {
			return nil, err
		}
		word := make([]byte, size+2)
		if _, err := io.ReadFull(r, word); err != nil {
			return nil, err
		}
		words[i] = string(word[:size])
	}
	return words, nil
}

func readNumber(r *bufio.Reader, mark byte) (int, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return 0, err
	}
	if line[0] != mark {
		return 0, fmt.Errorf("%q does not start with %q", line, mark)
	}
	return strconv.Atoi(strings.TrimSpace(line[1:]))
}

// config is that of a client of f, which tries nothing again.
func (f *fake) config() Config {
	c := Defaults()
	c.URL = Secret("redis://:sesame@" + f.addr)
	c.Retry.MaxRetries = 0
	return c
}

// client makes a client that closes with the test.
func client(t *testing.T, c Config) (*Client, *events) {
	t.Helper()
	log, e := logged(t)
	made, err := NewClient(c, log)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, made.Close(context.WithoutCancel(t.Context()))) })
	return made, e
}

// ready makes a client that was initialised.
func ready(t *testing.T, c Config) (*Client, *events) {
	t.Helper()
	made, e := client(t, c)
	require.NoError(t, made.Init(t.Context()))
	return made, e
}
