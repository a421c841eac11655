package falkor

import (
	"context"

	"zapomni/db/falkor/cypher"
	"zapomni/memory"
	"zapomni/memory/words"
)

// reindexed is how many memories are brought forward by one query: writers
// wait meanwhile.
const reindexed = 50

const selectTexts = `
MATCH (m:Memory) WHERE m.place > $last
WITH m ORDER BY m.place LIMIT $limit
RETURN m.id AS id, m.place AS place, m.text AS text, m.bounds AS bounds`

const updateTokens = `
UNWIND $memories AS new
MATCH (m:Memory {id: new.id}) WHERE m.bounds = new.bounds
SET m.heads = new.heads
WITH m, new
UNWIND new.tokens AS tokens
MATCH (c:Chunk {ref: toString(m.first + tokens.index)})
SET c.tokens = tokens.text`

// reindex makes the terms of all memories anew, as the way to make them has
// changed since. What is put meanwhile is made the new way.
func (s *Store) reindex(ctx context.Context, graph string, from int) error {
	s.log.InfoContext(ctx, "word_index_growing", "graph", graph, "from", from, "to", words.Version)
	for last := int64(-1); ; {
		found, err := s.read(ctx, graph, selectTexts, cypher.P("last", last), cypher.P("limit", reindexed))
		if err != nil {
			return err
		}
		if found.Len() == 0 {
			break
		}
		memories := make([]cypher.Map, found.Len())
		for i := range memories {
			row := found.Row(i)
			last = row.Get("place").Int()
			memories[i] = s.newTokens(memory.Memory{
				ID: memory.ID(row.Get("id").Text()), Text: restored(row.Get("text").Text()), Chunks: chunksOf(row.Get("bounds")),
			})
		}
		if _, err := s.write(ctx, graph, updateTokens, cypher.P("memories", memories)); err != nil {
			return err
		}
	}
	_, err := s.write(ctx, graph, "MATCH (s:Store {key: $key}) SET s.words = $words", cypher.P("key", storeKey), cypher.P("words", words.Version))
	return err
}

func (s *Store) newTokens(m memory.Memory) cypher.Map {
	all := make([]cypher.Map, len(m.Chunks))
	for i, c := range m.Chunks {
		all[i] = cypher.Map{cypher.P("index", i), cypher.P("text", tokens(s.analyzer.Terms(m.Text[c.Start:c.End])))}
	}
	return cypher.Map{
		cypher.P("id", string(m.ID)), cypher.P("bounds", boundsOf(m.Chunks)), cypher.P("heads", heads(m)), cypher.P("tokens", all),
	}
}
