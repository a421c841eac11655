package memory_test

import (
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

// newMeaning returns a processor that recalls by meaning.
func newMeaning(t *testing.T) (*memory.Processor, *shelf, *concepts) {
	t.Helper()
	p, s := newProcessor(t)
	e := &concepts{model: "concepts"}
	return p.WithMeaning(e, slog.New(slog.DiscardHandler)), s, e
}

// embedded adds a memory and embeds it.
func embedded(t *testing.T, p *memory.Processor, text string) memory.Memory {
	t.Helper()
	m := add(t, p, text)
	require.NoError(t, p.Embed(t.Context(), memory.DefaultWorkspace, nil))
	return m
}

func ask(t *testing.T, p *memory.Processor, q memory.Question) memory.Answer {
	t.Helper()
	q.Limit = 10
	answer, err := p.Recall(t.Context(), q)
	require.NoError(t, err)
	return answer
}

func TestAMemoryIsFoundWithoutASharedWord(t *testing.T) {
	p, _, _ := newMeaning(t)
	crowd(t, p)
	m := embedded(t, p, "Anna, my sister, became a nurse.")
	answer := ask(t, p, memory.Question{Text: "profession of the relative"})
	require.Empty(t, answer.Lacks)
	require.Equal(t, m.ID, answer.Hits[0].Memory)
	require.True(t, because(answer.Hits[0], memory.BecauseMeaning, "1.00"))
}

func TestModes(t *testing.T) {
	p, _, _ := newMeaning(t)
	crowd(t, p)
	means := embedded(t, p, "The pet sleeps.")
	says := embedded(t, p, "Hot dogs, the best ones.")
	for mode, want := range map[memory.Mode][]memory.ID{
		memory.ByWords:   {says.ID},
		memory.ByMeaning: {means.ID},
	} {
		var found []memory.ID
		for _, h := range ask(t, p, memory.Question{Text: "dogs? dog!", Mode: mode}).Hits {
			if h.Memory == means.ID || h.Memory == says.ID {
				found = append(found, h.Memory)
			}
		}
		require.Subset(t, found, want, mode)
		require.Equal(t, want[0], found[0], mode)
	}
	_, err := p.Recall(t.Context(), memory.Question{Text: "dog", Limit: 1, Mode: "both"})
	require.ErrorIs(t, err, memory.ErrInvalid)
}

func TestRecallSaysWhyItWentByWords(t *testing.T) {
	for _, tt := range []struct {
		name, lacks string
		spoil       func(*shelf, *concepts)
	}{
		{"the embedder is down", "the embedder cannot be reached", func(_ *shelf, e *concepts) { e.fail(errDown) }},
		{"another model made them", "the vectors were made by another model", func(_ *shelf, e *concepts) { e.model = "newer" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, s, e := newMeaning(t)
			m := embedded(t, p, "The puppy is called Biscuit.")
			tt.spoil(s, e)
			answer := ask(t, p, memory.Question{Text: "what is the puppy called"})
			require.Equal(t, tt.lacks, answer.Lacks)
			require.Equal(t, m.ID, answer.Hits[0].Memory)
			require.Equal(t, "searched by words only: "+tt.lacks, answer.Note(memory.ByBoth))
			require.Empty(t, ask(t, p, memory.Question{Text: "puppy", Mode: memory.ByWords}).Lacks, "it was not asked for")
			answer = ask(t, p, memory.Question{Text: "puppy", Mode: memory.ByMeaning})
			require.Empty(t, answer.Hits)
			require.Equal(t, "not searched: "+tt.lacks, answer.Note(memory.ByMeaning))
		})
	}
}

func TestRecallByMeaningAloneSaysThatThereIsNoEmbedder(t *testing.T) {
	p, _ := newProcessor(t)
	add(t, p, "The puppy is called Biscuit.")
	answer := ask(t, p, memory.Question{Text: "puppy", Mode: memory.ByMeaning})
	require.Empty(t, answer.Hits)
	require.Equal(t, "not searched: there is no embedder", answer.Note(memory.ByMeaning))
	require.Empty(t, ask(t, p, memory.Question{Text: "puppy"}).Note(memory.ByBoth), "nobody wishes for one")
}

// TestWhatHasNoVectorYetIsNotBehindWhatHas, all else being equal.
func TestWhatHasNoVectorYetIsNotBehindWhatHas(t *testing.T) {
	p, _, _ := newMeaning(t)
	crowd(t, p)
	const rest = " and went on to say at length what it had been like in the old days, when all of that was otherwise, and nobody minded"
	embedded(t, p, "He spoke of a puppy"+rest)
	m := add(t, p, "He spoke of a puppy in the kennel"+rest)
	answer := ask(t, p, memory.Question{Text: "puppy kennel"})
	require.Equal(t, m.ID, answer.Hits[0].Memory)
	require.True(t, because(answer.Hits[0], memory.BecauseMeaning, "not embedded yet"))
	require.Empty(t, answer.Lacks, "it will be there in a moment")
}

func TestRecallSaysThatVectorsAreMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &concepts{}
		p, s, _ := working(t, e)
		add(t, p, "He spoke of a puppy.")
		synctest.Wait()
		require.Len(t, s.vectors, 1)
		e.fail(errDown)
		add(t, p, "He spoke of a kennel.")
		time.Sleep(10 * time.Second)
		synctest.Wait()
		e.fail(nil)
		answer := ask(t, p, memory.Question{Text: "puppy kennel"})
		require.Equal(t, "searched in part by words only: the vectors are still being made", answer.Note(memory.ByBoth))
		require.Equal(t, "searched in part: the vectors are still being made", answer.Note(memory.ByMeaning))
		clear(s.vectors)
		answer = ask(t, p, memory.Question{Text: "puppy kennel"})
		require.Equal(t, "searched by words only: the vectors are still being made", answer.Note(memory.ByBoth))
	})
}

