package tools

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

// unembedded is what add_memory says of a memory whose vector is not there yet.
const unembedded = "\nIt is found by its words; its meaning is still to be embedded."

func TestAddWaitsForTheVectorIfAsked(t *testing.T) {
	for _, c := range []struct {
		name, args string
		err        error
		waited     []memory.Workspace
		late       bool
	}{
		{"not asked", `{"text":"x"}`, nil, nil, false},
		{"asked not to", `{"text":"x","wait":false}`, nil, nil, false},
		{"asked", `{"text":"x","wait":true,"workspace_id":"there"}`, nil, []memory.Workspace{"there"}, false},
		{"in vain", `{"text":"x","wait":true}`, errors.New("down"), []memory.Workspace{"here"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fake{notEmbedded: c.err}
			text := said(t, f, in("here"), "add_memory", c.args)
			require.Equal(t, c.waited, f.embedded)
			require.Equal(t, c.late, strings.HasSuffix(text, unembedded), text)
		})
	}
}

func TestAddWaitsNoLongerThanClientsDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		require.Contains(t, said(t, &fake{embedsLong: true}, in("here"), "add_memory", `{"text":"x","wait":true}`), unembedded)
		require.Equal(t, 20*time.Second, time.Since(began))
	})
}

func TestAddWaitsNoMoreOnceTheServerIsLeaving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leaving := make(chan struct{})
		time.AfterFunc(time.Second, func() { close(leaving) })
		began := time.Now()
		result, err := callWith(t, Options{Leaving: leaving}, &fake{embedsLong: true}, in("here"), "add_memory", `{"text":"x","wait":true}`)
		require.NoError(t, err)
		require.Contains(t, textOf(t, result), unembedded)
		require.Equal(t, time.Second, time.Since(began))
	})
}

func TestSearchSaysWhatItLacks(t *testing.T) {
	const why = "the embedder cannot be reached"
	for _, c := range []struct{ name, args, want string }{
		{"hybrid", `{"query":"x"}`, "Searched by words only: " + why + "."},
		{"meaning", `{"query":"x","mode":"meaning"}`, "Not searched: " + why + "."},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, hits := range [][]memory.Hit{nil, {someHit("a")}} {
				result, err := call(t, &fake{hits: hits, lacks: why}, in("default"), "search_memory", c.args)
				require.NoError(t, err)
				require.True(t, strings.HasSuffix(strings.TrimSpace(textOf(t, result)), "\n"+c.want), textOf(t, result))
				var data struct{ Note string }
				raw, err := json.Marshal(result.StructuredContent)
				require.NoError(t, err)
				require.NoError(t, json.Unmarshal(raw, &data))
				require.Equal(t, c.want, data.Note)
			}
		})
	}
}

func TestSearchGoesByTheModeAndTheTimeAskedFor(t *testing.T) {
	midnight := time.Date(2024, 3, 2, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name, args string
		want       memory.Question
	}{
		{"a mode", `{"query":"x","mode":"words"}`, memory.Question{Mode: memory.ByWords}},
		{"as of a day, with all of it", `{"query":"x","as_of":"2024-03-01"}`, memory.Question{Filter: memory.Filter{To: midnight}}},
		{"the earlier of two ends", `{"query":"x","as_of":"2024-03-01","filters":{"date_to":"2024-05-01"}}`, memory.Question{Filter: memory.Filter{To: midnight}}},
		{"the other way round", `{"query":"x","as_of":"2024-05-01","filters":{"date_to":"2024-03-01"}}`, memory.Question{Filter: memory.Filter{To: midnight}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fake{}
			said(t, f, in("default"), "search_memory", c.args)
			c.want.Workspace, c.want.Text, c.want.Limit = "default", "x", 10
			require.Equal(t, []memory.Question{c.want}, f.asked)
		})
	}
	_, err := call(t, &fake{}, in("default"), "search_memory", `{"query":"x","as_of":"soon"}`)
	require.EqualError(t, err, "Invalid input: as_of: 'soon' is neither a date (YYYY-MM-DD) nor a time (YYYY-MM-DDTHH:MM:SSZ)")
}

func TestSearchExplainsEachHit(t *testing.T) {
	hit := someHit("a")
	for i := range 5 {
		hit.Reasons = append(hit.Reasons, memory.Reason{Kind: memory.BecauseWords, What: "cat", Worth: float64(i) / 4})
	}
	f := &fake{hits: []memory.Hit{hit}}
	text := said(t, f, in("default"), "search_memory", `{"query":"x","explain":true}`)
	require.Contains(t, text, "\n(words: cat (+0.00); words: cat (+0.25); words: cat (+0.50); words: cat (+0.75); words: cat (+1.00))\n")
	require.NotContains(t, said(t, f, in("default"), "search_memory", `{"query":"x"}`), "words: cat")
}
