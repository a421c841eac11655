package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/cmd/zapomni/excerpt"
	"zapomni/memory"
)

func TestPaintMarksInTheStyle(t *testing.T) {
	marks := []excerpt.Span{{Start: 0, End: 4}, {Start: 9, End: 13}}
	require.Equal(t, "<Anna> and <Anna>!", style{mark: "<", reset: ">"}.paint("Anna and Anna!", marks))
	require.Equal(t, "Anna and Anna!", style{}.paint("Anna and Anna!", marks))
}

func TestFactsAreShort(t *testing.T) {
	at := time.Date(2024, 5, 1, 10, 30, 0, 0, time.UTC)
	local := at.Local().Format("2006-01-02 15:04")
	for _, tc := range []struct {
		name string
		hit  memory.Hit
		want string
	}{
		{"the least", memory.Hit{Memory: "id", Score: 0.5, ValidFrom: at}, "0.50 · " + local + " · id"},
		{"a date", memory.Hit{Memory: "id", ValidFrom: at.Truncate(24 * time.Hour)}, "0.00 · 2024-05-01 · id"},
		{"one passage more", memory.Hit{Memory: "id", ValidFrom: at, Others: 1}, "0.00 · " + local + " · 1 more passage · id"},
		{"all", memory.Hit{Memory: "id", Score: 1, ValidFrom: at, Tags: []string{"a", "b"}, Source: "x", Others: 2}, "1.00 · " + local + " · a, b · x · 2 more passages · id"},
		{"why", memory.Hit{Memory: "id", ValidFrom: at, Reasons: []memory.Reason{
			{Kind: memory.BecausePhrase},
			{Kind: memory.BecauseWords, What: "a, b"},
			{Kind: memory.BecauseName, What: "Ada"},
			{Kind: memory.BecauseLink, What: "x"},
			{Kind: memory.BecauseNeighbor, What: "y"},
		}}, "0.00 · " + local + " · the whole phrase · words: a, b · name: Ada · named in a hit · next to a hit · id"},
	} {
		t.Run(tc.name, func(t *testing.T) { require.Equal(t, tc.want, facts(tc.hit)) })
	}
}
