package embed

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"zapomni/memory"
)

// traceOf begins a trace and returns what is recorded of it.
func traceOf(t *testing.T) (context.Context, *tracetest.SpanRecorder) {
	t.Helper()
	r := tracetest.NewSpanRecorder()
	ctx, span := sdk.NewTracerProvider(sdk.WithSpanProcessor(r)).Tracer("test").Start(t.Context(), "call")
	t.Cleanup(func() { span.End() })
	return ctx, r
}

func TestEmbeddingIsASpanOfTheTraceItBelongsTo(t *testing.T) {
	ctx, r := traceOf(t)
	var within context.Context
	e := Traced(&fake{embed: func(ctx context.Context, texts []string) ([][]float32, error) {
		within = ctx
		return make([][]float32, len(texts)), nil
	}})
	vectors, err := e.Embed(ctx, []string{"the key", "the mat"})
	require.NoError(t, err)
	require.Len(t, vectors, 2)
	require.Len(t, r.Ended(), 1)
	span := r.Ended()[0]
	require.Equal(t, "embed", span.Name())
	require.Equal(t, trace.SpanContextFromContext(ctx).SpanID(), span.Parent().SpanID())
	require.Equal(t, span.SpanContext(), trace.SpanContextFromContext(within))
	require.Equal(t, sdk.Status{}, span.Status())
	require.Equal(t, []attribute.KeyValue{
		attribute.String("gen_ai.operation.name", "embeddings"), attribute.String("gen_ai.request.model", "fake"),
		attribute.Int("zapomni.texts", 2),
	}, span.Attributes())
}

func TestWhyEmbeddingFailedIsNamedAndNotQuoted(t *testing.T) {
	for _, row := range []struct {
		name string
		err  error
		kind string
	}{
		{"a failure of the server", &failure{class: rateLimited, text: "the key"}, "rate_limited"},
		{"a text", &TextError{Err: &failure{class: overlong, text: "the key"}}, "text_too_long"},
		{"out of time", context.DeadlineExceeded, "timeout"},
		{"canceled", context.Canceled, "canceled"},
		{"anything else", errors.New("the key"), "_OTHER"},
	} {
		t.Run(row.name, func(t *testing.T) {
			ctx, r := traceOf(t)
			e := Traced(&fake{embed: func(context.Context, []string) ([][]float32, error) { return nil, row.err }})
			_, err := e.Embed(ctx, []string{"the key"})
			require.Equal(t, row.err, err)
			span := r.Ended()[0]
			require.Equal(t, sdk.Status{Code: codes.Error}, span.Status())
			require.Contains(t, span.Attributes(), attribute.String("error.type", row.kind))
			require.NotContains(t, fmt.Sprint(span.Attributes(), span.Events()), "key")
		})
	}
}

func TestAPanicOfAnEmbedderIsNotQuoted(t *testing.T) {
	ctx, r := traceOf(t)
	e := Traced(&fake{embed: func(context.Context, []string) ([][]float32, error) { panic("the key") }})
	require.Panics(t, func() { _, _ = e.Embed(ctx, []string{"the key"}) })
	require.Len(t, r.Ended(), 1)
	require.Empty(t, r.Ended()[0].Events())
}

func TestEmbeddingOfNoTraceIsNoSpanAndCostsNothing(t *testing.T) {
	_, r := traceOf(t)
	texts := []string{"the key"}
	e := Traced(still{})
	require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = e.Embed(t.Context(), texts) }))
	require.Empty(t, r.Ended())
	require.NoError(t, e.Close())
}

// still is an embedder that does nothing.
type still struct{}

func (still) Embed(context.Context, []string) ([][]float32, error) { return nil, nil }

func (still) Model() string { return "still" }

func (still) Close() error { return nil }

// caching is one with a cache.
type caching struct{ still }

func (caching) Cache() (memory.CacheStats, bool) { return memory.CacheStats{Hits: 7}, true }

var errForgotten = errors.New("forgotten")

func (caching) Forget() error { return errForgotten }

func TestACacheIsStillThere(t *testing.T) {
	stats, ok := Traced(caching{}).(memory.Cached).Cache()
	require.True(t, ok)
	require.Equal(t, memory.CacheStats{Hits: 7}, stats)
	require.ErrorIs(t, Traced(caching{}).(memory.Cached).Forget(), errForgotten)
	require.NoError(t, Traced(still{}).(memory.Cached).Forget())
	_, ok = Traced(still{}).(memory.Cached).Cache()
	require.False(t, ok)
}
