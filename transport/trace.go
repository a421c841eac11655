package transport

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// traced makes a span of each request to a route, in the trace that its sender
// names if it names one. It stands behind the guard: strangers make no spans.
// Streams are not traced: they last as long as their session.
func (t *HTTP) traced(route string, next http.Handler) http.Handler {
	tracer := t.options.Tracer
	if tracer == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := tracer.Start(ctx, r.Method+" "+route, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
			semconv.HTTPRequestMethodKey.String(r.Method), semconv.HTTPRoute(route),
			semconv.URLPath(path(r)), semconv.URLScheme(t.scheme()),
			semconv.ClientAddress(address(r)), semconv.NetworkProtocolVersion(strings.TrimPrefix(r.Proto, "HTTP/")),
		))
		answer := &response{ResponseWriter: w}
		defer func() {
			status := answer.status
			if status == 0 { // it panics, and will be told so
				status = http.StatusInternalServerError
			}
			span.SetAttributes(semconv.HTTPResponseStatusCode(status))
			if status >= http.StatusInternalServerError {
				span.SetAttributes(semconv.ErrorTypeKey.String(strconv.Itoa(status)))
				span.SetStatus(codes.Error, "")
			}
			span.End() // deferred itself it would tell the words of a panic
		}()
		next.ServeHTTP(answer, r.WithContext(ctx))
	})
}

// callsOf is the context of the calls that a request brings, made of that of
// all calls: they are of its trace, and outlive it.
func (t *HTTP) callsOf(calls context.Context, r *http.Request) context.Context {
	if t.options.Tracer == nil {
		return calls
	}
	return trace.ContextWithSpan(calls, trace.SpanFromContext(r.Context()))
}

// path is what was asked for, without the ID of a session.
func path(r *http.Request) string {
	if strings.HasPrefix(r.URL.Path, messagesPath) {
		return messagesPath
	}
	return clipped(r.URL.Path)
}

func (t *HTTP) scheme() string {
	if t.cert != nil {
		return "https"
	}
	return "http"
}
