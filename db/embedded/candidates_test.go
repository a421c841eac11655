package embedded

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

// mixedStore is a store with n chunks in memories of different kinds, one each, by
// the number of the chunk.
type mixedStore struct {
	*Store

	topics   *topics
	memories map[int64]memory.Memory
}

func mixed(t *testing.T, n int) mixedStore {
	t.Helper()
	s := mixedStore{openNew(t), newTopics(7, 30, 48), make(map[int64]memory.Memory)}
	s.testing.Store(true)
	for num := range int64(n) {
		m := said(fmt.Sprint("memory ", num))
		m.ValidFrom = firstTime.Add(time.Duration(num) * time.Minute)
		m.Source = fmt.Sprint("source ", num%100)
		m.Tags = []string{fmt.Sprint("tag ", num%2)}
		m.Model, m.Chunks[0].Vector = "model", s.topics.vector()
		s.memories[num+1] = m
		s.queue.add(&job{ctx: t.Context(), run: putting(t, m), done: make(chan error, 1)})
	}
	for !s.queue.empty() {
		s.writeGroup(t.Context())
	}
	return s
}

// passing are the vectors of the memories that pass f.
func (s mixedStore) passing(f memory.Filter) map[int64][]float32 {
	passing := make(map[int64][]float32)
	for num, m := range s.memories {
		switch {
		case f.Source != "" && m.Source != f.Source, m.ValidFrom.Before(f.From),
			!f.To.IsZero() && !m.ValidFrom.Before(f.To), f.Tags != nil && !slices.Contains(m.Tags, f.Tags[0]):
		default:
			passing[num] = m.Chunks[0].Vector
		}
	}
	return passing
}

func minute(n int) time.Time { return firstTime.Add(time.Duration(n) * time.Minute) }

func TestFilteredNearestFindsWhatAFullSearchFinds(t *testing.T) {
	t.Parallel()
	s := mixed(t, 3000)
	for name, f := range map[string]memory.Filter{
		"half":      {Tags: []string{"tag 1"}},
		"few":       {Source: "source 7"},
		"late":      {From: minute(900)},
		"last hour": {From: minute(2940)},
		"few early": {Source: "source 7", To: minute(1000)},
	} {
		passing, sum := s.passing(f), 0.0
		for range 10 {
			sum += recall(t, s.Store, passing, memory.VectorQuery{Model: "model", Vector: s.topics.vector(), Filter: f}) / 10
		}
		require.GreaterOrEqual(t, sum, enough, name)
		if len(passing) <= baseDepth {
			require.InDelta(t, 1, sum, 1e-9, "%s: few are compared in full", name)
		}
	}
	none := memory.VectorQuery{Model: "model", Vector: s.topics.vector(), Filter: memory.Filter{Source: "source 7", Tags: []string{"tag 0"}}}
	found, err := s.Nearest(t.Context(), memory.DefaultWorkspace, none, 10)
	require.NoError(t, err)
	require.Empty(t, found)
}

// TestBestThatPassAreAskedUntilThereAreEnough, or until that takes too long.
func TestBestThatPassAreAskedUntilThereAreEnough(t *testing.T) {
	t.Parallel()
	s := mixed(t, 3000)
	set, err := s.codeSet(t.Context(), memory.DefaultWorkspace)
	require.NoError(t, err)
	const depth = 70 // 175 are asked about, then 700
	for name, row := range map[string]struct {
		filter memory.Filter
		enough bool
	}{
		"half":    {memory.Filter{Tags: []string{"tag 1"}}, true},
		"a fifth": {memory.Filter{From: minute(2400)}, true},
		"few":     {memory.Filter{Source: "source 7"}, false},
	} {
		passing := s.passing(row.filter)
		question := s.topics.vector()
		nums, enough, err := s.bestThatPass(t.Context(), set, newProbe(directionOf(question), set.mean), row.filter, depth, 700)
		require.NoError(t, err)
		require.Equal(t, row.enough, enough, name)
		if !enough {
			continue
		}
		require.Len(t, nums, depth, name)
		for _, num := range nums {
			require.NotNil(t, passing[num], name)
		}
		require.Subset(t, nums, nearestInFull(passing, question, 5), name)
	}
}

func TestFewInTimeCountsNoMoreThanItMust(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	execute(t, s.path, fmt.Sprintf(`
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
INSERT INTO memory(id, workspace, created_at, valid_from, first, chunks, source, tags, head)
SELECT i, 1, 0, %d + i * 60000000, 0, 0, '', '', '' FROM n`, fewMemories, firstTime.UnixMicro()))
	set := &codeSet{space: space{num: 1}}
	for name, row := range map[string]struct {
		filter memory.Filter
		few    bool
	}{
		"at any time": {memory.Filter{Source: "x"}, false},
		"all but one": {memory.Filter{From: minute(1)}, true},
		"an hour":     {memory.Filter{From: minute(60), To: minute(120)}, true},
		"all":         {memory.Filter{From: minute(0), To: minute(fewMemories + 1)}, false},
	} {
		few, _, err := s.fewInTime(t.Context(), set, row.filter)
		require.NoError(t, err)
		require.Equal(t, row.few, few, name)
	}
}
