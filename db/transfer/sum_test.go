package transfer_test

import (
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/db/transfer"
	"zapomni/memory"
)

// A field that Memory or Chunk gains needs a row here, and a line in SumOf.
func TestSumTellsEveryField(t *testing.T) {
	whole := func() memory.Memory {
		return memory.Memory{
			ID: "i", Workspace: "w", Text: "text", Metadata: []byte(`{}`), Tags: []string{"a", "b"}, Source: "s",
			CreatedAt: time.Unix(1, 0), ValidFrom: time.Unix(2, 0), Model: "m", Chunks: []memory.Chunk{{Start: 0, End: 4, Vector: []float32{1, 2}}},
		}
	}
	changes := map[string]func(*memory.Memory){
		"ID":           func(m *memory.Memory) { m.ID = "j" },
		"Workspace":    func(m *memory.Memory) { m.Workspace = "v" },
		"Text":         func(m *memory.Memory) { m.Text = "tex" },
		"Metadata":     func(m *memory.Memory) { m.Metadata = nil },
		"Tags":         func(m *memory.Memory) { m.Tags = []string{"ab"} },
		"Source":       func(m *memory.Memory) { m.Source = "" },
		"CreatedAt":    func(m *memory.Memory) { m.CreatedAt = m.CreatedAt.Add(time.Microsecond) },
		"ValidFrom":    func(m *memory.Memory) { m.ValidFrom = m.ValidFrom.Add(-time.Microsecond) },
		"Model":        func(m *memory.Memory) { m.Model = "" },
		"Chunks":       func(m *memory.Memory) { m.Chunks = append(m.Chunks, memory.Chunk{}) },
		"Chunk.Start":  func(m *memory.Memory) { m.Chunks[0].Start = 1 },
		"Chunk.End":    func(m *memory.Memory) { m.Chunks[0].End = 3 },
		"Chunk.Vector": func(m *memory.Memory) { m.Chunks[0].Vector[1] = 2.0000002 },
	}
	ofVectors := []string{"Model", "Chunk.Vector"}
	require.Len(t, changes, reflect.TypeFor[memory.Memory]().NumField()+reflect.TypeFor[memory.Chunk]().NumField())
	seen := map[transfer.Print]string{transfer.PrintOf(whole()): "nothing"}
	for name, change := range changes {
		m := whole()
		change(&m)
		got := transfer.PrintOf(m)
		require.Empty(t, seen[got], name)
		seen[got] = name
		require.Equal(t, slices.Contains(ofVectors, name), transfer.SumOf(m) == transfer.SumOf(whole()), name)
	}
}

func TestSumIsThatOfWhatIsKept(t *testing.T) {
	at := time.Date(2024, 5, 17, 8, 0, 0, 123_456_789, time.FixedZone("", 7200))
	none := []memory.Chunk{{Vector: []float32{0}}}
	given := memory.Memory{CreatedAt: at, ValidFrom: at, Metadata: []byte{}, Tags: []string{}, Chunks: []memory.Chunk{
		{Vector: []float32{float32(math.Copysign(0, -1))}},
	}}
	at = at.UTC().Truncate(time.Microsecond)
	require.Equal(t, transfer.PrintOf(given), transfer.PrintOf(memory.Memory{CreatedAt: at, ValidFrom: at, Chunks: none}))
}

func TestVectorsThatAreStillToComeAreNoDifference(t *testing.T) {
	of := func(model string, vectors ...[]float32) transfer.Print {
		m := memory.Memory{ID: "i", Model: model}
		for _, v := range vectors {
			m.Chunks = append(m.Chunks, memory.Chunk{Vector: v})
		}
		return transfer.PrintOf(m)
	}
	one, two := []float32{1}, []float32{2}
	require.True(t, of("m", one, two).Same(of("m", one, two)))
	require.True(t, of("m", one, two).Same(of("", nil, nil)))
	require.True(t, of("m", one, nil).Same(of("m", one, two)))
	require.True(t, of("m", one, two).Same(of("other", two, one)))
	require.False(t, of("m", one, two).Same(of("m", two, one)))
	require.False(t, of("", nil).Same(of("", nil, nil)))
}
