package browser

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/db/embedded"
	"zapomni/memory"
)

// The workspaces that the page is shown.
const (
	few   = memory.DefaultWorkspace // a dozen or two, that a person could have kept
	work  = memory.Workspace("work")
	empty = memory.Workspace("empty")
	many  = memory.Workspace("many") // more than the graph shows
)

const howMany = memory.MaxWeb + 500

// kept is a memory of a person's.
type kept struct {
	when, text, source string
	tags               []any
}

var diary = []kept{
	{"2025-01-11T09:10:00Z", "Anna Lindqvist\nA friend since university. Lives in Lisbon, works at the Gulbenkian Museum, allergic to peanuts.", "contacts", []any{"people"}},
	{"2025-01-18T19:30:00Z", "Dinner with Anna Lindqvist at Cervejaria Ramiro. She recommended Clube do Vinho for the next time.", "diary", []any{"travel", "food"}},
	{"2025-02-02T08:00:00Z", "Gulbenkian Museum\nOpen from ten to six, closed on Tuesdays. The garden is free.", "web", []any{"travel"}},
	{"2025-02-14T12:00:00Z", "Ben Okafor\nLeads the platform team at work. Prefers short messages, plays chess, has two daughters.", "contacts", []any{"people", "work"}},
	{"2025-02-20T15:00:00Z", "The release goes out on Thursdays; Ben Okafor signs it off, and nobody merges after Wednesday noon.", "notes", []any{"work", "decisions"}},
	{"2025-03-03T10:00:00Z", "We keep events in SQLite and not in Kafka: one file, one writer, no operator. Reconsider above a million a day.", "notes", []any{"work", "decisions"}},
	{"2025-03-05T18:02:00Z", "Anna: I am moving to the flat in Alfama next week.", "chat", []any{"travel"}},
	{"2025-03-05T18:03:00Z", "Me: Do you need help with the boxes?", "chat", nil},
	{"2025-03-05T18:05:00Z", "Anna: Yes, please. Bring the blue van, and gloves.", "chat", nil},
	{"2025-03-05T18:06:00Z", "Me: Saturday at nine then.", "chat", nil},
	{"2025-03-21T07:45:00Z", "The key of the bicycle shed hangs behind the fuse box.", "notes", []any{"home"}},
	{"2025-04-02T20:10:00Z", "For caldo verde take potatoes, kale cut very thin, one chouriço, olive oil at the end. Serves four.", "web", []any{"food", "recipes"}},
	{"2025-04-12T11:00:00Z", "For bread take 500 g flour, 350 g water, 10 g salt, 3 g yeast. Fold four times, rest overnight, bake at 240 degrees.", "notes", []any{"food", "recipes"}},
	{"2025-05-01T09:00:00Z", "The boiler is serviced every May by Marta Silva, +351 210 000 000.", "notes", []any{"home"}},
	{"2025-05-09T16:20:00Z", "Marta Silva\nPlumber, speaks English, comes on Saturdays too.", "contacts", []any{"people", "home"}},
	{"2025-05-23T13:00:00Z", "Ben Okafor wants the dashboard to work without a network; embed every script.", "notes", []any{"work"}},
	{"2025-06-07T22:00:00Z", "Began The Master and Margarita on the train to Porto, stopped at the ball.", "diary", []any{"books", "travel"}},
	{"2025-06-15T22:30:00Z", "In Invisible Cities Marco Polo describes Venice fifty-five times. Read again in winter.", "diary", []any{"books"}},
	{"2025-06-28T08:30:00Z", "func Open(ctx context.Context, path string) (*Store, error) {\n\treturn open(ctx, path, false)\n}", "code_indexer", []any{"work"}},
	{"2025-07-04T17:15:00Z", "Gift for Anna Lindqvist: the catalogue of the Vieira da Silva exhibition, or good gloves.", "notes", []any{"people"}},
}

// hostile is what a page must not take for a part of itself.
const hostile = `<img src=x onerror="window.hostile=1"><script>window.hostile=1</script>`

var plans = []kept{
	{"2025-07-01T09:00:00Z", "Quarterly plan: finish the migration, then the search, then hire.", "notes", []any{"plan"}},
	{"2025-07-02T09:00:00Z", "The migration needs two weeks and a freeze on the schema.", "notes", []any{"plan"}},
	{"2025-07-03T09:00:00Z", "Candidates come on Wednesdays. " + hostile, hostile, []any{"hiring", hostile}},
}

