package embed

import (
	"context"
	"hash/fnv"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// fake is an embedder made of a function, which notes what it was asked for.
type fake struct {
	embed func(ctx context.Context, texts []string) ([][]float32, error)

	mu     sync.Mutex
	asked  [][]string
	closed bool
}

func (f *fake) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	f.mu.Lock()
	f.asked = append(f.asked, texts)
	f.mu.Unlock()
	return f.embed(ctx, texts)
}

func (f *fake) Model() string { return "fake" }

func (f *fake) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	return nil
}

// requests returns what was asked for so far.
func (f *fake) requests() [][]string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([][]string(nil), f.asked...)
}

// dims is how many numbers vectors have in tests.
const dims = 4

// made returns vectors that depend on nothing but the texts.
func made(texts ...string) [][]float32 {
	vectors := make([][]float32, len(texts))
	for i, t := range texts {
		h := fnv.New64a()
		_, _ = h.Write([]byte(t))
		r := rand.New(rand.NewPCG(h.Sum64(), 0))
		v := make([]float32, dims)
		for j := range v {
			v[j] = float32(r.NormFloat64())
		}
		if err := normalize(v); err != nil {
			panic(err)
		}
		vectors[i] = v
	}
	return vectors
}

// working answers at once.
func working(_ context.Context, texts []string) ([][]float32, error) { return made(texts...), nil }

// requireMade checks that vectors are those of texts, but for rounding.
func requireMade(t *testing.T, texts []string, vectors [][]float32) {
	t.Helper()
	want := made(texts...)
	require.Len(t, vectors, len(want))
	for i := range want {
		require.InDeltaSlice(t, want[i], vectors[i], 1e-6, "vector %d", i)
	}
}

var silent = slog.New(slog.DiscardHandler)

// recorded is a log, and what is written to it.
func recorded() (*slog.Logger, *strings.Builder) {
	var b strings.Builder
	return slog.New(slog.NewJSONHandler(&b, nil)), &b
}

func texts(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = "text " + strings.Repeat("x", i)
	}
	return all
}
