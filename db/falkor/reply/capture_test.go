package reply

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the replies of the server at TEST_FALKORDB_ADDR to testdata")

// served is a graph on a real server, the same for every case and protocol.
const served = "CREATE (a:Alpha {x: 1, y: 'z'})-[r:Rel {w: 2.5}]->(b:Beta:Gamma)"

// connect returns a connection that speaks RESP2 or RESP3 to the server at
// TEST_FALKORDB_ADDR: host:port or unix:/path.
func connect(t *testing.T, protocol int) *redis.Client {
	t.Helper()
	addr := os.Getenv("TEST_FALKORDB_ADDR")
	if addr == "" {
		t.Skip("TEST_FALKORDB_ADDR is not set: this asks a real FalkorDB")
	}
	path, unix := strings.CutPrefix(addr, "unix:")
	options := &redis.Options{
		Addr: path, Protocol: protocol, MaxRetries: -1,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
	if unix {
		options.Network = "unix"
	}
	c := redis.NewClient(options)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

// ask returns what the server answers to the query of g, raw.
func ask(t *testing.T, c *redis.Client, g golden) []byte {
	t.Helper()
	graph := fmt.Sprintf("reply_test:%d", os.Getpid())
	require.NoError(t, c.Do(t.Context(), "GRAPH.QUERY", graph, served).Err())
	raw, err := c.DoRaw(t.Context(), "GRAPH.QUERY", graph, g.query, "--compact").Result()
	require.NoError(t, err)
	require.NoError(t, c.Do(t.Context(), "GRAPH.DELETE", graph).Err())
	return raw
}

// varying is the one part of a reply that differs from one run to the next.
var varying = regexp.MustCompile(`\$\d+\r\nQuery internal execution time: [0-9.]+ milliseconds`)

func TestGoldenRepliesAreThoseOfTheServer(t *testing.T) {
	for _, p := range protocols {
		c := connect(t, p.number)
		for _, g := range goldens {
			t.Run(g.name+p.suffix, func(t *testing.T) {
				raw := ask(t, c, g)
				kept, err := os.ReadFile(g.file(p))
				same := bytes.Equal(varying.ReplaceAll(raw, nil), varying.ReplaceAll(kept, nil))
				if *update && !same {
					require.NoError(t, os.WriteFile(g.file(p), raw, 0o644))
					return
				}
				require.NoError(t, err)
				require.True(t, same, "got %q\nnot %q", raw, kept)
			})
		}
	}
}
