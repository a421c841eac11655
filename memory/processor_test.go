package memory_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

func add(t *testing.T, p *memory.Processor, text string) memory.Memory {
	t.Helper()
	m, err := p.Add(t.Context(), memory.Draft{Text: text})
	require.NoError(t, err)
	return m
}

func TestAddKeepsTheTextAsItIs(t *testing.T) {
	p, _ := newProcessor(t)
	text := strings.Repeat("One sentence of many. ", 200) + "The last."
	m := add(t, p, "\n "+text+" ")
	got, err := p.Get(t.Context(), "", m.ID)
	require.NoError(t, err)
	require.Equal(t, text, got.Text)
	require.Greater(t, len(got.Chunks), 5)
	require.Equal(t, memory.DefaultWorkspace, got.Workspace)
}

func TestAddReadsMetadata(t *testing.T) {
	p, _ := newProcessor(t)
	m, err := p.Add(t.Context(), memory.Draft{Text: "x", Metadata: map[string]any{
		"source": "diary", "tags": []any{"a", "b"}, "timestamp": "2023-05-08T13:56:00", "html": "<b>", "n": json.Number("1.0"),
	}})
	require.NoError(t, err)
	require.Equal(t, "diary", m.Source)
	require.Equal(t, []string{"a", "b"}, m.Tags)
	require.Equal(t, time.Date(2023, 5, 8, 13, 56, 0, 0, time.UTC), m.ValidFrom)
	require.WithinDuration(t, time.Now(), m.CreatedAt, time.Minute)
	require.JSONEq(t, `{"source":"diary","tags":["a","b"],"timestamp":"2023-05-08T13:56:00","html":"<b>","n":1.0}`, string(m.Metadata))
	require.Contains(t, string(m.Metadata), "<b>")
}

func TestAddRefusesBadInput(t *testing.T) {
	deep := map[string]any{}
	for at, i := deep, 0; i < 40; i++ {
		next := map[string]any{}
		at["a"] = next
		at = next
	}
	for _, tt := range []struct {
		name  string
		draft memory.Draft
		want  string
	}{
		{"empty", memory.Draft{}, "text cannot be empty or contain only whitespace"},
		{"blank", memory.Draft{Text: " \n\t\u3000"}, "text cannot be empty or contain only whitespace"},
		{"invalid UTF-8", memory.Draft{Text: "Zoë \xff"}, "text is not valid UTF-8 at byte 5"},
		{"too long", memory.Draft{Text: strings.Repeat("ы", 10_000_001)}, "Text exceeds maximum length (10000000 chars)"},
		{"reserved key", draftWith("chunks", 1), "Reserved key in metadata: chunks"},
		{"another reserved key", draftWith("memory_id", "x"), "Reserved key in metadata: memory_id"},
		{"not JSON", draftWith("x", math.NaN()), "metadata must be JSON: json: unsupported value: NaN"},
		{"too large", draftWith("x", strings.Repeat("x", 100_000)), "metadata exceeds 100000 characters of JSON"},
		{"too deep", draftWith("x", deep), "metadata is nested more than 32 levels deep"},
		{"tags of numbers", draftWith("tags", []any{1.0}), "metadata.tags must be a list of strings"},
		{"one tag", draftWith("tags", "a"), "metadata.tags must be a list of strings"},
		{"source a number", draftWith("source", 1.0), "metadata.source must be a string"},
		{"bad timestamp", draftWith("timestamp", "yesterday"), "metadata.timestamp must be RFC 3339 or a date (YYYY-MM-DD)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, shelf := newProcessor(t)
			_, err := p.Add(t.Context(), tt.draft)
			var field *memory.FieldError
			require.ErrorAs(t, err, &field)
			require.Equal(t, tt.want, field.Why)
			require.ErrorIs(t, err, memory.ErrInvalid)
			require.Empty(t, shelf.memories)
		})
	}
}

func draftWith(key string, value any) memory.Draft {
	return memory.Draft{Text: "x", Metadata: map[string]any{key: value}}
}

