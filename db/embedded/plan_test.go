package embedded

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// plan returns the steps of a query, the outermost loop first.
func plan(t *testing.T, s *Store, query string, args ...any) []string {
	t.Helper()
	var steps []string
	rows, err := s.reader.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	require.NoError(t, each(func(r scanner) error {
		var id, parent, unused int
		var step string
		err := r.Scan(&id, &parent, &unused, &step)
		steps = append(steps, strings.TrimSpace(step))
		return err
	})(rows, err))
	return steps
}

// withStatistics makes the planner believe in tables of a shape that would
// tempt it to start from them.
func withStatistics(t *testing.T, s *Store) {
	t.Helper()
	fill(t, s, 160)
	_, err := s.conn.ExecContext(context.WithoutCancel(t.Context()), "ANALYZE")
	require.NoError(t, err)
}

func TestMatchingAsksTheWordIndexByTerm(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	withStatistics(t, s)
	for query, walk := range map[string]string{
		selectPlaces:     "SELECT doc FROM word_place",
		selectTermCounts: "SELECT doc FROM word_count",
	} {
		steps := plan(t, s, query, `["1:a"]`)
		n := len(steps)
		require.GreaterOrEqual(t, n, 3)
		require.Contains(t, steps[n-3], "SCAN t", "the terms are the outer loop")
		require.Contains(t, steps[n-1], "SCAN word_")
		require.NotContains(t, plan(t, s, walk), steps[n-1], "the index is entered at the term")
	}
}

func TestFewPlacesAreReadByTerm(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	withStatistics(t, s)
	whole := plan(t, s, "SELECT doc FROM word_place")
	steps := plan(t, s, selectFewPlaces, `["1:a"]`, fewPlaces)
	require.Contains(t, steps[0], "SCAN t", "the terms are the outer loop")
	require.Contains(t, strings.Join(steps, "\n"), "SCAN word_place")
	require.NotContains(t, steps, whole[len(whole)-1], "the index is entered at the term")
}

func TestNewChunksAreFoundByNumber(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	withStatistics(t, s)
	steps := plan(t, s, selectAdded, 1, 100, 200, mostNew+1)
	require.Contains(t, steps[0], "SEARCH c USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)")
	require.Contains(t, steps[1], "SEARCH m USING INTEGER PRIMARY KEY")
}

func TestFilterFollowsTheWordIndex(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	withStatistics(t, s)
	steps := plan(t, s, selectPassing, "[1]", "source", 1, 2, `["x"]`)
	require.GreaterOrEqual(t, len(steps), 3)
	require.Contains(t, steps[0], "SCAN n VIRTUAL TABLE")
	require.Contains(t, steps[1], "SEARCH c USING INTEGER PRIMARY KEY")
	require.Contains(t, steps[2], "SEARCH m USING INTEGER PRIMARY KEY")
}

// TestFilterInTimeEntersTheIndexThere: it goes through the memories of its own
// workspace only, and of the times wanted.
func TestFilterInTimeEntersTheIndexThere(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	withStatistics(t, s)
	for _, query := range []string{countInTime, selectAllThatPass} {
		steps := strings.Join(plan(t, s, query, 1, "source", 1, 2, `["x"]`), "\n")
		require.Regexp(t, `SEARCH (m|memory) USING (COVERING )?INDEX memory_by_time \(workspace=\? AND valid_from>\? AND valid_from<\?\)`, steps)
	}
}

// TestUnembeddedWalksThoseThatWait: what has a vector costs nothing.
func TestUnembeddedWalksThoseThatWait(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	withStatistics(t, s)
	steps := plan(t, s, selectUnembedded, "default", 5, 32)
	require.GreaterOrEqual(t, len(steps), 4)
	require.Contains(t, steps[1], "SEARCH u USING PRIMARY KEY (workspace=? AND chunk>?)")
	require.Contains(t, steps[2], "SEARCH c USING INTEGER PRIMARY KEY")
	require.Contains(t, steps[3], "SEARCH t USING INTEGER PRIMARY KEY")
	require.NotContains(t, strings.Join(steps, "\n"), "TEMP B-TREE")
}

func TestChangedCodesAreFoundByTheirChange(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	withStatistics(t, s)
	steps := plan(t, s, selectCodes, 1, 1, 5)
	require.Contains(t, steps[1], "SEARCH b USING INDEX code_block_by_change (workspace=? AND change>?)")
}

func TestReadingNeverWalksATable(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	withStatistics(t, s)
	for name, steps := range map[string][]string{
		"passages": plan(t, s, selectPassages, "[1]", "default"),
		"around":   plan(t, s, selectAround, "default", `["x"]`, 2),
		"memory":   plan(t, s, selectMemory, "default", "x"),
		"vectors":  plan(t, s, selectVectorsIn, "[1]", 1, 1),
		"numbers":  plan(t, s, selectVectorNums, 1),
		"counts":   plan(t, s, selectCounts, "default"),
	} {
		for _, step := range steps {
			require.NotRegexp(t, `^SCAN (a|b|c|m|v|w|memory|chunk|chunk_text|chunk_vector|workspace)\b`, step, "%s: %v", name, steps)
			require.NotContains(t, step, "AUTOMATIC", "%s: %v", name, steps)
		}
	}
}

func TestAroundWalksTheIndexOnTime(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	withStatistics(t, s)
	steps := strings.Join(plan(t, s, selectAround, "default", `["x"]`, 2), "\n")
	for _, part := range []string{
		"(workspace=? AND valid_from=? AND num<?)", "(workspace=? AND valid_from<?)",
		"(workspace=? AND valid_from=? AND num>?)", "(workspace=? AND valid_from>?)",
	} {
		require.Contains(t, steps, "SEARCH memory USING COVERING INDEX memory_by_time "+part)
	}
	require.NotContains(t, steps, "TEMP B-TREE")
}
