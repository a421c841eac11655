package falkor

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// traced starts the span of a call to the server, all its attempts together.
// It returns nil where the caller belongs to no trace. Texts and parameters
// stay out of it.
func (c *Client) traced(ctx context.Context, command, graph string) (context.Context, trace.Span) {
	around := trace.SpanFromContext(ctx)
	if !around.IsRecording() {
		return ctx, nil
	}
	host, port := c.config.place()
	says := []attribute.KeyValue{
		semconv.DBSystemNameKey.String("falkordb"), semconv.DBOperationName(command), semconv.DBNamespace(graph), semconv.ServerAddress(host),
	}
	if port != 0 {
		says = append(says, semconv.ServerPort(port))
	}
	return around.TracerProvider().Tracer("zapomni/db/falkor").Start(ctx, command, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(says...))
}

// end ends the span of a call, if there is one.
func end(span trace.Span, err error) {
	if span == nil {
		return
	}
	if err != nil {
		span.SetStatus(codes.Error, "") // the server may quote what it was sent
	}
	span.End()
}

// noteRetry says in the span of a call that it is sent again.
func noteRetry(ctx context.Context, attempt int) {
	trace.SpanFromContext(ctx).AddEvent("query_retry", trace.WithAttributes(attribute.Int("attempt", attempt)))
}

// noteFault says in the span of a call why there is no answer.
func noteFault(ctx context.Context, f fault) {
	trace.SpanFromContext(ctx).SetAttributes(semconv.ErrorTypeKey.String(f.class))
}
