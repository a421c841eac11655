package tools

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

func someHit(text string) memory.Hit {
	return memory.Hit{Memory: someID, Chunks: 1, Text: text, Score: 0.5, CreatedAt: someTime, ValidFrom: someTime}
}

func manyHits(n int, text string) []memory.Hit {
	hits := make([]memory.Hit, n)
	for i := range hits {
		hits[i] = someHit(text)
		hits[i].Tags = []string{"work", "notes"}
		hits[i].Reasons = []memory.Reason{{Kind: memory.BecauseWords, What: "what was asked"}}
	}
	return hits
}

func TestSearchText(t *testing.T) {
	tagged := someHit("Ann likes tea.")
	tagged.Tags, tagged.Score = []string{"a", "b"}, 0.876
	for _, c := range []struct {
		name string
		hits []memory.Hit
		want string
	}{
		{"nothing", nil, "No results found matching your query."},
		{"one", []memory.Hit{someHit("x")}, "Found 1 results:\n\n1. [Score: 0.50]\nx\n"},
		{"two", []memory.Hit{tagged, someHit("y")}, "Found 2 results:\n\n1. [Score: 0.88] [Tags: a, b]\nAnn likes tea.\n\n2. [Score: 0.50]\ny\n"},
		{"200 characters", []memory.Hit{someHit(strings.Repeat("é", 200))}, "Found 1 results:\n\n1. [Score: 0.50]\n" + strings.Repeat("é", 200) + "\n"},
		{"201 characters", []memory.Hit{someHit(strings.Repeat("é", 201))}, "Found 1 results:\n\n1. [Score: 0.50]\n" + strings.Repeat("é", 200) + "...\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, said(t, &fake{hits: c.hits}, in("default"), "search_memory", `{"query":"x"}`))
		})
	}
}

func TestFullSearchShowsPassagesWithIDsAndDates(t *testing.T) {
	hit := someHit(strings.Repeat("x", 500))
	hit.ValidFrom = time.Date(2024, 2, 29, 23, 0, 0, 0, time.UTC)
	require.Equal(t,
		"Found 1 results:\n\n1. [Score: 0.50] [ID: "+string(someID)+"] [Date: 2024-02-29]\n"+hit.Text+"\n",
		said(t, &fake{hits: []memory.Hit{hit}}, in("default"), "search_memory", `{"query":"x","full":true}`))
}

