package bench

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/db/falkor"
	"zapomni/db/falkor/cypher"
	"zapomni/db/falkor/falkortest"
)

// falkorNodes is how many chunks there are to look up and to search.
const falkorNodes = 10_000

// falkorWork is one read that all clients do, each with a random number of
// twelve digits in the place of drawn, as the server's own benchmark puts it.
type falkorWork struct {
	name, text string
	param      string // "" for none
	value      string // of param
}

const drawn = "__rand_int__"

var falkorWorks = []falkorWork{
	{name: "return-1", text: "RETURN 1"},
	{name: "lookup", text: "MATCH (c:Chunk {id: $id}) RETURN c.text AS text", param: "id", value: drawn},
	{
		name: "full-text", param: "word", value: "w" + drawn,
		text: "CALL db.idx.fulltext.queryNodes('Chunk', $word) YIELD node, score RETURN node.id AS id, score AS score ORDER BY score DESC LIMIT 10",
	},
}

// draw returns the parameters of one query.
func (w falkorWork) draw() []cypher.Param {
	if w.param == "" {
		return nil
	}
	return []cypher.Param{cypher.P(w.param, strings.Replace(w.value, drawn, fmt.Sprintf("%012d", rand.IntN(falkorNodes)), 1))}
}

// encoded is the whole text of the query with drawn in it.
func (w falkorWork) encoded(b *testing.B) string {
	b.Helper()
	var params []cypher.Param
	if w.param != "" {
		params = []cypher.Param{cypher.P(w.param, w.value)}
	}
	text, err := cypher.Append(nil, w.text, params...)
	require.NoError(b, err)
	return string(text)
}

// falkorServer is a server with a graph that the works find something in. About
// ten chunks have each word.
func falkorServer(b *testing.B) (s *falkortest.Server, graph string) {
	b.Helper()
	s = falkortest.Start(b)
	c := falkorClient(b, s, "bench")
	write := func(text string, params ...cypher.Param) {
		_, err := c.Query(b.Context(), falkor.Statement{Graph: "bench", Text: text, Params: params, Effect: falkor.Repeatable})
		require.NoError(b, err)
	}
	write("CREATE INDEX FOR (c:Chunk) ON (c.id)")
	write("CALL db.idx.fulltext.createNodeIndex('Chunk', 'words')")
	texts, words := newWriter(3), rand.New(rand.NewPCG(3, 3))
	const batch = 1000
	for first := 0; first < falkorNodes; first += batch {
		rows := make([]cypher.Map, batch)
		for i := range rows {
			has := make([]string, 10)
			for j := range has {
				has[j] = fmt.Sprintf("w%012d", words.IntN(falkorNodes))
			}
			rows[i] = cypher.Map{
				cypher.P("id", fmt.Sprintf("%012d", first+i)), cypher.P("text", texts.text()), cypher.P("words", strings.Join(has, " ")),
			}
		}
		write("UNWIND $rows AS row CREATE (:Chunk {id: row.id, text: row.text, words: row.words})", cypher.P("rows", rows))
	}
	return s, "bench"
}

// falkorConfig is the configuration for s, over its unix socket.
func falkorConfig(s *falkortest.Server, graph string) falkor.Config {
	config := falkor.Defaults()
	config.URL, config.Graph = falkor.Secret("unix://"+s.Socket()), graph
	return config
}

func falkorClient(b *testing.B, s *falkortest.Server, graph string) *falkor.Client {
	b.Helper()
	c, err := falkor.NewClient(falkorConfig(s, graph), slog.New(slog.DiscardHandler))
	require.NoError(b, err)
	require.NoError(b, c.Init(b.Context()))
	b.Cleanup(func() { _ = c.Close(context.WithoutCancel(b.Context())) })
	return c
}
