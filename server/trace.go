package server

import (
	"context"

	"github.com/mark3labs/mcp-go/mcp"
	mcpserver "github.com/mark3labs/mcp-go/server"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// traced makes a span of each call of a tool, as the conventions of
// OpenTelemetry for the protocol have it. What goes in and comes out stays out
// of it.
func traced(tracer trace.Tracer) mcpserver.ToolHandlerMiddleware {
	return func(next mcpserver.ToolHandlerFunc) mcpserver.ToolHandlerFunc {
		if tracer == nil {
			return next
		}
		return func(ctx context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			ctx, options := parentOf(ctx, r.Params.Meta)
			ctx, span := tracer.Start(ctx, string(mcp.MethodToolsCall)+" "+r.Params.Name, append(options,
				trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(describe(ctx, r)...))...)
			defer span.End()
			result, err := next(ctx, r)
			if err != nil {
				span.SetAttributes(attribute.String("error.type", "tool_error"))
				span.SetStatus(codes.Error, "") // its words may quote the caller
			}
			return result, err
		}
	}
}

// parentOf returns the context that a call is a part of: the one that its
// client names in the message, with a link to that of the request, or else the
// latter.
func parentOf(ctx context.Context, meta *mcp.Meta) (context.Context, []trace.SpanStartOption) {
	if meta == nil {
		return ctx, nil
	}
	names := propagation.MapCarrier{}
	for _, key := range (propagation.TraceContext{}).Fields() {
		names[key], _ = meta.AdditionalFields[key].(string)
	}
	around := trace.SpanContextFromContext(ctx)
	ctx = propagation.TraceContext{}.Extract(ctx, names)
	if !around.IsValid() || around.Equal(trace.SpanContextFromContext(ctx)) {
		return ctx, nil
	}
	return ctx, []trace.SpanStartOption{trace.WithLinks(trace.Link{SpanContext: around})}
}

func describe(ctx context.Context, r mcp.CallToolRequest) []attribute.KeyValue {
	all := []attribute.KeyValue{
		attribute.String("mcp.method.name", string(mcp.MethodToolsCall)),
		attribute.String("gen_ai.operation.name", "execute_tool"),
		attribute.String("gen_ai.tool.name", r.Params.Name),
	}
	if id := shortID(sessionID(ctx)); id != "" {
		all = append(all, attribute.String("mcp.session.id", id))
	}
	return all
}
