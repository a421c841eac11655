package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

const (
	callersTrace = "4bf92f3577b34da6a3ce929d0e0e4736"
	callersSpan  = "00f067aa0ba902b7"
)

// newTraced returns a server over f, what it records, and the tracer of both.
func newTraced(t *testing.T, f *fake) (*Server, *tracetest.SpanRecorder, trace.Tracer) {
	t.Helper()
	r := tracetest.NewSpanRecorder()
	tracer := sdk.NewTracerProvider(sdk.WithSpanProcessor(r)).Tracer("test")
	s, err := New(f, Options{Version: "1.2.3", Tracer: tracer}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return s, r, tracer
}

// askAs calls a tool with what the client says beside the arguments.
func askAs(ctx context.Context, s *Server, tool, args, meta string) {
	s.MCP().HandleMessage(ctx, fmt.Appendf(nil,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":%q,"arguments":%s,"_meta":%s}}`, tool, args, meta))
}

func TestACallIsASpan(t *testing.T) {
	s, r, _ := newTraced(t, &fake{})
	_, isError := ask(as(t, s, "0123456789abcdef"), t, s, "add_memory", `{"text":"The key is under the mat."}`)
	require.False(t, isError)
	require.Len(t, r.Ended(), 1)
	span := r.Ended()[0]
	require.Equal(t, "tools/call add_memory", span.Name())
	require.Equal(t, trace.SpanKindServer, span.SpanKind())
	require.Equal(t, sdk.Status{}, span.Status())
	require.Equal(t, []attribute.KeyValue{
		attribute.String("mcp.method.name", "tools/call"),
		attribute.String("gen_ai.operation.name", "execute_tool"),
		attribute.String("gen_ai.tool.name", "add_memory"),
		attribute.String("mcp.session.id", "01234567"),
	}, span.Attributes())
}

func TestASpanSaysThatACallFailedAndNotHow(t *testing.T) {
	for _, row := range []struct {
		name, tool, args string
		fake             *fake
	}{
		{"refused", "add_memory", `{"text":"The key is under the mat.","workspace_id":"key"}`, &fake{}},
		{"not allowed by the schema", "add_memory", `{"text":7,"key":1}`, &fake{}},
		{"gone wrong", "add_memory", `{"text":"x"}`, &fake{err: errors.New("the key")}},
		{"panicking", "add_memory", `{"text":"x"}`, &fake{do: func() { panic("the key") }}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, r, _ := newTraced(t, row.fake)
			_, isError := ask(t.Context(), t, s, row.tool, row.args)
			require.True(t, isError)
			span := r.Ended()[0]
			require.Equal(t, sdk.Status{Code: codes.Error}, span.Status())
			require.Contains(t, span.Attributes(), attribute.String("error.type", "tool_error"))
			require.NotContains(t, fmt.Sprint(span.Name(), span.Attributes(), span.Events()), "key")
		})
	}
}

func TestACallIsPartOfWhatItsClientNames(t *testing.T) {
	for _, row := range []struct{ name, meta, trace, state string }{
		{"nothing", `{}`, "", ""},
		{"a trace", `{"traceparent":"00-` + callersTrace + `-` + callersSpan + `-01"}`, callersTrace, ""},
		{"a trace with its state", `{"traceparent":"00-` + callersTrace + `-` + callersSpan + `-01","tracestate":"a=b"}`, callersTrace, "a=b"},
		{"no trace", `{"traceparent":"00-xyz"}`, "", ""},
		{"a number", `{"traceparent":7}`, "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, r, tracer := newTraced(t, &fake{})
			ctx, request := tracer.Start(t.Context(), "request")
			askAs(ctx, s, "get_stats", `{}`, row.meta)
			span := r.Ended()[0]
			require.Equal(t, row.state, span.SpanContext().TraceState().String())
			if row.trace == "" {
				require.Equal(t, request.SpanContext(), span.Parent())
				require.Empty(t, span.Links())
				return
			}
			require.Equal(t, row.trace, span.SpanContext().TraceID().String())
			require.Equal(t, callersSpan, span.Parent().SpanID().String())
			require.Len(t, span.Links(), 1)
			require.Equal(t, request.SpanContext(), span.Links()[0].SpanContext)
		})
	}
}

func TestACallOverNoRequestHasNoLink(t *testing.T) {
	s, r, _ := newTraced(t, &fake{})
	askAs(t.Context(), s, "get_stats", `{}`, `{"traceparent":"00-`+callersTrace+`-`+callersSpan+`-01"}`)
	require.Equal(t, callersTrace, r.Ended()[0].SpanContext().TraceID().String())
	require.Empty(t, r.Ended()[0].Links())
}