func TestTenMillionCharactersAreKept(t *testing.T) {
	p, _ := newProcessor(t)
	text := strings.Repeat("ы", 10_000_000)
	m := add(t, p, text)
	require.Len(t, m.Text, len(text))
}

func TestNULIsKept(t *testing.T) {
	p, _ := newProcessor(t)
	require.Equal(t, "a\x00b", add(t, p, "a\x00b").Text)
}

func TestAddNamesTheWorkspacesNearAnUnknownOne(t *testing.T) {
	p, _ := newProcessor(t)
	for _, id := range []memory.Workspace{"work-notes", "recipes"} {
		_, err := p.CreateWorkspace(t.Context(), memory.WorkspaceInfo{ID: id, Name: "n"})
		require.NoError(t, err)
	}
	_, err := p.Add(t.Context(), memory.Draft{Workspace: "work-note", Text: "x"})
	require.ErrorIs(t, err, memory.ErrNoWorkspace)
	var unknown *memory.UnknownWorkspaceError
	require.ErrorAs(t, err, &unknown)
	require.Equal(t, []memory.Workspace{"work-notes"}, unknown.Near)
}

func TestUpdateKeepsIDAndTimes(t *testing.T) {
	p, _ := newProcessor(t)
	old, err := p.Add(t.Context(), draftWith("timestamp", "2020-01-02"))
	require.NoError(t, err)
	m, err := p.Update(t.Context(), old.ID, memory.Draft{Text: "new words"})
	require.NoError(t, err)
	require.Equal(t, old.ID, m.ID)
	require.Equal(t, old.CreatedAt, m.CreatedAt)
	require.Equal(t, old.ValidFrom, m.ValidFrom)
	got, err := p.Get(t.Context(), "", old.ID)
	require.NoError(t, err)
	require.Equal(t, "new words", got.Text)
}

func TestUpdateOfWhatIsNotThere(t *testing.T) {
	p, shelf := newProcessor(t)
	_, err := p.Update(t.Context(), memory.NewID(), memory.Draft{Text: "x"})
	require.ErrorIs(t, err, memory.ErrNotFound)
	require.Empty(t, shelf.memories)
}

func TestDeleteAndClear(t *testing.T) {
	p, _ := newProcessor(t)
	m := add(t, p, "x")
	require.NoError(t, p.Delete(t.Context(), "", m.ID))
	require.ErrorIs(t, p.Delete(t.Context(), "", m.ID), memory.ErrNotFound)
	add(t, p, "y")
	require.NoError(t, p.Clear(t.Context()))
	stats, err := p.Stats(t.Context(), "")
	require.NoError(t, err)
	require.Zero(t, stats.Memories)
}

func TestAFailingStoreIsReported(t *testing.T) {
	p, shelf := newProcessor(t)
	shelf.fail = errors.Join(memory.ErrFull, errors.New("disk"))
	_, err := p.Add(t.Context(), memory.Draft{Text: "x"})
	require.ErrorIs(t, err, memory.ErrFull)
}

func TestParseID(t *testing.T) {
	id, err := memory.ParseID("F47AC10B-58CC-4372-A567-0E02B2C3D479")
	require.NoError(t, err)
	require.Equal(t, memory.ID("f47ac10b-58cc-4372-a567-0e02b2c3d479"), id)
	_, err = memory.ParseID("x")
	require.ErrorIs(t, err, memory.ErrInvalid)
}

func TestNewIDsSortByTime(t *testing.T) {
	a := memory.NewID()
	require.Less(t, a, memory.NewID())
}

func TestParseEndIsBehindWhatIsMeant(t *testing.T) {
	day := time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC)
	for given, want := range map[string]time.Time{
		"2024-02-29":                        day,
		"2024-03-01T00:00:00Z":              day.Add(time.Microsecond),
		"2024-03-01T02:00:00.0000009+02:00": day.Add(time.Microsecond),
	} {
		got, err := memory.ParseEnd(given)
		require.NoError(t, err)
		require.Equal(t, want, got, given)
	}
	_, err := memory.ParseEnd("2024-02-30")
	require.ErrorIs(t, err, memory.ErrInvalid)
}
