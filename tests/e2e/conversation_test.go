package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/db/falkor/falkortest"
	"zapomni/tests/client"
)

// The conversations in testdata are lines that begin with a word or a sign:
//
//	# TEXT          a comment
//	> LINE          is sent as it stands
//	< JSON          is the answer with the same id
//	call TOOL ARGS  calls a tool
//	= TEXT          is what the tool says, line by line, when it went well
//	! TEXT          is what the tool says, line by line, when it refused
//	& JSON          is what the tool says beside that for programs
//	kill            kills the server, which has to have answered all
//	end             ends the input; the server has to end well
//	start           starts the server again on the same data
//	STORE ...       is a line for that store only
//
// Every answer has to be expected, whole. In what is expected, <uuid>, <time>,
// <date>, <score>, <number> and <any> stand for one of these, and a member
// "..." allows others beside those named. <uuid:anna> also gives it a name, and
// stands for the same from then on, in what is sent as well. What is sent may
// have \xff for a byte, and <é*9> stands for nine times é anywhere.
func TestConversations(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for store, settings := range stores {
		for _, file := range files {
			t.Run(store+"/"+strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
				t.Parallel()
				content, err := os.ReadFile(file)
				require.NoError(t, err)
				c := &conversation{
					t: t, store: store, dataDir: t.TempDir(), settings: settings(t), known: make(map[string]string), said: said{checked: true},
				}
				c.start()
				for i, line := range strings.Split(string(content), "\n") {
					c.line(fmt.Sprintf("%s:%d", file, i+1), line)
				}
				c.end()
			})
		}
	}
}

// stores gives the settings of a server that keeps memories in each.
var stores = map[string]func(*testing.T) []string{
	"embedded": func(*testing.T) []string { return nil },
	"falkordb": func(t *testing.T) []string {
		s := falkortest.Shared(t)
		return []string{"FALKORDB_URL=" + s.URL(), "GRAPH_NAME=" + s.Graph(t)}
	},
}

// conversation is one under way.
type conversation struct {
	t        *testing.T
	where    string // file and line
	store    string
	dataDir  string
	settings []string
	server   *client.Process
	known    map[string]string // what names stand for
	waiting  []answer          // read, but not yet expected
	calls    int
	said     said
}

// answer is a message of the server.
type answer map[string]any

// said is what the last tool that was called said.
type said struct {
	text                 string
	isError, wantedError bool
	data                 any      // for programs
	wanted               []string // lines of the text
	checked              bool     // or nothing was said yet
}

func (c *conversation) line(where, line string) {
	word, rest, _ := strings.Cut(line, " ")
	if _, named := stores[word]; named {
		if word == c.store {
			c.line(where, rest)
		}
		return
	}
	if word != "=" && word != "!" {
		c.checkSaid()
	}
	c.where = where
	switch word {
	case "", "#":
	case ">":
		require.NoError(c.t, c.server.Send(c.toSend(rest)+"\n"), c.where)
	case "<":
		c.expect(rest)
	case "call":
		c.call(rest)
	case "=", "!":
		c.said.wanted = append(c.said.wanted, rest)
		c.said.wantedError = word == "!"
	case "&":
		c.matches(c.decoded(rest), c.said.data)
	case "kill":
		c.nothingWaits()
		c.server.Kill()
	case "end":
		c.end()
	case "start":
		c.start()
	default:
		require.FailNow(c.t, "not understood", "%s: %s", c.where, line)
	}
}

func (c *conversation) start() {
	// Each answer is known to the letter only while no vectors come in meanwhile.
	settings := append([]string{"ZAPOMNI_EMBEDDING_PROVIDER=none"}, c.settings...)
	c.server = client.Run(c.t, client.Command(c.t, c.dataDir, settings))
}

func (c *conversation) end() {
	c.checkSaid()
	if c.server.Cmd.ProcessState != nil {
		return
	}
	require.NoError(c.t, c.server.EndInput(), c.where)
	rest, err := c.server.Rest()
	require.NoError(c.t, err, c.where)
	require.Empty(c.t, rest, "%s: answers that nobody expected", c.where)
	c.nothingWaits()
	status, err := c.server.Wait()
	require.NoError(c.t, err, c.where)
	require.Zero(c.t, status, "%s: %s", c.where, c.server.Stderr)
}

func (c *conversation) nothingWaits() {
	require.Empty(c.t, c.waiting, "%s: answers that nobody expected", c.where)
}

// expect compares a whole answer.
func (c *conversation) expect(line string) {
	wanted := c.decoded(line)
	members, ok := wanted.(map[string]any)
	require.True(c.t, ok, c.where)
	members["jsonrpc"] = "2.0"
	c.matches(wanted, map[string]any(c.take(members["id"])))
}

// take returns the answer with that id, and reads until it is there.
func (c *conversation) take(id any) answer {
	for i, a := range c.waiting {
		if a["id"] == id {
			c.waiting = append(c.waiting[:i], c.waiting[i+1:]...)
			return a
		}
	}
	for {
		line, err := c.server.Line()
		require.NoError(c.t, err, "%s: no answer with the id %v", c.where, id)
		var a answer
		require.NoError(c.t, json.Unmarshal(line, &a), "%s: not JSON: %s", c.where, line)
		if a["id"] == id {
			return a
		}
		c.waiting = append(c.waiting, a)
	}
}
