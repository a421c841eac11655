package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory/words"
	"zapomni/tests/client"
)

const (
	seed  = 7
	noise = 1000 // memories beside the facts
)

// diary writes the same sentences for the same seed.
type diary struct{ *rand.Rand }

func newDiary(seed uint64) diary { return diary{rand.New(rand.NewPCG(seed, 0))} }

// oneOf picks a word out of a list with bars between them.
func (d diary) oneOf(list string) string {
	words := strings.Split(list, "|")
	return words[d.IntN(len(words))]
}

// Words of every day, so that many of them stand in questions as well.
const (
	when     = "Today|Yesterday|This morning|On Monday|On Tuesday|Last week|In March|In the summer|Last Sunday|This month|At noon|In the evening"
	who      = "my sister|my brother|my mother|Dad|grandmother|the doctor|the dentist|a friend|the landlord|our neighbour|the teacher|my boss|Tomas|Priya|the plumber|the team"
	did      = "bought|lost|found|cooked|painted|repaired|forgot|read|played with|talked about|moved|cleaned|recommended|broke|replaced|watered|served"
	what     = "a book|the car|some coffee|the boat|the garden gate|a ticket|the kitchen table|an old laptop|the tomatoes|a song|the tent|the budget|the key|a blue bag|the phone|a plate of food|the cat|a passport photo"
	where    = "at the station|in the garden|at school|on the balcony|near the canal|at the market|in the kitchen|at work|behind the cinema|on the second floor|at the club|in Hamburg"
	feeling  = "It was fun.|Nobody knew why.|I was tired afterwards.|It took a long time.|It cost too much money.|We should do that every week.|I will call about it.|It rained all day.|The name of the place was odd.|I prefer the old way."
	sentence = "%s %s %s %s %s. %s"
)

func (d diary) entry() string {
	return fmt.Sprintf(sentence, d.oneOf(when), d.oneOf(who), d.oneOf(did), d.oneOf(what), d.oneOf(where), d.oneOf(feeling))
}

// fact is something that an assistant was told, and what it is asked later, in
// other words.
type fact struct{ told, asked, id string }

func facts(t *testing.T) []fact {
	t.Helper()
	content, err := os.ReadFile("testdata/questions.tsv")
	require.NoError(t, err)
	var all []fact
	for line := range strings.Lines(string(content)) {
		told, asked, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		require.True(t, ok, line)
		all = append(all, fact{told: told, asked: asked})
	}
	return all
}

// Recall goes by words: a question that has none in common with its fact, or
// only those that something else has as well, cannot be answered.
func TestTheQuestionsAreFair(t *testing.T) {
	var analyzer words.Analyzer
	d := newDiary(seed)
	entries := make(map[string][]string) // their words
	for range noise {
		entry := d.entry()
		entries[entry] = analyzer.Terms(entry)
	}
	for _, f := range facts(t) {
		var asked []string
		for _, term := range analyzer.Query(f.asked).Terms {
			asked = append(asked, term.Term)
		}
		told := analyzer.Terms(f.told)
		shared := slices.DeleteFunc(asked, func(word string) bool { return !slices.Contains(told, word) })
		require.NotEmpty(t, shared, f.asked)
		for entry, standing := range entries {
			missing := func(word string) bool { return !slices.Contains(standing, word) }
			require.True(t, slices.ContainsFunc(shared, missing), "%s\n%s", f.asked, entry)
		}
	}
}

func TestPlainQuestionsFindTheirFactsAmongAThousandMemories(t *testing.T) {
	for store, settings := range stores {
		t.Run(store, func(t *testing.T) { askPlainly(t, settings(t)) })
	}
}

func askPlainly(t *testing.T, settings []string) {
	t.Helper()
	all := facts(t)
	require.Len(t, all, 50)
	d := newDiary(seed)
	order := rand.New(rand.NewPCG(seed, 1)).Perm(noise + len(all)) // where the facts come in
	c := client.Start(t, t.TempDir(), settings...)
	for _, i := range order {
		if i >= len(all) {
			_, err := c.Add(map[string]any{"text": d.entry()})
			require.NoError(t, err)
			continue
		}
		var err error
		all[i].id, err = c.Add(map[string]any{"text": all[i].told})
		require.NoError(t, err)
	}
	var first, found int
	for _, f := range all {
		hits, err := c.Search(map[string]any{"query": f.asked})
		require.NoError(t, err)
		place := 1 + slices.IndexFunc(hits, func(h client.Hit) bool { return h.ID == f.id })
		if place > 0 {
			found++
		}
		if place == 1 {
			first++
		} else {
			t.Logf("at place %d for: %s", place, f.asked)
		}
		if place < 1 || place > 3 {
			t.Errorf("not among the first three: %s\n%v", f.told, hits)
		}
	}
	t.Logf("of %d questions, %d have their fact first, %d among the first ten", len(all), first, found)
	require.Equal(t, len(all), found)
}
