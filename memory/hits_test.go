package memory_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

// told adds things of all kinds: passages with titles that name each other, and
// a conversation; some of it is embedded.
func told(t *testing.T, p *memory.Processor) {
	t.Helper()
	crowd(t, p)
	add(t, p, "Silent Harbor\nSilent Harbor is a film about a ship, directed by Marta Quill.")
	add(t, p, "Marta Quill\nMarta Quill grew up in Ghent with a dog.")
	add(t, p, strings.Repeat("A ship at sea, with nobody aboard it at all. ", 30)+"\n\nThe silent harbor of the red ship has a name.")
	require.NoError(t, p.Embed(t.Context(), memory.DefaultWorkspace, nil))
	at := time.Date(2024, 3, 1, 10, 0, 0, 0, time.UTC)
	for i, text := range []string{
		"Dana: When did Marta Quill see the red ship?", "Luis: On 3 May, it came to the silent harbor.", "Dana: Nice!", "Luis: It was.",
	} {
		_, err := p.Add(t.Context(), memory.Draft{Text: text, Metadata: map[string]any{
			"timestamp": at.Add(time.Duration(i) * time.Minute).Format(time.RFC3339),
		}})
		require.NoError(t, err)
	}
}

func TestReasonsAddUpToTheScore(t *testing.T) {
	for _, method := range []string{memory.FusionWeighted, memory.FusionRRF, memory.FusionRSF, memory.FusionDBSF} {
		for _, mode := range []memory.Mode{memory.ByBoth, memory.ByWords, memory.ByMeaning} {
			t.Run(fmt.Sprint(method, " ", mode), func(t *testing.T) {
				c := memory.Defaults()
				c.Fusion = method
				p := memory.New(newShelf(), c).WithMeaning(&concepts{model: "concepts"}, slog.New(slog.DiscardHandler))
				told(t, p)
				kinds := make(map[string]bool)
				for _, text := range []string{"When did Luis see the red ship", "the silent harbor", "Marta Quill and the dog"} {
					hits := ask(t, p, memory.Question{Text: text, Mode: mode}).Hits
					require.NotEmpty(t, hits)
					for _, h := range hits {
						sum := 0.0
						for _, r := range h.Reasons {
							require.Positive(t, r.Worth)
							sum += r.Worth
							kinds[r.Kind] = true
						}
						require.InDelta(t, h.Score, sum/(1+sum), 1e-9, "%s: %+v", h.Text, h.Reasons)
					}
				}
				if mode == memory.ByBoth && method == memory.FusionWeighted {
					require.Len(t, kinds, 8, "each kind: %v", kinds)
				}
			})
		}
	}
}

// TestAllHitsThereAreAreFound though what says the same, or is of one memory,
// comes first and is too much for one look.
func TestAllHitsThereAreAreFound(t *testing.T) {
	for name, first := range map[string]func(t *testing.T, p *memory.Processor){
		"many say the same": func(t *testing.T, p *memory.Processor) {
			t.Helper()
			for range 300 {
				add(t, p, "The puppy sleeps.")
			}
		},
		"many chunks of one memory": func(t *testing.T, p *memory.Processor) {
			t.Helper()
			add(t, p, strings.Repeat("The puppy sleeps, and sleeps, and sleeps again until it is a dog that sleeps. ", 2000))
		},
	} {
		for _, mode := range []memory.Mode{memory.ByBoth, memory.ByWords, memory.ByMeaning} {
			t.Run(fmt.Sprint(name, " ", mode), func(t *testing.T) {
				p, _, _ := newMeaning(t)
				first(t, p)
				for i := range 5 {
					add(t, p, fmt.Sprintf("On day %d, there was a ship and a dog, or a puppy.", i))
				}
				require.NoError(t, p.Embed(t.Context(), memory.DefaultWorkspace, nil))
				require.Len(t, ask(t, p, memory.Question{Text: "puppy sleeps", Mode: mode}).Hits, 6)
			})
		}
	}
}

// TestTheSameQuestionGivesTheSameOrderOfChunks, whether they are remembered or
// read, and however they came into view.
func TestTheSameQuestionGivesTheSameOrderOfChunks(t *testing.T) {
	filler := strings.Repeat("Nothing of interest was said about it here. ", 12)
	text := "Dana: " + filler + "\n\nThe red ship: a puppy. " + filler + "\n\nThe red ship: a puppy. " + filler
	p, s, _ := newMeaning(t)
	crowd(t, p)
	m := embedded(t, p, text)
	require.Greater(t, len(m.Chunks), 2)
	add(t, p, "Luis: A vessel!")
	first := recall(t, p, "name of the red ship")
	for _, before := range []string{"", "puppy", "nothing of interest", "Dana"} {
		again := memory.New(s, memory.Defaults()).WithMeaning(&concepts{model: "concepts"}, slog.New(slog.DiscardHandler))
		if before != "" {
			recall(t, again, before)
		}
		require.Equal(t, first, recall(t, again, "name of the red ship"), "after %q", before)
	}
}

// TestTheSameQuestionGivesTheSameScores to the last bit, with texts of which
// parts come into view, so that what is added up is no whole number.
func TestTheSameQuestionGivesTheSameScores(t *testing.T) {
	for _, method := range []string{memory.FusionWeighted, memory.FusionDBSF} {
		c := memory.Defaults()
		c.Fusion = method
		s := newShelf()
		p := memory.New(s, c).WithMeaning(&concepts{model: "concepts"}, slog.New(slog.DiscardHandler))
		for i := range 40 {
			filler := strings.Repeat("Nothing of interest was said about it. ", 14)
			add(t, p, "A red ship. "+filler+"\n\n"+strings.Repeat("a puppy or a red ship ", i+1)+filler+"\n\n"+filler)
		}
		require.NoError(t, p.Embed(t.Context(), memory.DefaultWorkspace, nil))
		for i := range 10 {
			add(t, p, strings.Repeat("He went on and on and spoke. ", i)+"A ship is red.")
		}
		all := memory.Question{Text: "a red dog on a ship", Limit: memory.MaxLimit}
		first, err := p.Recall(t.Context(), all)
		require.NoError(t, err)
		for range 8 {
			again, err := p.Recall(t.Context(), all)
			require.NoError(t, err)
			require.Equal(t, first.Hits, again.Hits)
		}
	}
}
