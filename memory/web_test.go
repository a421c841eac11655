package memory_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

func web(t *testing.T, p *memory.Processor, limit int) memory.Web {
	t.Helper()
	w, err := p.Web(t.Context(), "", limit)
	require.NoError(t, err)
	return w
}

func TestWebTiesNamesToWhatTheyHead(t *testing.T) {
	p, _ := newLibrary(t)
	kept(t, p,
		draft("The Kid\nA film by Charlie Chaplin."),
		draft("Charlie Chaplin\nAn actor, born in London."),
		draft("nothing to do with it"),
	)
	require.Equal(t, []memory.Tie{{From: 0, To: 1, Kind: memory.BecauseLink, What: "charlie chaplin"}}, web(t, p, 10).Ties)
}

func TestWebLeavesOutNamesThatHeadMany(t *testing.T) {
	p, _ := newLibrary(t)
	for range 6 {
		kept(t, p, draft("Charlie Chaplin\nonce more."))
	}
	kept(t, p, draft("A film by Charlie Chaplin."))
	require.Empty(t, web(t, p, 10).Ties)
}

func TestWebTiesFewOthersToAMemoryThatNamesMany(t *testing.T) {
	p, _ := newLibrary(t)
	var list strings.Builder
	list.WriteString("we met ")
	for i := range 20 {
		name := "Anna Smith" + strings.Repeat("x", i+1)
		kept(t, p, draft(name+"\nis a person."))
		list.WriteString(name + ", ")
	}
	kept(t, p, draft(list.String()))
	require.Len(t, web(t, p, 100).Ties, 8)
}

func TestWebTiesTheLinesOfASession(t *testing.T) {
	p, _ := newLibrary(t)
	at := func(stamp string) []any { return []any{"timestamp", "2025-03-01T" + stamp + "Z"} }
	kept(t, p,
		draft("Anna: And you?", at("10:02:00")...),
		draft("Ben: How are you?", at("10:01:00")...),
		draft("a note in between", at("10:01:30")...),
		draft("Ben: Good morning.", at("11:30:00")...),
	)
	require.Equal(t, []memory.Tie{{From: 1, To: 0, Kind: memory.BecauseNeighbor}}, web(t, p, 10).Ties)
}

func TestWebTiesWhatSharesATagOrSource(t *testing.T) {
	p, _ := newLibrary(t)
	kept(t, p,
		draft("one", "tags", []any{"travel", "travel", "alone"}, "source", "diary"),
		draft("two", "tags", []any{"travel"}),
		draft("three", "tags", []any{"travel"}, "source", "diary"),
	)
	got := web(t, p, 10)
	require.Equal(t, []memory.Hub{{Kind: memory.HubTag, Label: "travel", Cards: 3}, {Kind: memory.HubSource, Label: "diary", Cards: 2}}, got.Hubs)
	require.Equal(t, []memory.Tie{
		{From: 0, To: 3, Kind: memory.HubTag},
		{From: 1, To: 3, Kind: memory.HubTag},
		{From: 2, To: 3, Kind: memory.HubTag},
		{From: 0, To: 4, Kind: memory.HubSource},
		{From: 2, To: 4, Kind: memory.HubSource},
	}, got.Ties)
}

func TestWebLeavesOutHubsThatTellNothingApart(t *testing.T) {
	p, _ := newLibrary(t)
	for i := range 12 {
		tag := "most"
		if i > 8 {
			tag = "some"
		}
		kept(t, p, draft("thought", "tags", []any{tag}))
	}
	got := web(t, p, 100)
	require.Len(t, got.Hubs, 1)
	require.Equal(t, "some", got.Hubs[0].Label)
}

func TestWebBoundsItsHubs(t *testing.T) {
	p, _ := newLibrary(t)
	for i := range 250 {
		kept(t, p, draft("one", "tags", []any{fmt.Sprint("tag", i)}), draft("two", "tags", []any{fmt.Sprint("tag", i)}))
	}
	require.Len(t, web(t, p, 1000).Hubs, 200)
}

func TestWebIsASampleOfWhatIsTooMuch(t *testing.T) {
	p, _ := newLibrary(t)
	for i := range 25 {
		kept(t, p, draft(fmt.Sprintf("thought %d", i)))
	}
	got := web(t, p, 5)
	require.Equal(t, 25, got.All)
	require.Equal(t, []string{"thought 0", "thought 5", "thought 10", "thought 15", "thought 20"}, titles(got.Cards))
}

func TestWebOfNothingIsEmpty(t *testing.T) {
	p, _ := newLibrary(t)
	got, err := p.Web(t.Context(), "nowhere", 10)
	require.NoError(t, err)
	require.Zero(t, got.All)
	require.Empty(t, got.Cards)
	require.Empty(t, got.Ties)
}

func TestWebRefusesALimitOutOfRange(t *testing.T) {
	p, _ := newLibrary(t)
	for _, limit := range []int{0, -1, memory.MaxWeb + 1} {
		_, err := p.Web(t.Context(), "", limit)
		require.ErrorIs(t, err, memory.ErrInvalid)
	}
}
