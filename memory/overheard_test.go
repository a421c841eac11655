package memory_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

// listener remembers what it was asked to embed.
type listener struct {
	concepts
	heard []string
}

func (l *listener) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	l.heard = append(l.heard, texts...)
	return l.concepts.Embed(ctx, texts)
}

func TestALineOfAConversationIsEmbeddedWithTheOneBefore(t *testing.T) {
	noon := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	type said struct {
		text  string
		after time.Duration
	}
	for _, tc := range []struct {
		name string
		said []said
		want string // of the last
	}{
		{
			"two take turns",
			[]said{{"Ann: Hello!", 0}, {"Ben: When did you get a puppy?", 0}, {"Ann: In May.", time.Minute}},
			"Ben: When did you get a puppy?\nAnn: In May.",
		},
		{
			"one says two things in a row",
			[]said{{"Ann: Hello!", 0}, {"Ben: Hi.", 0}, {"Ben: When did you get a puppy?", 0}},
			"Ben: Hi.\nBen: When did you get a puppy?",
		},
		{"the second line", []said{{"Ann: Hello!", 0}, {"Ben: Hi.", 0}}, "Ben: Hi."},
		{"notes with headings", []said{{"Buy: milk", 0}, {"Call: Ben", 0}, {"Read: Emma", 0}}, "Read: Emma"},
		{"one who speaks alone", []said{{"Todo: milk", 0}, {"Todo: bread", 0}, {"Todo: salt", 0}}, "Todo: salt"},
		{"prose", []said{{"Ann: Hello!", 0}, {"Ben: Hi.", 0}, {"Ann said hello", 0}}, "Ann said hello"},
		{"another session", []said{{"Ann: Hello!", 0}, {"Ben: Hi.", 0}, {"Ann: Hello again!", 2 * time.Hour}}, "Ann: Hello again!"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, _ := newProcessor(t)
			e := &listener{concepts: concepts{model: "concepts"}}
			p.WithMeaning(e, slog.New(slog.DiscardHandler))
			for _, s := range tc.said {
				_, err := p.Add(t.Context(), memory.Draft{Text: s.text, Metadata: map[string]any{
					"timestamp": noon.Add(s.after).Format(time.RFC3339),
				}})
				require.NoError(t, err)
			}
			require.NoError(t, p.Embed(t.Context(), memory.DefaultWorkspace, nil))
			require.Len(t, e.heard, len(tc.said))
			require.Equal(t, tc.want, e.heard[len(e.heard)-1])
		})
	}
}
