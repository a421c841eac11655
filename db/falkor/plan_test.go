package falkor

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/db/falkor/cypher"
	"zapomni/memory"
)

// What is done for each memory or chunk must not go through all of them.
func TestStatementsFindByIndex(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	m := piecesOf(3)
	require.NoError(t, s.Put(t.Context(), m))
	m.Chunks[1].Vector = []float32{1, 2, 3}
	require.NoError(t, s.Put(t.Context(), m))
	params, _, err := s.paramsOf(m)
	require.NoError(t, err)
	params = append(params, s.tickets.take()...)
	for _, p := range filterParams(memory.Filter{From: time.Now()}) {
		if p.Name != "source" && p.Name != "tags" { // which a memory has as well
			params = append(params, p)
		}
	}
	params = append(params, cypher.P("space", 1), cypher.P("memories", []cypher.Map{s.newTokens(m)}), cypher.P("model", ""), cypher.P("refs", []string{"1"}), cypher.P("first", 1), cypher.P("last", 1),
		cypher.P("limit", 9), cypher.P("k", 9), cypher.P("vector", []float32{1, 2, 3}),
		cypher.P("vectors", []cypher.Map{{cypher.P("num", 1), cypher.P("ref", "1"), cypher.P("vector", []float32{1, 2, 3})}}))
	for name, text := range map[string]string{
		"putMemory": putMemory, "putEmbedded": fmt.Sprintf(putEmbedded, 1), "selectMemory": selectMemory,
		"deleteMemory": deleteMemory, "deleteDoubtful": deleteDoubtful, "attachVectors": fmt.Sprintf(attachVectors, 1),
		"selectSimilar": selectSimilar, "selectWaiting": selectWaiting, "leaveEmptySpace": leaveEmptySpace, "selectPassages": selectPassages,
		"updateTokens": updateTokens, "selectNearestFiltered": fmt.Sprintf(selectNearestFiltered, 1),
	} {
		query, err := cypher.Append(nil, text, params...)
		require.NoError(t, err)
		plan, err := s.client.Do(t.Context(), Reads, "GRAPH.EXPLAIN", s.graph, string(query))
		require.NoError(t, err)
		require.NotContains(t, fmt.Sprint(plan), "Label Scan", name)
		require.NotContains(t, fmt.Sprint(plan), "All Node Scan", name)
	}
	exact, err := cypher.Append(nil, fmt.Sprintf(selectExactFiltered, 1), params...)
	require.NoError(t, err)
	plan, err := s.client.Do(t.Context(), Reads, "GRAPH.EXPLAIN", s.graph, string(exact))
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(fmt.Sprint(plan), "Label Scan"))
	require.Contains(t, fmt.Sprint(plan), "Node By Label Scan | (v:Vector1)", "from the vectors, of which there may be few")
}
