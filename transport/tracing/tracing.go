// Package tracing sends what becomes of calls to a collector of OpenTelemetry.
//
// It promises that nothing of it runs unless a setting asks for it, that a
// collector which is slow or away holds up no call, and that the end of the
// program waits for it no longer than two seconds. What a span says is decided
// where it is made: no text of a memory, no question and no secret.
package tracing

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// flushTime bounds what Stop waits for.
const flushTime = 2 * time.Second

// Traces makes spans and sends them, a batch every five seconds. Nil makes none.
type Traces struct {
	provider  *sdk.TracerProvider
	collector *collector
}

// Open returns the traces that c asks for, nil if it asks for none. It touches
// no network. Whoever calls it stops them.
func Open(ctx context.Context, c Config, version string, log *slog.Logger) (*Traces, error) {
	if !c.Enabled {
		return nil, nil //nolint:nilnil // as promised.
	}
	collector, err := newCollector(c, log)
	if err != nil {
		return nil, fmt.Errorf("open traces: %w", err)
	}
	exporter, err := otlptrace.New(ctx, collector)
	if err != nil {
		return nil, fmt.Errorf("open traces: %w", err)
	}
	log.InfoContext(ctx, "tracing_started", "to", collector.target)
	return &Traces{
		provider: sdk.NewTracerProvider(
			sdk.WithBatcher(exporter, sdk.WithExportTimeout(exportTime)),
			sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(c.SampleRatio))),
			sdk.WithResource(resource.NewWithAttributes(semconv.SchemaURL,
				semconv.ServiceName(c.ServiceName), semconv.ServiceVersion(version))),
		),
		collector: collector,
	}, nil
}

// Tracer returns what spans begin with, nil where there are none.
func (t *Traces) Tracer() trace.Tracer {
	if t == nil {
		return nil
	}
	return t.provider.Tracer("zapomni")
}

// Stop sends what is left, and gives it up after two seconds or when ctx is
// done, which is logged and no error: nobody has lost more than a trace.
func (t *Traces) Stop(ctx context.Context) error {
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, flushTime)
	defer cancel()
	t.collector.hurry()
	defer t.collector.close()
	if err := t.provider.Shutdown(ctx); err != nil {
		t.collector.log.WarnContext(ctx, "traces_given_up", "error", err)
	}
	return nil
}
