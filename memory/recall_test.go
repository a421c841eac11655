package memory_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

func recall(t *testing.T, p *memory.Processor, question string) []memory.Hit {
	t.Helper()
	found, err := p.Recall(t.Context(), memory.Question{Text: question, Limit: 10})
	require.NoError(t, err)
	return found.Hits
}

// because reports whether h was found for that reason, and that it counted.
func because(h memory.Hit, kind, what string) bool {
	return slices.ContainsFunc(h.Reasons, func(r memory.Reason) bool { return r.Kind == kind && r.What == what && r.Worth > 0 })
}

// crowd adds texts that have nothing to do with any question here.
func crowd(t *testing.T, p *memory.Processor) {
	t.Helper()
	for i := range 30 {
		add(t, p, fmt.Sprintf("Entry %d about gardens, weather and the price of tomatoes.", i))
	}
}

func TestAPlainQuestionFindsItsMemory(t *testing.T) {
	for _, tt := range []struct{ name, text, question string }{
		{"other inflections", "My sister Anna started working as a nurse in May.", "Which of my sisters works?"},
		{"one word in common among many", "The spare key hangs behind the boiler.", "Could you please tell me where on earth I might have put that key?"},
		{"only common words", "Who are you? I am what I am.", "who are you"},
		{"an identifier asked for in words", "func parseConfigFile(path string) error { return nil }", "how do I parse a config file"},
		{"words asked for as an identifier", "How to parse a config file in steps.", "parseConfigFile"},
		{"Russian", "Моя сестра Анна работает медсестрой.", "Кем работает сестра?"},
		{"Japanese", "妹は東京の病院で働いています。", "東京の病院"},
		{"accents left out", "We met at the Café Zoë.", "cafe zoe"},
		{"a number", "The invoice is 48213.", "invoice 48213"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, _ := newProcessor(t)
			crowd(t, p)
			m := add(t, p, tt.text)
			hits := recall(t, p, tt.question)
			require.NotEmpty(t, hits)
			require.Equal(t, m.ID, hits[0].Memory)
		})
	}
}

func TestOrder(t *testing.T) {
	for _, tt := range []struct {
		name, question string
		texts          []string // best first
	}{
		{"the phrase before the words apart", "red bicycle shop", []string{"It is the red bicycle shop here.", "The shop sold a red old bicycle."}},
		{"all words before some", "green tea ceremony", []string{"The ceremony of tea, so green.", "Green green green hills."}},
		{"a rare word before a common one", "tomatoes zanzibar", []string{"Zanzibar was hot.", "The tomatoes were hot."}},
		{"the title before the text", "blue whale", []string{"Blue whale\nA large animal of the sea.", "Some animals\nOne of them is a whale, and it is blue."}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, _ := newProcessor(t)
			crowd(t, p)
			for _, text := range slices.Backward(tt.texts) {
				add(t, p, text)
			}
			hits := recall(t, p, tt.question)
			require.GreaterOrEqual(t, len(hits), len(tt.texts))
			for i, want := range tt.texts {
				require.Equal(t, want, hits[i].Text)
			}
		})
	}
}

func TestOneHitPerMemory(t *testing.T) {
	p, _ := newProcessor(t)
	filler := strings.Repeat("Nothing of interest happens in this sentence. ", 15)
	m := add(t, p, "The harbor opens.\n\n"+filler+"\n\nThe harbor of Odesa closes at night.\n\n"+filler)
	hits := recall(t, p, "When does the harbor of Odesa close?")
	require.Len(t, hits, 1)
	require.Equal(t, m.ID, hits[0].Memory)
	require.Contains(t, hits[0].Text, "Odesa")
	require.Positive(t, hits[0].Others)
	require.Equal(t, len(m.Chunks), hits[0].Chunks)
}

func TestScoresFallAndStayWithinBounds(t *testing.T) {
	p, _ := newProcessor(t)
	crowd(t, p)
	add(t, p, "tomatoes tomatoes tomatoes")
	last := 1.0
	for _, h := range recall(t, p, "tomatoes weather") {
		require.Greater(t, h.Score, 0.0)
		require.LessOrEqual(t, h.Score, last)
		last = h.Score
	}
}

func TestAHitLeadsToTheMemoryOfANameInIt(t *testing.T) {
	p, _ := newProcessor(t)
	crowd(t, p)
	film := add(t, p, "Silent Harbor\nSilent Harbor is a film of 1962 directed by Marta Quill.")
	director := add(t, p, "Marta Quill\nMarta Quill grew up in Ghent.")
	hits := recall(t, p, "Where did the director of the film Silent Harbor come from?")
	require.Equal(t, film.ID, hits[0].Memory)
	require.Equal(t, director.ID, hits[1].Memory)
	require.True(t, because(hits[1], memory.BecauseLink, string(film.ID)))
}

func TestTheAnswerNextToTheQuestionIsFound(t *testing.T) {
	p, _ := newProcessor(t)
	at := time.Date(2024, 3, 1, 10, 0, 0, 0, time.UTC)
	say := func(text string) memory.ID {
		at = at.Add(time.Minute)
		m, err := p.Add(t.Context(), memory.Draft{Text: text, Metadata: map[string]any{"timestamp": at.Format(time.RFC3339)}})
		require.NoError(t, err)
		return m.ID
	}
	say("Dana: Good morning!")
	asked := say("Dana: What did you name the puppy?")
	answer := say("Luis: Biscuit, of course.")
	hits := recall(t, p, "name of the puppy")
	require.Equal(t, asked, hits[0].Memory)
	require.Equal(t, answer, hits[1].Memory)
	require.True(t, because(hits[1], memory.BecauseNeighbor, string(asked)))
}

