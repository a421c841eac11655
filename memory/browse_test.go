package memory_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

// library is a shelf that goes through what it keeps.
type library struct {
	*shelf

	listFail, getFail error
	gone              memory.ID // in the list, and not to be had
}

func (l *library) List(_ context.Context, w memory.Workspace, after memory.Cursor, n int) ([]memory.ID, memory.Cursor, error) {
	var all []memory.ID
	for _, p := range l.in(w) {
		if p.Index == 0 {
			all = append(all, p.Memory)
		}
	}
	start, _ := strconv.Atoi(string(after))
	all = all[min(start, len(all)):]
	if len(all) < n {
		return all, "", l.listFail
	}
	return all[:n], memory.Cursor(strconv.Itoa(start + n)), l.listFail
}

func (l *library) Get(ctx context.Context, w memory.Workspace, id memory.ID) (memory.Memory, error) {
	if l.getFail != nil {
		return memory.Memory{}, l.getFail
	}
	if id == l.gone {
		return memory.Memory{}, memory.ErrNotFound
	}
	return l.shelf.Get(ctx, w, id)
}

func newLibrary(t *testing.T) (*memory.Processor, *library) {
	t.Helper()
	l := &library{shelf: newShelf()}
	return memory.New(l, memory.Defaults()), l
}

func titles(cards []memory.Card) []string {
	var all []string
	for _, c := range cards {
		all = append(all, c.Title)
	}
	return all
}

func TestBrowseShowsPageAfterPage(t *testing.T) {
	p, _ := newLibrary(t)
	for i := range 7 {
		add(t, p, fmt.Sprintf("thought %d", i))
	}
	var all []string
	pages := 0
	for after := memory.Cursor(""); ; pages++ {
		cards, next, err := p.Browse(t.Context(), "", after, 3)
		require.NoError(t, err)
		all = append(all, titles(cards)...)
		if after = next; next == "" {
			break
		}
	}
	require.Equal(t, []string{"thought 0", "thought 1", "thought 2", "thought 3", "thought 4", "thought 5", "thought 6"}, all)
	require.Equal(t, 2, pages)
}

func TestBrowseLeavesOutWhatIsGoneMeanwhile(t *testing.T) {
	p, l := newLibrary(t)
	add(t, p, "stays")
	l.gone = add(t, p, "goes").ID
	cards, _, err := p.Browse(t.Context(), "", "", 10)
	require.NoError(t, err)
	require.Equal(t, []string{"stays"}, titles(cards))
}

func TestBrowseSaysWhatFailed(t *testing.T) {
	fault := errors.New("disk on fire")
	for _, tt := range []struct {
		name string
		fail func(*library)
	}{
		{"list", func(l *library) { l.listFail = fault }},
		{"get", func(l *library) { l.getFail = fault }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, l := newLibrary(t)
			add(t, p, "a thought")
			tt.fail(l)
			_, _, err := p.Browse(t.Context(), "", "", 10)
			require.ErrorIs(t, err, fault)
			_, _, err = p.Latest(t.Context(), "", 0, 10)
			require.ErrorIs(t, err, fault)
			_, err = p.Web(t.Context(), "", 10)
			require.ErrorIs(t, err, fault)
		})
	}
}

func TestLatestShowsTheNewestFirst(t *testing.T) {
	p, _ := newLibrary(t)
	for i := range 5 {
		add(t, p, fmt.Sprintf("thought %d", i))
	}
	for _, tt := range []struct {
		name    string
		skip, n int
		want    []string
	}{
		{"first page", 0, 2, []string{"thought 4", "thought 3"}},
		{"second page", 2, 2, []string{"thought 2", "thought 1"}},
		{"last page", 4, 2, []string{"thought 0"}},
		{"behind the last", 9, 2, nil},
		{"none asked for", 0, 0, nil},
		{"nonsense", -3, -1, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cards, all, err := p.Latest(t.Context(), "", tt.skip, tt.n)
			require.NoError(t, err)
			require.Equal(t, tt.want, titles(cards))
			require.Equal(t, 5, all)
		})
	}
}

func TestCardsTellTheKind(t *testing.T) {
	for _, tt := range []struct{ name, text, source, want string }{
		{"note", "Anna moved to Lisbon in March.", "", memory.KindNote},
		{"line", "Anna: I moved to Lisbon in March.", "", memory.KindLine},
		{"dated line", "Anna (8 May): I moved to Lisbon.", "", memory.KindLine},
		{"document", strings.Repeat("One sentence of many. ", 200), "", memory.KindDocument},
		{"code", "# Function: open\n# File: a.go", "code_indexer", memory.KindCode},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, _ := newLibrary(t)
			_, err := p.Add(t.Context(), memory.Draft{Text: tt.text, Metadata: map[string]any{"source": tt.source}})
			require.NoError(t, err)
			cards, _, err := p.Browse(t.Context(), "", "", 1)
			require.NoError(t, err)
			require.Equal(t, tt.want, cards[0].Kind)
		})
	}
}

