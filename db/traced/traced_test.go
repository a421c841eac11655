package traced

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"zapomni/memory"
)

// deaf is a store that has no answer but an error.
type deaf struct {
	memory.Store

	err error
	ctx context.Context // of the last call
}

func (d *deaf) Ping(ctx context.Context) error {
	d.ctx = ctx
	return d.err
}

// recorded begins a trace and returns what is recorded of it.
func recorded(t *testing.T) (context.Context, *tracetest.SpanRecorder) {
	t.Helper()
	r := tracetest.NewSpanRecorder()
	ctx, span := sdk.NewTracerProvider(sdk.WithSpanProcessor(r)).Tracer("test").Start(t.Context(), "call")
	t.Cleanup(func() { span.End() })
	return ctx, r
}

func TestACallIsASpanOfTheTraceItBelongsTo(t *testing.T) {
	ctx, r := recorded(t)
	d := &deaf{}
	require.NoError(t, Store(d, "sqlite").Ping(ctx))
	require.Len(t, r.Ended(), 1)
	span := r.Ended()[0]
	require.Equal(t, "ping", span.Name())
	require.Equal(t, trace.SpanContextFromContext(ctx).SpanID(), span.Parent().SpanID())
	require.Equal(t, span.SpanContext(), trace.SpanContextFromContext(d.ctx), "what the store does is not below it")
	require.Equal(t, []attribute.KeyValue{
		attribute.String("db.system.name", "sqlite"), attribute.String("db.operation.name", "ping"),
	}, span.Attributes())
}

func TestEveryCallIsASpan(t *testing.T) {
	ctx, r := recorded(t)
	s := reflect.ValueOf(Store(&deaf{}, "sqlite"))
	for method := range reflect.TypeFor[memory.Store]().Methods() {
		if method.Name == "Close" {
			continue // it ends them all
		}
		t.Run(method.Name, func(t *testing.T) {
			m, before := s.MethodByName(method.Name), len(r.Ended())
			in := []reflect.Value{reflect.ValueOf(ctx)}
			for i := 1; i < m.Type().NumIn(); i++ {
				in = append(in, reflect.Zero(m.Type().In(i)))
			}
			func() {
				defer func() { _ = recover() }() // there is no store behind it
				m.Call(in)
			}()
			require.Len(t, r.Ended(), before+1)
			require.Empty(t, r.Ended()[before].Events(), "the words of the panic")
		})
	}
}

func TestAnErrorIsNamedAndNotQuoted(t *testing.T) {
	for _, row := range []struct {
		name string
		err  error
		kind string
	}{
		{"not found", memory.ErrNotFound, "not_found"},
		{"no workspace", memory.ErrNoWorkspace, "no_workspace"},
		{"invalid", memory.ErrInvalid, "invalid"},
		{"conflict", memory.ErrConflict, "conflict"},
		{"full", fmt.Errorf("%w: %w", memory.ErrUnavailable, memory.ErrFull), "full"},
		{"unavailable", memory.ErrUnavailable, "unavailable"},
		{"canceled", context.Canceled, "canceled"},
		{"out of time", context.DeadlineExceeded, "timeout"},
		{"anything else", errors.New("else"), "_OTHER"},
	} {
		t.Run(row.name, func(t *testing.T) {
			ctx, r := recorded(t)
			err := fmt.Errorf("put the words of a memory: %w", row.err)
			require.ErrorIs(t, Store(&deaf{err: err}, "sqlite").Ping(ctx), row.err)
			span := r.Ended()[0]
			require.Equal(t, sdk.Status{Code: codes.Error}, span.Status())
			require.Contains(t, span.Attributes(), attribute.String("error.type", row.kind))
			require.NotContains(t, fmt.Sprint(span.Attributes(), span.Events()), "words")
		})
	}
}

func TestACallOfNoTraceIsNoSpan(t *testing.T) {
	_, r := recorded(t)
	d := &deaf{}
	require.NoError(t, Store(d, "sqlite").Ping(t.Context()))
	require.Empty(t, r.Ended())
	require.Equal(t, t.Context(), d.ctx)
}

// pool is a store with one.
type pool struct{ deaf }

func (*pool) Pool() memory.PoolStats { return memory.PoolStats{MaxConnections: 7} }

func TestAPoolIsStillThere(t *testing.T) {
	p, ok := Store(&pool{}, "falkordb").(memory.Pooled)
	require.True(t, ok)
	require.Equal(t, 7, p.Pool().MaxConnections)
	_, ok = Store(&deaf{}, "sqlite").(memory.Pooled)
	require.False(t, ok)
}
