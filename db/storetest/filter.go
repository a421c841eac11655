package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

func filtering() map[string]func(*testing.T, memory.Store) {
	return map[string]func(*testing.T, memory.Store){
		"FilterNarrows":               filterNarrows,
		"FilterTellsSimilarTagsApart": filterTellsSimilarTagsApart,
		"FilterStillFillsK":           filterStillFillsK,
		"FilterKeepsTheOrder":         filterKeepsTheOrder,
		"FilterFollowsWhatReplaced":   filterFollowsWhatReplaced,
	}
}

// filterable makes four memories for the rows of filters: "note n0x" and so on.
func filterable() []memory.Memory {
	var ms []memory.Memory
	for i, m := range []struct {
		tags   []string
		source string
	}{
		{[]string{"work", "go"}, "mail"}, {[]string{"home"}, "mail"}, {nil, "chat"}, {[]string{"work"}, ""},
	} {
		n := note(home, i, fmt.Sprintf("note n%dx", i))
		n.Tags, n.Source = m.tags, m.source
		ms = append(ms, n)
	}
	return ms
}

type filterRow struct {
	filter memory.Filter
	want   []int // of those that filterable makes
}

func filters() map[string]filterRow {
	return map[string]filterRow{
		"nothing":              {memory.Filter{}, []int{0, 1, 2, 3}},
		"one tag":              {memory.Filter{Tags: []string{"work"}}, []int{0, 3}},
		"any of several tags":  {memory.Filter{Tags: []string{"go", "home", "none"}}, []int{0, 1}},
		"unknown tag":          {memory.Filter{Tags: []string{"wor"}}, nil},
		"source":               {memory.Filter{Source: "mail"}, []int{0, 1}},
		"unknown source":       {memory.Filter{Source: "mai"}, nil},
		"from is included":     {memory.Filter{From: at(1)}, []int{1, 2, 3}},
		"just after from":      {memory.Filter{From: at(1).Add(time.Microsecond)}, []int{2, 3}},
		"to is not included":   {memory.Filter{To: at(2)}, []int{0, 1}},
		"just after to":        {memory.Filter{To: at(2).Add(time.Microsecond)}, []int{0, 1, 2}},
		"from and to":          {memory.Filter{From: at(1), To: at(3)}, []int{1, 2}},
		"from and to the same": {memory.Filter{From: at(1), To: at(1)}, nil},
		"in another zone":      {memory.Filter{From: at(1).In(time.FixedZone("", 3600*5))}, []int{1, 2, 3}},
		"all at once": {
			memory.Filter{Tags: []string{"work", "home"}, Source: "mail", From: at(0), To: at(1)}, []int{0},
		},
	}
}

// texts are those of the memories that pass.
func (r filterRow) texts() []string {
	var want []string
	for _, i := range r.want {
		want = append(want, fmt.Sprintf("note n%dx", i))
	}
	return want
}

// filterNarrows asks for one word that all hold.
func filterNarrows(t *testing.T, s memory.Store) {
	for _, m := range filterable() {
		put(t, s, m)
	}
	for name, row := range filters() {
		q := memory.TermQuery{Terms: []string{"note"}, Filter: row.filter}
		require.ElementsMatch(t, row.texts(), search(t, s, home, q, 9), name)
	}
}

func filterTellsSimilarTagsApart(t *testing.T, s memory.Store) {
	tags := []string{
		"a", "A", "a b", "b", ",", `","`, `"a"`, `\`, "a,b", "%", "_", "", "é", "e\u0301", "\n", "null", "[]",
		" a", "a ", " ", strings.Repeat("long", 2000) + "1", strings.Repeat("long", 2000) + "2",
	}
	for i, tag := range tags {
		m := note(home, i, fmt.Sprintf("tagged t%dx", i))
		m.Tags = []string{"other", tag, "more"}
		put(t, s, m)
	}
	for i, tag := range tags {
		q := memory.TermQuery{Terms: terms("tagged"), Filter: memory.Filter{Tags: []string{tag}}}
		require.Equal(t, []string{fmt.Sprintf("tagged t%dx", i)}, search(t, s, home, q, 99), "tag %.20q", tag)
	}
}

// few puts 500 memories of one word; each tenth comes from "few", and matches
// worst.
func few(t *testing.T, s memory.Store) {
	t.Helper()
	for i := range 500 {
		m := note(home, i, "plenty plenty plenty")
		if i%10 == 0 {
			m = note(home, i, "plenty")
			m.Source = "few"
		}
		put(t, s, m)
	}
}

func filterStillFillsK(t *testing.T, s memory.Store) {
	few(t, s)
	for _, k := range []int{1, 10, 49, 50, 51, 500} {
		q := memory.TermQuery{Terms: terms("plenty"), Filter: memory.Filter{Source: "few"}}
		require.Len(t, refs(t, s, home, q, k), min(k, 50), "k %d", k)
	}
}

func filterKeepsTheOrder(t *testing.T, s memory.Store) {
	few(t, s)
	for i, text := range []string{"plenty of rain", "plenty of rain and rain", "rain on plenty of roofs"} {
		m := note(home, 600+i, text)
		m.Source = "few"
		put(t, s, m)
	}
	q := anyOf("plenty rain roofs")
	unfiltered := refs(t, s, home, q, 600)
	q.Filter = memory.Filter{Source: "few"}
	filtered := refs(t, s, home, q, 600)
	require.Len(t, filtered, 53)
	i := 0
	for _, ref := range unfiltered {
		if i < len(filtered) && ref == filtered[i] {
			i++
		}
	}
	require.Equal(t, len(filtered), i, "filtered refs stand in the order of all")
}

func filterFollowsWhatReplaced(t *testing.T, s memory.Store) {
	m := note(home, 0, "changing")
	m.Tags, m.Source = []string{"old"}, "old"
	put(t, s, m)
	m.Tags, m.Source, m.ValidFrom = []string{"new"}, "new", at(9)
	put(t, s, m)
	found := func(f memory.Filter) int {
		return len(refs(t, s, home, memory.TermQuery{Terms: terms("changing"), Filter: f}, 9))
	}
	require.Zero(t, found(memory.Filter{Tags: []string{"old"}}))
	require.Zero(t, found(memory.Filter{Source: "old"}))
	require.Zero(t, found(memory.Filter{To: at(5)}))
	require.Equal(t, 1, found(memory.Filter{Tags: []string{"new"}, Source: "new", From: at(9)}))
}
