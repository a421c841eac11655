package builtin

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"weak"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

var _ memory.Embedder = (*Embedder)(nil)

func embed(t testing.TB, e *Embedder, texts ...string) [][]float32 {
	t.Helper()
	vectors, err := e.Embed(t.Context(), texts)
	require.NoError(t, err)
	require.Len(t, vectors, len(texts))
	return vectors
}

// with returns an embedder that uses k.
func with(k *kernels) *Embedder {
	return &Embedder{kernels: func() *kernels { return k }}
}

func TestNewReadsNothing(t *testing.T) {
	require.Zero(t, testing.AllocsPerRun(10, func() { _ = New().Dimensions() }))
	require.Nil(t, New().engine)
}

func TestEmbedFindsMeaningWithoutASharedWord(t *testing.T) {
	tests := map[string]struct{ question, answer, other string }{
		"work":    {"what does my sister do for a living", "Anna started as a nurse in May.", "The carpet for the living room is blue."},
		"food":    {"any allergies I should know of", "Peanuts make Tom ill.", "You should know the code of the door."},
		"weather": {"was it wet outside", "The rain did not stop all afternoon.", "Is the outside of the box blue?"},
	}
	e := New()
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			v := embed(t, e, tt.question, tt.answer, tt.other)
			require.Greater(t, cosine(v[0], v[1]), cosine(v[0], v[2]))
		})
	}
}

func TestEmbedReturnsLengthOne(t *testing.T) {
	e := New()
	for _, v := range embed(t, e, "", "a", strings.Repeat("a long text ", 200)) {
		require.Len(t, v, e.Dimensions())
		require.InDelta(t, 1, cosine(v, v), 1e-6)
	}
}

func TestEmbedOfNothingIsNothingAndReadsNothing(t *testing.T) {
	e := New()
	require.Empty(t, embed(t, e))
	require.Nil(t, e.engine)
}

// TestEmbedIsTheSameInAnyCompany packs texts of all lengths together and
// apart.
func TestEmbedIsTheSameInAnyCompany(t *testing.T) {
	var texts []string
	for n := range 10 {
		texts = append(texts, strings.Repeat("tea and bread ", n*n), "water")
	}
	e := New()
	for i, v := range embed(t, e, texts...) {
		require.Equal(t, embed(t, e, texts[i])[0], v, "text %d", i)
	}
}

// TestEmbedIsTheSameEverywhere compares all kernels with what the first
// machine made, bit by bit.
func TestEmbedIsTheSameEverywhere(t *testing.T) {
	const want = "4acc0ee8498deb136338c152f7c0144ad536080e7b94274fb342aad2f99d1935"
	texts := make([]string, 0, 6)
	for _, r := range references(t)[:6] { // the portable kernels take their time
		texts = append(texts, r.Text)
	}
	for _, k := range available() {
		t.Run(k.name, func(t *testing.T) {
			h := sha256.New()
			for _, v := range embed(t, with(k), texts...) {
				require.NoError(t, binary.Write(h, binary.LittleEndian, v))
			}
			require.Equal(t, want, hex.EncodeToString(h.Sum(nil)))
		})
	}
}

func TestEmbedByManyAtOnce(t *testing.T) {
	e := New()
	texts := []string{"one", "two or three", strings.Repeat("many ", 150)}
	want := embed(t, e, texts...)
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
	e := New()
	embed(t, e, "warm")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := e.Embed(ctx, []string{"a"})
	require.ErrorIs(t, err, context.Canceled)
	_, err = e.engine.embed(ctx, []string{"a"})
	require.ErrorIs(t, err, context.Canceled, "before the tokens")
	_, err = e.engine.encode(ctx, lot{tokens: []int32{firstToken, lastToken}, ends: []int{2}})
	require.ErrorIs(t, err, context.Canceled, "before a layer")
	embed(t, e, "still works")
	require.Equal(t, cap(e.engine.encoders), len(e.engine.encoders)+len(e.engine.unmade), "an encoder was not given back")
}

func TestCallsThatFollowOneAnotherShareAnEncoder(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	e := New()
	for range 5 {
		embed(t, e, "a")
	}
	require.Len(t, e.engine.encoders, 1)
}

func TestCloseEndsEmbed(t *testing.T) {
	e := New()
	embed(t, e, "a")
	require.NoError(t, e.Close())
	require.NoError(t, e.Close())
	_, err := e.Embed(t.Context(), []string{"a"})
	require.ErrorIs(t, err, ErrClosed)
}

func TestCloseLetsGoOfTheMemory(t *testing.T) {
	e := New()
	embed(t, e, "a")
	g := weak.Make(e.engine)
	require.NoError(t, e.Close())
	runtime.GC()
	require.Nil(t, g.Value())
}

func TestCloseLeavesACallThatIsRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := New()
		want := embed(t, e, "a")
		model := e.engine.model
		encoders := e.engine.encoders
		for range cap(encoders) { // the call has to wait
			_, err := e.engine.borrow(t.Context())
			require.NoError(t, err)
		}
		var got [][]float32
		var err error
		var call sync.WaitGroup
		call.Go(func() { got, err = e.Embed(t.Context(), []string{"a"}) })
		synctest.Wait()
		require.NoError(t, e.Close())
		encoders <- &encoder{kernels: e.kernels(), model: model}
		call.Wait()
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

func TestModelHasANameOfItsOwn(t *testing.T) {
	require.Equal(t, "all-minilm-l6-v2-q8", New().Model())
}