func TestWhatIsTooFarIsNotFound(t *testing.T) {
	s := newShelf()
	c := memory.Defaults()
	c.MinSimilarity = 0.9
	p := memory.New(s, c).WithMeaning(&concepts{}, slog.New(slog.DiscardHandler))
	embedded(t, p, "The pet saw a ship.")
	near := embedded(t, p, "The pet sleeps.")
	hits := ask(t, p, memory.Question{Text: "dog"}).Hits
	require.Len(t, hits, 1)
	require.Equal(t, near.ID, hits[0].Memory)
}

func TestEveryFusionPutsFirstWhatBothSidesFind(t *testing.T) {
	for _, method := range []string{memory.FusionWeighted, memory.FusionRRF, memory.FusionRSF, memory.FusionDBSF} {
		t.Run(method, func(t *testing.T) {
			c := memory.Defaults()
			c.Fusion = method
			p := memory.New(newShelf(), c).WithMeaning(&concepts{}, slog.New(slog.DiscardHandler))
			crowd(t, p)
			embedded(t, p, "The pet sleeps in the corner of the hall.")
			both := embedded(t, p, "The dog sleeps in the corner of the hall.")
			require.Equal(t, both.ID, ask(t, p, memory.Question{Text: "where is the dog"}).Hits[0].Memory)
		})
	}
}