func TestSearchDataStandsAlone(t *testing.T) {
	rich := memory.Hit{
		Memory: someID, Chunk: 1, Chunks: 3, Text: "a", Score: 0.123456, Others: 2, Tags: []string{"t"}, Source: "s",
		CreatedAt: someTime, ValidFrom: someTime.Add(-time.Hour),
		Reasons: []memory.Reason{{Kind: memory.BecauseWords, What: "cat"}, {Kind: memory.BecausePhrase}},
	}
	for _, c := range []struct {
		name string
		hits []memory.Hit
		want string
	}{
		{"nothing", nil, `{"found":0,"results":[]}`},
		{"plain", []memory.Hit{someHit("a")}, `{"found":1,"results":[{"memory_id":"` + string(someID) + `","score":0.5,"text":"a",
			"tags":[],"created_at":"2025-11-23T11:34:56Z","reasons":[]}]}`},
		{"rich", []memory.Hit{rich}, `{"found":1,"results":[{"memory_id":"` + string(someID) + `","score":0.1235,"text":"a",
			"tags":["t"],"source":"s","created_at":"2025-11-23T11:34:56Z","valid_from":"2025-11-23T10:34:56Z","chunk":2,"chunks":3,
			"more_chunks_matched":2,"reasons":["words: cat","phrase"]}]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			result, err := call(t, &fake{hits: c.hits}, in("default"), "search_memory", `{"query":"x"}`)
			require.NoError(t, err)
			data, err := json.Marshal(result.StructuredContent)
			require.NoError(t, err)
			require.JSONEq(t, c.want, string(data))
		})
	}
}

func TestScoresAreAlwaysNumbers(t *testing.T) {
	for _, c := range []struct{ given, want float64 }{
		{math.NaN(), 0}, {math.Inf(1), 1}, {math.Inf(-1), 0}, {-0.5, 0}, {1.5, 1}, {0.25, 0.25},
	} {
		t.Run(fmt.Sprint(c.given), func(t *testing.T) {
			hit := someHit("a")
			hit.Score = c.given
			result, err := call(t, &fake{hits: []memory.Hit{hit}}, in("default"), "search_memory", `{"query":"x"}`)
			require.NoError(t, err)
			require.Contains(t, wire(t, result), fmt.Sprintf(`"score":%v`, c.want))
		})
	}
}

func TestSearchStaysWithinItsBudget(t *testing.T) {
	evil := manyHits(100, strings.Repeat("\x01<é🙂", 2000))
	for i := range evil {
		evil[i].Tags = []string{strings.Repeat("\x01", 50_000)}
		evil[i].Source = strings.Repeat("<", 50_000)
		evil[i].Reasons = []memory.Reason{{Kind: memory.BecauseName, What: strings.Repeat("\x02", 50_000)}}
	}
	for _, c := range []struct {
		name, args string
		hits       []memory.Hit
		most       int
	}{
		{"as usual", `{"query":"x","limit":100}`, manyHits(100, strings.Repeat("word ", 100)), 20_000},
		{"whole passages", `{"query":"x","limit":100,"full":true}`, manyHits(100, strings.Repeat("word ", 100)), 20_000},
		{"less asked for", `{"query":"x","max_tokens":1000}`, manyHits(100, strings.Repeat("word ", 100)), 4000},
		{"hostile", `{"query":"x"}`, evil, 20_000},
		{"hostile, whole", `{"query":"x","full":true}`, evil, 20_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			result, err := call(t, &fake{hits: c.hits}, in("default"), "search_memory", c.args)
			require.NoError(t, err)
			require.LessOrEqual(t, len(wire(t, result)), c.most)
			require.GreaterOrEqual(t, len(wire(t, result)), c.most/2, "most of the room is used")
			text := textOf(t, result)
			shown := strings.Count(text, "[Score: ")
			require.Contains(t, text, fmt.Sprintf("\n%d more left out to keep this answer short;", 100-shown))
		})
	}
}

func TestSearchSaysMoreWhenAsked(t *testing.T) {
	f := &fake{hits: manyHits(100, strings.Repeat("word ", 100))}
	result, err := call(t, f, in("default"), "search_memory", `{"query":"x","limit":100,"full":true,"max_tokens":250000}`)
	require.NoError(t, err)
	require.Equal(t, 100, strings.Count(textOf(t, result), "[Score: "))
	require.NotContains(t, textOf(t, result), "left out")
	require.NotNil(t, result.StructuredContent)
}

func TestTheFirstHitIsShownHoweverSmallTheRoom(t *testing.T) {
	f := &fake{hits: manyHits(3, strings.Repeat("🙂", 1000))}
	text := said(t, f, in("default"), "search_memory", `{"query":"x","full":true,"max_tokens":200}`)
	require.Contains(t, text, "1. [Score: 0.50]")
	require.Contains(t, text, "🙂...")
	require.Contains(t, text, "2 more left out")
}

func TestDataIsLeftOutBeforeHitsAre(t *testing.T) {
	f := &fake{hits: manyHits(60, strings.Repeat("word ", 40))}
	result, err := call(t, f, in("default"), "search_memory", `{"query":"x","limit":60}`)
	require.NoError(t, err)
	require.Equal(t, 60, strings.Count(textOf(t, result), "[Score: "))
	require.Nil(t, result.StructuredContent)
}

func TestFilters(t *testing.T) {
	day := time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name, filters string
		want          memory.Filter
	}{
		{"none", `{}`, memory.Filter{}},
		{"no tags", `{"tags":[]}`, memory.Filter{Tags: []string{}}},
		{"tags and source", `{"tags":["a","b"],"source":"s"}`, memory.Filter{Tags: []string{"a", "b"}, Source: "s"}},
		{"from a day", `{"date_from":"2024-03-01"}`, memory.Filter{From: day}},
		{"to a day, which is included", `{"date_to":"2024-02-29"}`, memory.Filter{To: day}},
		{"to a time, which is included", `{"date_to":"2024-03-01T00:00:00Z"}`, memory.Filter{To: day.Add(time.Microsecond)}},
		{"to less than a step of the clock", `{"date_to":"2024-03-01T00:00:00.0000009Z"}`, memory.Filter{To: day.Add(time.Microsecond)}},
		{"another zone", `{"date_from":"2024-03-01T02:00:00+02:00"}`, memory.Filter{From: day}},
		{"no zone", `{"date_from":"2024-03-01T00:00:00"}`, memory.Filter{From: day}},
		{"blanks", `{"date_from":" ","date_to":""}`, memory.Filter{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fake{}
			said(t, f, in("default"), "search_memory", `{"query":"x","filters":`+c.filters+`}`)
			require.Equal(t, c.want, f.asked[0].Filter)
		})
	}
}

func TestABadDateIsNamed(t *testing.T) {
	for _, c := range []struct{ field, date string }{
		{"date_from", "yesterday"}, {"date_to", "2024-02-30"}, {"date_from", "1709251200"}, {"date_to", "2024-01-01 junk"},
	} {
		t.Run(c.date, func(t *testing.T) {
			f := &fake{}
			_, err := call(t, f, in("default"), "search_memory", fmt.Sprintf(`{"query":"x","filters":{%q:%q}}`, c.field, c.date))
			require.EqualError(t, err, fmt.Sprintf(
				"Invalid input: filters.%s: '%s' is neither a date (YYYY-MM-DD) nor a time (YYYY-MM-DDTHH:MM:SSZ)", c.field, c.date))
			require.Empty(t, f.asked)
		})
	}
}