func TestMemoriesThatAreNoConversationDoNotSpeakForEachOther(t *testing.T) {
	p, _ := newProcessor(t)
	add(t, p, "The puppy has a name.")
	add(t, p, "Something else entirely.")
	require.Len(t, recall(t, p, "puppy"), 1)
}

func TestReasonsNameTheWordsAsAsked(t *testing.T) {
	p, _ := newProcessor(t)
	crowd(t, p)
	add(t, p, "The ships sailed to Zanzibar.")
	hits := recall(t, p, "a ship sailing to Zanzibar")
	require.Equal(t, memory.BecauseWords, hits[0].Reasons[0].Kind)
	require.ElementsMatch(t, []string{"ship", "sailing", "zanzibar"}, strings.Split(hits[0].Reasons[0].What, ", "))
}

func TestFilters(t *testing.T) {
	day := func(d int) string { return time.Date(2024, 1, d, 12, 0, 0, 0, time.UTC).Format(time.RFC3339) }
	at := func(d int) time.Time { return time.Date(2024, 1, d, 12, 0, 0, 0, time.UTC) }
	for _, tt := range []struct {
		name   string
		filter memory.Filter
		want   int
	}{
		{"none", memory.Filter{}, 4},
		{"any of the tags", memory.Filter{Tags: []string{"even", "none"}}, 2},
		{"a tag nothing has", memory.Filter{Tags: []string{"none"}}, 0},
		{"source", memory.Filter{Source: "s1"}, 1},
		{"from is included", memory.Filter{From: at(3)}, 2},
		{"to is not", memory.Filter{To: at(3)}, 2},
		{"both", memory.Filter{From: at(2), To: at(4)}, 2},
		{"all at once", memory.Filter{Tags: []string{"even"}, From: at(3)}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, _ := newProcessor(t)
			for d := 1; d <= 4; d++ {
				meta := map[string]any{"timestamp": day(d), "source": fmt.Sprintf("s%d", d), "tags": []any{[]string{"even", "odd"}[d%2]}}
				_, err := p.Add(t.Context(), memory.Draft{Text: "Anna: a kite", Metadata: meta})
				require.NoError(t, err)
			}
			found, err := p.Recall(t.Context(), memory.Question{Text: "kite", Limit: 10, Filter: tt.filter})
			require.NoError(t, err)
			require.Len(t, found.Hits, tt.want)
		})
	}
}

func TestLimit(t *testing.T) {
	p, _ := newProcessor(t)
	crowd(t, p)
	found, err := p.Recall(t.Context(), memory.Question{Text: "tomatoes", Limit: 7})
	require.NoError(t, err)
	require.Len(t, found.Hits, 7)
}

func TestRecallRefusesBadQuestions(t *testing.T) {
	for _, tt := range []struct {
		name string
		q    memory.Question
		want string
	}{
		{"empty", memory.Question{Limit: 1}, "query cannot be empty or contain only whitespace"},
		{"blank", memory.Question{Text: " \t", Limit: 1}, "query cannot be empty or contain only whitespace"},
		{"too long", memory.Question{Text: strings.Repeat("ы", 1001), Limit: 1}, "query exceeds 1000 characters"},
		{"invalid UTF-8", memory.Question{Text: "a\xff", Limit: 1}, "query is not valid UTF-8 at byte 1"},
		{"no limit", memory.Question{Text: "x"}, "limit must be between 1 and 100, got 0"},
		{"limit too high", memory.Question{Text: "x", Limit: 101}, "limit must be between 1 and 100, got 101"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, _ := newProcessor(t)
			_, err := p.Recall(t.Context(), tt.q)
			require.EqualError(t, err, tt.want)
		})
	}
}

func TestNothingToFind(t *testing.T) {
	p, _ := newProcessor(t)
	require.Empty(t, recall(t, p, "anything"))
	crowd(t, p)
	require.Empty(t, recall(t, p, "xylophone"))
	require.Empty(t, recall(t, p, "?!"))
	found, err := p.Recall(t.Context(), memory.Question{Workspace: "nowhere", Text: "tomatoes", Limit: 5})
	require.NoError(t, err)
	require.Empty(t, found.Hits)
}

func TestADeletedMemoryIsNotRecalledFromTheCache(t *testing.T) {
	p, _ := newProcessor(t)
	m := add(t, p, "The puppy has a name.")
	require.Len(t, recall(t, p, "puppy"), 1)
	require.NoError(t, p.Delete(t.Context(), "", m.ID))
	require.Empty(t, recall(t, p, "puppy"))
}

func TestTheSameQuestionGivesTheSameAnswer(t *testing.T) {
	p, _ := newProcessor(t)
	crowd(t, p)
	first := recall(t, p, "tomatoes and gardens")
	for range 20 {
		require.Equal(t, first, recall(t, p, "tomatoes and gardens"))
	}
}

func TestAFailingSearchIsReported(t *testing.T) {
	p, shelf := newProcessor(t)
	add(t, p, "tomatoes")
	shelf.fail = memory.ErrUnavailable
	_, err := p.Recall(t.Context(), memory.Question{Text: "tomatoes", Limit: 5})
	require.ErrorIs(t, err, memory.ErrUnavailable)
}

func TestAChunkThatANeighborBringsInIsNoOtherMatch(t *testing.T) {
	p, _ := newProcessor(t)
	filler := strings.Repeat("nothing of interest was said here. ", 30)
	long := add(t, p, "Dana: "+filler+"The puppy is called Biscuit.")
	add(t, p, "Luis: A puppy!")
	for _, h := range recall(t, p, "the puppy called Biscuit") {
		if h.Memory == long.ID {
			require.Contains(t, h.Text, "Biscuit")
			require.Zero(t, h.Others)
			return
		}
	}
	require.Fail(t, "not found")
}