func TestTheSameIsShownOnce(t *testing.T) {
	long := "The committee met on Tuesday in the long hall behind the library to talk about the new roof, its price, the two offers " +
		"that had come in from builders of the region, and who would pay for repairs of the old gutter"
	for _, tt := range []struct {
		name  string
		texts []string
		shown int
	}{
		{"twice the same", []string{"The boiler was repaired.", "The boiler was repaired."}, 1},
		{"another word in a short text", []string{"The boiler was repaired in May.", "The boiler was repaired in June."}, 2},
		{"another word in a long text", []string{long + ".", long + ", finally."}, 1},
		{"a long text and its half", []string{long, long[:len(long)/2]}, 2},
		{"pages with the same heading", []string{long + "\n\n" + page("roses"), long + "\n\n" + page("bees")}, 2},
		{"twice the same pages", []string{page("boiler") + page("roof"), page("boiler") + page("roof")}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, _ := newProcessor(t)
			for _, text := range tt.texts {
				add(t, p, text)
			}
			hits := ask(t, p, memory.Question{Text: "boiler committee roof"}).Hits
			require.Len(t, hits, tt.shown)
			require.Equal(t, len(tt.texts)-tt.shown, hits[0].Alike)
		})
	}
}

// page is a text of several chunks.
func page(about string) string {
	return strings.Repeat("Much was said of "+about+", and of their price in other years. ", 20)
}

func TestTheSameOfAnotherDayIsShown(t *testing.T) {
	p, _ := newProcessor(t)
	for _, day := range []string{"2024-01-01", "2024-01-02"} {
		_, err := p.Add(t.Context(), memory.Draft{Text: "Went running.", Metadata: map[string]any{"timestamp": day}})
		require.NoError(t, err)
	}
	require.Len(t, ask(t, p, memory.Question{Text: "running"}).Hits, 2)
}

func TestALineThatAnswersBeatsOneThatAsks(t *testing.T) {
	p, _ := newProcessor(t)
	at := time.Date(2024, 3, 1, 10, 0, 0, 0, time.UTC)
	say := func(text string) memory.ID {
		at = at.Add(time.Minute)
		m, err := p.Add(t.Context(), memory.Draft{Text: text, Metadata: map[string]any{"timestamp": at.Format(time.RFC3339)}})
		require.NoError(t, err)
		return m.ID
	}
	say("Dana: Do you paint with the children?")
	told := say("Luis: I paint with the children each Sunday.")
	at = at.Add(24 * time.Hour)
	say("Dana: I like to paint with the children too.")
	hits := recall(t, p, "When does he paint with the children?")
	require.Equal(t, told, hits[0].Memory)
}

func TestConfigOfFusion(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		change     func(*memory.Config)
	}{
		{"unknown method", `fusion must be weighted, rrf, rsf or dbsf, got "sum"`, func(c *memory.Config) { c.Fusion = "sum" }},
		{"alpha too large", "alpha must be in [0.0, 1.0], got 1.5", func(c *memory.Config) { c.Alpha = 1.5 }},
	} {
		c := memory.Defaults()
		tt.change(&c)
		err := c.Validate()
		require.ErrorContains(t, err, tt.want)
	}
}

// remembering is an embedder with a cache.
type remembering struct{ *concepts }

func (remembering) Cache() (memory.CacheStats, bool) {
	return memory.CacheStats{Hits: 3, BackendHits: 1, Misses: 4}, true
}

func (r remembering) Forget() error {
	r.forgot++
	return nil
}

func TestStatsTellOfTheCache(t *testing.T) {
	p, _ := newProcessor(t)
	stats, err := p.WithMeaning(&concepts{}, slog.New(slog.DiscardHandler)).Stats(t.Context(), memory.DefaultWorkspace)
	require.NoError(t, err)
	require.Nil(t, stats.Cache)
	stats, err = p.WithMeaning(remembering{&concepts{}}, slog.New(slog.DiscardHandler)).Stats(t.Context(), memory.DefaultWorkspace)
	require.NoError(t, err)
	require.InDelta(t, 0.5, stats.Cache.HitRate(), 1e-9)
}

func TestClearForgetsTheVectorsInTheCache(t *testing.T) {
	p, _ := newProcessor(t)
	e := remembering{&concepts{}}
	p.WithMeaning(e, slog.New(slog.DiscardHandler))
	require.NoError(t, p.Clear(t.Context()))
	require.Equal(t, 1, e.forgot)
}