// library is a store with all of the workspaces.
func library(t *testing.T) *memory.Processor {
	t.Helper()
	c := embedded.Defaults()
	c.Path = filepath.Join(t.TempDir(), "zapomni.db")
	store, err := embedded.Open(t.Context(), c, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	m := memory.New(store, memory.Defaults())
	for _, info := range []memory.WorkspaceInfo{{ID: work, Name: "Work"}, {ID: empty, Name: "Empty"}, {ID: many, Name: "Many"}} {
		_, err := m.CreateWorkspace(t.Context(), info)
		require.NoError(t, err)
	}
	for w, all := range map[memory.Workspace][]kept{few: diary, work: plans} {
		for _, k := range all {
			require.NoError(t, keep(t.Context(), m, w, k))
		}
	}
	keepMany(t, m)
	return m
}

func keep(ctx context.Context, m *memory.Processor, w memory.Workspace, k kept) error {
	about := map[string]any{"source": k.source, "timestamp": k.when}
	if k.tags != nil {
		about["tags"] = k.tags
	}
	_, err := m.Add(ctx, memory.Draft{Workspace: w, Text: k.text, Metadata: about})
	return err
}

// keepMany keeps what twelve years could hold, the same each time: people and
// who met them, conversations, notes.
func keepMany(t *testing.T, m *memory.Processor) {
	t.Helper()
	made := make(chan kept)
	var keepers sync.WaitGroup
	for range 8 {
		keepers.Go(func() {
			for k := range made {
				if err := keep(t.Context(), m, many, k); err != nil {
					t.Errorf("keep: %v", err)
				}
			}
		})
	}
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same each time is what is wanted
	for i := range howMany {
		made <- generated(random, i)
	}
	close(made)
	keepers.Wait()
}

func generated(r *rand.Rand, i int) kept {
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	first := []string{"Ada", "Bela", "Cyril", "Dora", "Emil", "Flora", "Gustav", "Hanna", "Ivan", "Jana", "Karel", "Lena", "Milan", "Nora", "Otto", "Petra"}
	last := []string{"Abel", "Bauer", "Cerny", "Dvorak", "Egger", "Fiala", "Gruber", "Horak", "Illner", "Jelen", "Kovar", "Lang", "Maly", "Novak", "Orban", "Pokorny", "Rada", "Simon", "Toman", "Urban"}
	person := func() string { return pick(first...) + " " + pick(last...) }
	when := time.Date(2013, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * 10 * time.Hour).Add(time.Duration(r.IntN(300)) * time.Minute)
	k := kept{when: when.Format(time.RFC3339), source: pick("notes", "diary", "chat", "mail", "web")}
	tags := []string{"travel", "food", "books", "music", "garden", "health", "money", "school", "family", "sport", "films", "house", "code", "science", "history", "dreams"}
	switch i % 10 {
	case 0:
		n := i / 10
		k.text = fmt.Sprintf("%s %s\nMet in %d, knows much about %s.", first[n%16], last[n/16%20], when.Year(), pick(tags...))
		k.tags = []any{"people"}
	case 1, 2, 3:
		k.text = fmt.Sprintf("Met with %s about %s; %s was there as well.", person(), pick(tags...), person())
		k.tags = []any{pick(tags...)}
	case 4, 5:
		k.when = when.Truncate(240 * time.Hour).Add(time.Duration(i) * time.Second).Format(time.RFC3339)
		k.text = fmt.Sprintf("%s: I think number %d is about %s.", pick(first...), i, pick(tags...))
		k.source = "chat"
	case 6:
		k.text = fmt.Sprintf("func step%d(x int) int { return x + %d }", i, i)
		k.source, k.tags = "code_indexer", []any{"code"}
	default:
		k.text = fmt.Sprintf("Note %d: %s goes well with %s, and better with %s.", i, pick(tags...), pick(tags...), pick(tags...))
		k.tags = []any{pick(tags...)}
		if r.IntN(3) == 0 {
			k.tags = append(k.tags, pick(tags...))
		}
	}
	return k
}
