package falkor

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/db/falkor/cypher"
	"zapomni/db/falkor/falkortest"
	"zapomni/memory"
	"zapomni/memory/words"
)

// outgrown has a workspace of so many memories, whose terms an older version of
// the program has made.
func outgrown(t *testing.T, memories int) (Config, string) {
	t.Helper()
	c := configFor(t, falkortest.Shared(t))
	s := openAt(t, c)
	require.NoError(t, s.AddWorkspace(t.Context(), memory.WorkspaceInfo{ID: "w", CreatedAt: time.Now().UTC()}))
	for range memories {
		require.NoError(t, s.Put(t.Context(), noteOf("w", "Ada Lovelace wrote a program")))
	}
	raw(t, s, s.graphOf("w"), "MATCH (s:Store) SET s.words = 0 WITH s MATCH (m:Memory)-[:HAS_CHUNK]->(c) SET c.tokens = 'nothing', m.heads = []")
	return c, s.graphOf("w")
}

func matching(t *testing.T, s *Store, term string) []memory.Ref {
	t.Helper()
	refs, err := s.Matching(t.Context(), "w", memory.TermQuery{Terms: []string{term}}, 999)
	require.NoError(t, err)
	return refs
}

func TestWordsOfEachWorkspaceAreMadeAnewWhenItIsFirstSearched(t *testing.T) {
	t.Parallel()
	for name, search := range map[string]func(*testing.T, *Store) int{
		"by words": func(t *testing.T, s *Store) int { t.Helper(); return len(matching(t, s, "program")) },
		"by frequency": func(t *testing.T, s *Store) int {
			t.Helper()
			f, err := s.Frequencies(t.Context(), "w", []string{"program"})
			require.NoError(t, err)
			return f.With[0]
		},
		"by name": func(t *testing.T, s *Store) int {
			t.Helper()
			refs, err := s.Headed(t.Context(), "w", words.Leads("Ada Lovelace wrote a program"), 999)
			require.NoError(t, err)
			return len(refs)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, graph := outgrown(t, reindexed+20) // more than one query brings forward
			s := openAt(t, c)
			require.Equal(t, reindexed+20, search(t, s))
			require.Equal(t, int64(words.Version), raw(t, s, graph, "MATCH (s:Store) RETURN s.words AS words").Row(0).Get("words").Int())
		})
	}
}

func TestWordsAreMadeAnewOnceForAllWhoWait(t *testing.T) {
	t.Parallel()
	c, _ := outgrown(t, 30)
	var out bytes.Buffer
	s, err := Open(t.Context(), c, slog.New(slog.NewTextHandler(&out, nil)))
	require.NoError(t, err)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			refs, err := s.Matching(t.Context(), "w", memory.TermQuery{Terms: []string{"program"}}, 99)
			if err != nil || len(refs) != 30 {
				t.Error(len(refs), err)
			}
		})
	}
	group.Wait()
	require.NoError(t, s.Close())
	require.Equal(t, 1, strings.Count(out.String(), "word_index_growing"))
}

// before calls do ahead of the first statement that has a text in it.
type before struct {
	querier

	text string
	do   func()
	once *sync.Once
}

func (q before) Query(ctx context.Context, s Statement) (Result, error) {
	if strings.Contains(s.Text, q.text) {
		q.once.Do(q.do)
	}
	return q.querier.Query(ctx, s)
}

func TestWhoIsGoneStillHasWordsMadeAnew(t *testing.T) {
	t.Parallel()
	c, graph := outgrown(t, 5)
	s := openAt(t, c)
	ctx, cancel := context.WithCancel(t.Context())
	s.querier = before{s.querier, updateTokens, cancel, new(sync.Once)}
	_, err := s.Matching(ctx, "w", memory.TermQuery{Terms: []string{"program"}}, 99)
	require.ErrorIs(t, err, context.Canceled)
	s.growth.all.Wait()
	require.Equal(t, int64(words.Version), raw(t, s, graph, "MATCH (s:Store) RETURN s.words AS words").Row(0).Get("words").Int())
}

// A text of the same length has the same chunks. It may come between two steps,
// and before one that the server comes to late.
func TestWordsOfAnOldTextAreNotGivenToANewOne(t *testing.T) {
	t.Parallel()
	c, graph := outgrown(t, 0)
	old, s := openAt(t, c), openAt(t, c)
	m := noteOf("w", "cats")
	require.NoError(t, old.Put(t.Context(), m))
	first := raw(t, old, graph, "MATCH (m:Memory) RETURN m.first AS first").Row(0).Get("first").Int()
	late := append(s.newTokens(m), cypher.P("first", first))
	s.querier = before{s.querier, updateTokens, func() {
		m.Text = "dogs"
		if err := old.Put(t.Context(), m); err != nil {
			t.Error(err)
		}
	}, new(sync.Once)}
	require.Len(t, matching(t, s, "dog"), 1)
	raw(t, old, graph, updateTokens, cypher.P("memories", []cypher.Map{late}))
	fresh := openAt(t, c)
	require.Len(t, matching(t, fresh, "dog"), 1)
	require.Empty(t, matching(t, fresh, "cat"))
}

// An older version may put a memory while its terms are made anew, also one that
// has been gone through already.
func TestWordsThatAnOlderVersionPutsMeanwhileAreMadeAnewToo(t *testing.T) {
	t.Parallel()
	c, graph := outgrown(t, reindexed)
	old, s := openAt(t, c), openAt(t, c)
	ids, _, err := old.List(t.Context(), "w", "", 1)
	require.NoError(t, err)
	s.querier = before{s.querier, finishWords, func() {
		m := noteOf("w", "a memory of the older version")
		m.ID = ids[0]
		if err := old.Put(t.Context(), m); err != nil {
			t.Error(err)
		}
		raw(t, old, graph, "MATCH (m:Memory {id: $id})-[:HAS_CHUNK]->(c) SET c.tokens = 'nothing'", cypher.P("id", string(m.ID)))
	}, new(sync.Once)}
	require.Len(t, matching(t, s, "older"), 1)
	require.Len(t, matching(t, s, "program"), reindexed-1)
}

func TestWordsOfANewerVersionAreLeftAlone(t *testing.T) {
	t.Parallel()
	c, graph := outgrown(t, 1)
	s := openAt(t, c)
	require.Len(t, matching(t, s, "program"), 1)
	raw(t, s, graph, "MATCH (s:Store) SET s.words = $words", cypher.P("words", words.Version+1))
	_, err := s.Matching(t.Context(), "w", memory.TermQuery{Terms: []string{"program"}}, 9)
	require.ErrorIs(t, err, memory.ErrUnavailable)
	require.ErrorContains(t, err, "newer version")
	err = s.Put(t.Context(), noteOf("w", "of the old words"))
	require.ErrorContains(t, err, "newer version")
	counts, err := s.Counts(t.Context(), "w")
	require.NoError(t, err)
	require.Equal(t, 1, counts.Memories)
	raw(t, s, s.graph, "MATCH (s:Store) SET s.words = $words", cypher.P("words", words.Version+1))
	_, err = Open(t.Context(), c, slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, fmt.Sprintf("%d.%d", schema, words.Version+1))
}

func TestNothingGrowsAfterClose(t *testing.T) {
	t.Parallel()
	c, graph := outgrown(t, 1)
	s, err := Open(t.Context(), c, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.NoError(t, s.Close())
	require.ErrorIs(t, s.grow(t.Context(), graph), memory.ErrUnavailable)
	require.Nil(t, s.growth.join(graph, func() error { return nil }), "Close has waited for all there were")
}
