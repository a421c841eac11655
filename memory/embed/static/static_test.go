package static

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory/embed/builtin"
)

func embed(t testing.TB, e *Embedder, texts ...string) [][]float32 {
	t.Helper()
	vectors, err := e.Embed(t.Context(), texts)
	require.NoError(t, err)
	require.Len(t, vectors, len(texts))
	return vectors
}

func cosine(a, b []float32) float64 {
	var sum float64
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

func TestNewReadsNothing(t *testing.T) {
	require.Zero(t, testing.AllocsPerRun(10, func() { _ = New().Dimensions() }))
	require.Nil(t, New().lookup)
}

func TestEmbedFindsMeaningWithoutASharedWord(t *testing.T) {
	tests := map[string]struct{ question, answer, other string }{
		"work":    {"what does my sister do for a living", "Anna works as a nurse.", "The carpet in the hall is blue."},
		"weather": {"was it wet outside", "The rain did not stop all afternoon.", "Is the box blue?"},
		"code":    {"remove whitespace around a string", "def strip(text): return text.strip()", "A white horse grazed on the hill."},
		"animals": {"Which pets do they have?", "Two cats and a dog sleep on the sofa.", "The pots have rusted."},
	}
	e := New()
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			v := embed(t, e, tt.question, tt.answer, tt.other)
			require.Greater(t, cosine(v[0], v[1]), cosine(v[0], v[2]))
		})
	}
}

// TestEmbedAgreesWithTheEncoder takes pairs that have little to do with each
// other and pairs that have much.
func TestEmbedAgreesWithTheEncoder(t *testing.T) {
	texts := []string{
		"The doctor prescribed antibiotics for the infection.", "A physician gave her medicine.",
		"Parliament passed the budget.", "The government agreed on its spending.",
		"open a file and read its lines", "with open(path) as f: lines = f.readlines()",
		"We went hiking in the mountains last summer.", "They climbed a peak on their holiday.",
	}
	encoder := builtin.New()
	near, err := encoder.Embed(t.Context(), texts)
	require.NoError(t, err)
	require.NoError(t, encoder.Close())
	ours := embed(t, New(), texts...)
	for i := 0; i < len(texts); i += 2 {
		for j := range texts {
			if j/2 == i/2 {
				continue
			}
			require.Greater(t, cosine(near[i], near[i+1]), cosine(near[i], near[j]), "encoder: %d, %d", i, j)
			require.Greater(t, cosine(ours[i], ours[i+1]), cosine(ours[i], ours[j]), "static: %d, %d", i, j)
		}
	}
}

func TestEmbedReturnsLengthOne(t *testing.T) {
	tests := map[string]string{
		"nothing":       "",
		"white space":   " \n\t",
		"an odd letter": "\U00010348",
		"a word":        "a",
		"a long text":   strings.Repeat("a long text ", 200),
	}
	e := New()
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			v := embed(t, e, text)[0]
			require.Len(t, v, e.Dimensions())
			require.InDelta(t, 1, cosine(v, v), 1e-6)
		})
	}
}

func TestEmbedOfNothingIsNothing(t *testing.T) {
	require.Empty(t, embed(t, New()))
}

func TestEmbedOfNoWordsIsAnUnknownWord(t *testing.T) {
	v := embed(t, New(), "", "[UNK]", "tea")
	require.Equal(t, v[1], v[0])
	require.NotEqual(t, v[2], v[0])
}

func TestEmbedDoesNotAskForOrder(t *testing.T) {
	v := embed(t, New(), "dog bites man", "man bites dog")
	require.InDelta(t, 1, cosine(v[0], v[1]), 1e-6)
}

// TestEmbedIsTheSameEverywhere compares with what the first machine made, bit
// by bit.
func TestEmbedIsTheSameEverywhere(t *testing.T) {
	const want = "df8e46db1c679a6d569a761eef3687bcc23773ce0b94c719578329faf77b4b77"
	h := sha256.New()
	for _, v := range embed(t, New(), "", "Anna started as a nurse in May.", strings.Repeat("The rain did not stop. ", 60)) {
		require.NoError(t, binary.Write(h, binary.LittleEndian, v))
	}
	require.Equal(t, want, hex.EncodeToString(h.Sum(nil)))
}

func TestEmbedByManyAtOnce(t *testing.T) {
	e := New()
	texts := []string{"one", "two or three", strings.Repeat("many ", 150)}
	want := embed(t, New(), texts...)
	var wg sync.WaitGroup
	got := make([][][]float32, 8)
	errs := make([]error, len(got))
	for i := range got {
		wg.Go(func() { got[i], errs[i] = e.Embed(t.Context(), texts) })
	}
	wg.Wait()
	for i := range got {
		require.NoError(t, errs[i])
		require.Equal(t, want, got[i])
	}
}

func TestEmbedStopsWhenNobodyWaits(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := New().Embed(ctx, []string{"a"})
	require.ErrorIs(t, err, context.Canceled)
}

func TestCloseEndsEmbed(t *testing.T) {
	e := New()
	embed(t, e, "a")
	require.NoError(t, e.Close())
	require.NoError(t, e.Close())
	require.Nil(t, e.lookup)
	_, err := e.Embed(t.Context(), []string{"a"})
	require.ErrorIs(t, err, ErrClosed)
}

func TestModelHasANameOfItsOwn(t *testing.T) {
	require.Equal(t, "all-minilm-l6-v2-static-256", New().Model())
	require.NotEqual(t, builtin.New().Model(), New().Model())
}