func TestCardsAreShort(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"one line", "A thought.", "A thought."},
		{"first of several lines", "Ada Lovelace\nwrote the first program.", "Ada Lovelace"},
		{"heading", "## Ada Lovelace\nwrote.", "Ada Lovelace"},
		{"nothing in the first line", "#\n\n  Ada  Lovelace ", "Ada Lovelace"},
		{"long", strings.Repeat("é", 200), strings.Repeat("é", 89) + "…"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, _ := newLibrary(t)
			tags := slices.Repeat([]any{strings.Repeat("ы", 80)}, 20)
			_, err := p.Add(t.Context(), memory.Draft{Text: tt.text, Metadata: map[string]any{"tags": tags, "source": strings.Repeat("s", 900)}})
			require.NoError(t, err)
			cards, _, err := p.Browse(t.Context(), "", "", 1)
			require.NoError(t, err)
			require.Equal(t, tt.want, cards[0].Title)
			require.Len(t, cards[0].Tags, 12)
			require.Equal(t, strings.Repeat("ы", 59)+"…", cards[0].Tags[0])
			require.Equal(t, strings.Repeat("s", 59)+"…", cards[0].Source)
		})
	}
}

// kept adds memories an hour apart unless they say when.
func kept(t *testing.T, p *memory.Processor, drafts ...memory.Draft) []memory.Memory {
	t.Helper()
	all := make([]memory.Memory, len(drafts))
	for i, d := range drafts {
		if d.Metadata == nil {
			d.Metadata = map[string]any{}
		}
		if _, told := d.Metadata["timestamp"]; !told {
			d.Metadata["timestamp"] = time.Date(2025, 3, 1, i, 0, 0, 0, time.UTC).Format(time.RFC3339)
		}
		m, err := p.Add(t.Context(), d)
		require.NoError(t, err)
		all[i] = m
	}
	return all
}

func draft(text string, metadata ...any) memory.Draft {
	d := memory.Draft{Text: text, Metadata: map[string]any{}}
	for i := 0; i < len(metadata); i += 2 {
		d.Metadata[metadata[i].(string)] = metadata[i+1]
	}
	return d
}

func TestBesideFindsNamesAndNeighbors(t *testing.T) {
	p, _ := newLibrary(t)
	all := kept(t, p,
		draft("The Kid\nA film by Charlie Chaplin."),
		draft("Charlie Chaplin\nAn actor, born in London."),
		draft("nothing to do with it"),
		draft("We saw a film with Charlie Chaplin."),
	)
	got, err := p.Beside(t.Context(), all[1])
	require.NoError(t, err)
	require.Equal(t, []memory.Beside{
		{ID: all[0].ID, Title: "The Kid", Kind: memory.BecauseName, What: "charlie chaplin"},
		{ID: all[3].ID, Title: "We saw a film with Charlie Chaplin.", Kind: memory.BecauseName, What: "charlie chaplin"},
		{ID: all[2].ID, Title: "nothing to do with it", Kind: memory.BecauseNeighbor, Offset: 1},
	}, got)

	got, err = p.Beside(t.Context(), all[0])
	require.NoError(t, err)
	require.Equal(t, memory.Beside{ID: all[1].ID, Title: "Charlie Chaplin", Kind: memory.BecauseLink, What: "charlie chaplin"}, got[0])
}

// A long text is found by chunks from its midst.
func TestBesideShowsALongTextOnceByItsTitle(t *testing.T) {
	p, _ := newLibrary(t)
	all := kept(t, p,
		draft("Charlie Chaplin\nAn actor, born in London."),
		draft("A history of film\n"+strings.Repeat("Then came other people. ", 60)+strings.Repeat("We met Charlie Chaplin there. ", 100)),
	)
	got, err := p.Beside(t.Context(), all[0])
	require.NoError(t, err)
	require.Equal(t, []memory.Beside{{ID: all[1].ID, Title: "A history of film", Kind: memory.BecauseName, What: "charlie chaplin"}}, got)
}

func TestBesideSaysWhatFailed(t *testing.T) {
	p, l := newLibrary(t)
	all := kept(t, p, draft("one"), draft("two"))
	l.fail = errors.New("disk on fire")
	_, err := p.Beside(t.Context(), all[0])
	require.ErrorIs(t, err, l.fail)
}
