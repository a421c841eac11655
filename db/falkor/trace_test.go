package falkor

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"zapomni/db/falkor/cypher"
)

// recorded begins a trace and returns what is recorded of it.
func recorded(t *testing.T) (context.Context, *tracetest.SpanRecorder) {
	t.Helper()
	r := tracetest.NewSpanRecorder()
	ctx, span := sdk.NewTracerProvider(sdk.WithSpanProcessor(r)).Tracer("test").Start(t.Context(), "put")
	t.Cleanup(func() { span.End() })
	return ctx, r
}

func TestAQueryIsASpan(t *testing.T) {
	f := newFake(t)
	c, _ := ready(t, f.config())
	ctx, r := recorded(t)
	_, err := c.Query(ctx, Statement{Graph: "g:work", Text: "RETURN $text", Params: []cypher.Param{cypher.P("text", "the key")}, Effect: Repeatable})
	require.NoError(t, err)
	_, err = c.Query(ctx, one1(Reads))
	require.NoError(t, err)
	require.Len(t, r.Ended(), 2)
	require.Equal(t, "GRAPH.RO_QUERY", r.Ended()[1].Name())
	span, config := r.Ended()[0], f.config()
	require.Equal(t, "GRAPH.QUERY", span.Name())
	require.Equal(t, trace.SpanKindClient, span.SpanKind())
	require.Equal(t, trace.SpanContextFromContext(ctx).SpanID(), span.Parent().SpanID())
	host, port := config.place()
	require.Equal(t, []attribute.KeyValue{
		attribute.String("db.system.name", "falkordb"), attribute.String("db.operation.name", "GRAPH.QUERY"),
		attribute.String("db.namespace", "g:work"), attribute.String("server.address", host), attribute.Int("server.port", port),
	}, span.Attributes())
}

func TestAnyOtherCommandIsASpan(t *testing.T) {
	f := newFake(t)
	f.say("GRAPH.LIST", "*0\r\n")
	c, _ := ready(t, f.config())
	ctx, r := recorded(t)
	_, err := c.Do(ctx, Reads, "GRAPH.LIST")
	require.NoError(t, err)
	require.Equal(t, "GRAPH.LIST", r.Ended()[0].Name())
}

func TestASpanSaysWhatBecameOfTheAttempts(t *testing.T) {
	f := newFake(t)
	cfg := f.config()
	cfg.Retry.MaxRetries, cfg.Retry.InitialDelay = 2, time.Millisecond
	c, _ := ready(t, cfg)
	f.say("GRAPH.RO_QUERY", "-LOADING the key\r\n")
	ctx, r := recorded(t)
	_, err := c.Query(ctx, one1(Reads))
	require.Error(t, err)
	span := r.Ended()[0]
	require.Equal(t, sdk.Status{Code: codes.Error}, span.Status())
	require.Contains(t, span.Attributes(), attribute.String("error.type", "loading"))
	var again []string
	for _, e := range span.Events() {
		again = append(again, e.Name+" "+strconv.FormatInt(e.Attributes[0].Value.AsInt64(), 10))
	}
	require.Equal(t, []string{"query_retry 1", "query_retry 2"}, again)
	require.NotContains(t, fmt.Sprint(span.Attributes(), span.Events()), "key")
}

func TestAQueryOfNoTraceCostsNothingMore(t *testing.T) {
	c := &Client{config: Defaults()}
	ctx := context.WithValue(t.Context(), key{}, 1)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		_, span := c.traced(ctx, "GRAPH.QUERY", "g")
		end(span, nil)
	}))
}

type key struct{}

func TestATransactionIsASpanOfItsOwn(t *testing.T) {
	s := openNew(t)
	ctx, r := recorded(t)
	require.ErrorIs(t, s.asOne(ctx, s.graph, func(m *making) error {
		again := *m
		require.NoError(t, m.finish(ctx, command(s.graph, "CREATE (:N {x: 'the key'})")))
		return again.finish(ctx)
	}), errTaken)
	require.Len(t, r.Ended(), 3)
	for i, name := range []string{"SET", "MULTI", "MULTI"} {
		span := r.Ended()[i]
		require.Equal(t, name, span.Name())
		require.Equal(t, trace.SpanContextFromContext(ctx).SpanID(), span.Parent().SpanID())
		require.NotContains(t, fmt.Sprint(span.Attributes(), span.Events()), "key")
	}
	require.Contains(t, r.Ended()[2].Attributes(), attribute.String("error.type", taken))
}
