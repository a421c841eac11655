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

// selectTexts goes through the memories that were put since.
const selectTexts = `
MATCH (m:Memory) WHERE m.place > $last AND m.first >= $since
WITH m ORDER BY m.place LIMIT $limit
RETURN m.id AS id, m.place AS place, m.first AS first, m.text AS text, m.bounds AS bounds`

// updateTokens leaves alone what was put anew meanwhile.
const updateTokens = `
UNWIND $memories AS new
MATCH (m:Memory {id: new.id}) WHERE m.first = new.first
SET m.heads = new.heads
WITH m, new
UNWIND new.tokens AS tokens
MATCH (c:Chunk {ref: toString(m.first + tokens.index)})
SET c.tokens = tokens.text`

const (
	readNext = "MATCH (s:Store {key: $key}) RETURN s.next AS next"

	// finishWords says that all terms are made the new way, unless something was
	// put meanwhile: perhaps by an older version of this program.
	finishWords = `
MATCH (s:Store {key: $key}) WHERE s.next = $next OR s.words >= $words
SET s.words = CASE WHEN s.words < $words THEN $words ELSE s.words END
RETURN s.words AS words`
)

// reindex makes the terms of all memories anew, as the way to make them has
// changed since, beside others who put some.
func (s *Store) reindex(ctx context.Context, graph string, from int) error {
	s.log.InfoContext(ctx, "word_index_growing", "graph", graph, "from", from, "to", words.Version)
	for since := int64(0); ; {
		found, err := s.look(ctx, graph, readNext, cypher.P("key", storeKey))
		if err != nil || found.Len() == 0 {
			return err // it is gone
		}
		next := found.Row(0).Get("next").Int()
		if err := s.reindexSince(ctx, graph, since); err != nil {
			return err
		}
		done, err := s.write(ctx, graph, finishWords, cypher.P("key", storeKey), cypher.P("next", next), cypher.P("words", words.Version))
		if err != nil || done.Len() > 0 {
			return err
		}
		since = next
	}
}

// reindexSince does so for the memories whose chunks have numbers from since on.
func (s *Store) reindexSince(ctx context.Context, graph string, since int64) error {
	for last := int64(-1); ; {
		found, err := s.look(ctx, graph, selectTexts, cypher.P("last", last), cypher.P("since", since), cypher.P("limit", reindexed))
		if err != nil || found.Len() == 0 {
			return err
		}
		memories := make([]cypher.Map, found.Len())
		for i := range memories {
			row := found.Row(i)
			last = row.Get("place").Int()
			memories[i] = append(s.newTokens(memory.Memory{
				ID: memory.ID(row.Get("id").Text()), Text: restored(row.Get("text").Text()), Chunks: chunksOf(row.Get("bounds")),
			}), cypher.P("first", row.Get("first").Int()))
		}
		if _, err := s.write(ctx, graph, updateTokens, cypher.P("memories", memories)); err != nil {
			return err
		}
	}
}

func (s *Store) newTokens(m memory.Memory) cypher.Map {
	all := make([]cypher.Map, len(m.Chunks))
	for i, c := range m.Chunks {
		all[i] = cypher.Map{cypher.P("index", i), cypher.P("text", tokens(s.analyzer.Terms(m.Text[c.Start:c.End])))}
	}
	return cypher.Map{
		cypher.P("id", string(m.ID)), cypher.P("heads", heads(m)), cypher.P("tokens", all),
	}
}
