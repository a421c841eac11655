package retrieval_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/cmd/zapomni/retrieval"
)

func TestMeasuresOfOneQuestion(t *testing.T) {
	filled := func(n int, ids ...string) []string {
		var found []string
		for i := range n {
			found = append(found, fmt.Sprint("other ", i))
		}
		return append(found, ids...)
	}
	third := 1 / math.Log2(4) // what the third place is worth
	for _, tc := range []struct {
		name    string
		found   []string
		answers []string
		want    retrieval.Scores
	}{
		{"nothing found", nil, []string{"a"}, retrieval.Scores{}},
		{"the one answer first", []string{"a", "b"}, []string{"a"}, retrieval.Scores{R1: 1, R5: 1, R10: 1, R50: 1, MRR10: 1, NDCG10: 1}},
		{"one of two answers third", filled(2, "a"), []string{"a", "b"}, retrieval.Scores{
			R5: 0.5, R10: 0.5, R50: 0.5, MRR10: 1.0 / 3, NDCG10: third / (1 + 1/math.Log2(3)),
		}},
		{"both answers first", []string{"b", "a"}, []string{"a", "b"}, retrieval.Scores{R1: 0.5, R5: 1, R10: 1, R50: 1, MRR10: 1, NDCG10: 1}},
		{"the tenth", filled(9, "a"), []string{"a"}, retrieval.Scores{R10: 1, R50: 1, MRR10: 0.1, NDCG10: 1 / math.Log2(11)}},
		{"the eleventh", filled(10, "a"), []string{"a"}, retrieval.Scores{R50: 1}},
		{"the fiftieth", filled(49, "a"), []string{"a"}, retrieval.Scores{R50: 1}},
		{"the fifty-first", filled(50, "a"), []string{"a"}, retrieval.Scores{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			answers := make(map[string]bool)
			for _, id := range tc.answers {
				answers[id] = true
			}
			var m retrieval.Measures
			m.Add(tc.found, answers)
			require.InDeltaSlice(t, slice(tc.want), slice(m.Scores()), 1e-12)
		})
	}
}

func slice(s retrieval.Scores) []float64 {
	return []float64{s.R1, s.R5, s.R10, s.R50, s.MRR10, s.NDCG10}
}

func TestMeasuresAreMeansOverQuestions(t *testing.T) {
	var m retrieval.Measures
	require.Equal(t, retrieval.Scores{}, m.Scores())
	for i := range 4 {
		var found []string
		if i == 0 {
			found = []string{"a"}
		}
		m.Add(found, map[string]bool{"a": true})
	}
	require.Equal(t, 4, m.Questions)
	require.Equal(t, retrieval.Scores{R1: 0.25, R5: 0.25, R10: 0.25, R50: 0.25, MRR10: 0.25, NDCG10: 0.25}, m.Scores())
}
