// Package traced makes a span of each call of a store, so that a trace shows
// what a request has asked of it. Calls that belong to no trace pass through.
package traced

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"zapomni/memory"
)

// store is a store whose calls are traced.
type store struct {
	memory.Store

	system string
}

// pooled is one that reaches its server over a pool.
type pooled struct {
	store
	memory.Pooled
}

// Store returns s with its calls traced. The system is what OpenTelemetry calls
// the database behind it. Closing it closes s.
func Store(s memory.Store, system string) memory.Store {
	t := store{s, system}
	if p, ok := s.(memory.Pooled); ok {
		return pooled{t, p}
	}
	return t
}

// begin starts the span of a call, which the function returned ends.
func (s store) begin(ctx context.Context, operation string) (context.Context, func(*error)) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return ctx, func(*error) {}
	}
	ctx, span := parent.TracerProvider().Tracer("zapomni/db").Start(ctx, operation,
		trace.WithAttributes(semconv.DBSystemNameKey.String(s.system), semconv.DBOperationName(operation)))
	return ctx, func(err *error) {
		if *err != nil {
			span.SetAttributes(semconv.ErrorTypeKey.String(kind(*err)))
			span.SetStatus(codes.Error, "") // its words may quote what is kept
		}
		span.End()
	}
}

// kind names what callers tell apart.
func kind(err error) string {
	for _, k := range []struct {
		is   error
		name string
	}{
		{context.Canceled, "canceled"},
		{context.DeadlineExceeded, "timeout"},
		{memory.ErrNotFound, "not_found"},
		{memory.ErrNoWorkspace, "no_workspace"},
		{memory.ErrInvalid, "invalid"},
		{memory.ErrConflict, "conflict"},
		{memory.ErrFull, "full"},
		{memory.ErrUnavailable, "unavailable"},
	} {
		if errors.Is(err, k.is) {
			return k.name
		}
	}
	return semconv.ErrorTypeOther.Value.AsString()
}
