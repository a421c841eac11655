package embed

import (
	"cmp"
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"zapomni/memory"
)

// traced is an embedder whose calls are traced.
type traced struct{ Embedder }

// Traced returns e with a span for each of its calls that belongs to a trace: how
// many texts there were and which model read them, and not what they said.
// Closing it closes e.
func Traced(e Embedder) Embedder { return traced{e} }

func (t traced) Embed(ctx context.Context, texts []string) (vectors [][]float32, err error) {
	around := trace.SpanFromContext(ctx)
	if !around.IsRecording() {
		return t.Embedder.Embed(ctx, texts)
	}
	ctx, span := around.TracerProvider().Tracer("zapomni/memory/embed").Start(ctx, "embed", trace.WithAttributes(
		attribute.String("gen_ai.operation.name", "embeddings"), attribute.String("gen_ai.request.model", t.Model()),
		attribute.Int("zapomni.texts", len(texts))))
	defer func() {
		if err != nil {
			span.SetAttributes(semconv.ErrorTypeKey.String(faultOf(err)))
			span.SetStatus(codes.Error, "") // its words may quote a text
		}
		span.End() // deferred itself it would tell the words of a panic
	}()
	return t.Embedder.Embed(ctx, texts)
}

// Cache returns what the cache of the embedder has done, if there is one.
func (t traced) Cache() (memory.CacheStats, bool) {
	if c, ok := t.Embedder.(memory.Cached); ok {
		return c.Cache()
	}
	return memory.CacheStats{}, false
}

// Forget empties the cache of the embedder, if there is one.
func (t traced) Forget() error {
	if c, ok := t.Embedder.(memory.Cached); ok {
		return c.Forget()
	}
	return nil
}

// faultOf names why a call failed.
func faultOf(err error) string {
	if errors.Is(err, context.Canceled) {
		return "canceled"
	}
	return cmp.Or(string(classOf(err)), semconv.ErrorTypeOther.Value.AsString())
}
