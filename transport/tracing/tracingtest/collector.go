// Package tracingtest collects traces as a collector of OpenTelemetry does, so
// that tests see what really went over the wire.
package tracingtest

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Span is a span that was collected.
type Span struct {
	Name, Kind string // the kind as SPAN_KIND_SERVER
	// The trace, the span itself, the one that it is a part of, if any, and
	// those that it is linked to.
	Trace, ID, Parent string
	Links             []string
	Attributes        map[string]string
	Failed            bool
	Resource          map[string]string // of whoever sent it
	Whole             string            // everything about it, as text
}

// Collector is a server that takes traces.
type Collector struct {
	URL string

	mu      sync.Mutex
	spans   []Span
	headers []http.Header
}

// Collect starts a collector, which ends with the test.
func Collect(tb testing.TB) *Collector {
	tb.Helper()
	c := &Collector{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/traces", c.take)
	s := httptest.NewServer(mux)
	tb.Cleanup(s.Close)
	c.URL = s.URL
	return c
}

func (c *Collector) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var sent tracepb.TracesData
	if err != nil || r.Header.Get("Content-Type") != "application/x-protobuf" || proto.Unmarshal(body, &sent) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.headers = append(c.headers, r.Header)
	for _, from := range sent.ResourceSpans {
		for _, scope := range from.ScopeSpans {
			for _, s := range scope.Spans {
				c.spans = append(c.spans, collected(s, attributes(from.Resource.GetAttributes())))
			}
		}
	}
}

func collected(s *tracepb.Span, resource map[string]string) Span {
	span := Span{
		Name: s.Name, Kind: s.Kind.String(), Trace: hex.EncodeToString(s.TraceId), ID: hex.EncodeToString(s.SpanId), Parent: hex.EncodeToString(s.ParentSpanId),
		Attributes: attributes(s.Attributes), Failed: s.Status.GetCode() == tracepb.Status_STATUS_CODE_ERROR,
		Resource: resource, Whole: protojson.Format(s),
	}
	for _, l := range s.Links {
		span.Links = append(span.Links, hex.EncodeToString(l.SpanId))
	}
	return span
}

func attributes(pairs []*commonpb.KeyValue) map[string]string {
	all := make(map[string]string, len(pairs))
	for _, p := range pairs {
		if _, ok := p.Value.GetValue().(*commonpb.AnyValue_StringValue); ok {
			all[p.Key] = p.Value.GetStringValue()
		} else {
			_, all[p.Key], _ = strings.Cut(p.Value.String(), ":")
		}
	}
	return all
}

// Spans returns what was collected, in the order in which it came.
func (c *Collector) Spans() []Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.spans)
}

// Headers returns those of the requests that were taken.
func (c *Collector) Headers() []http.Header {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.headers)
}

// Trees draws each trace in lines, a span below the one that it is a part of,
// two blanks further in; those of one parent in the order in which they ended.
func (c *Collector) Trees() string {
	var drawing strings.Builder
	spans := c.Spans()
	known := make(map[string]bool, len(spans))
	for _, s := range spans {
		known[s.ID] = true
	}
	var draw func(parent string, depth int)
	draw = func(parent string, depth int) {
		for _, s := range spans {
			if s.Parent == parent || depth == 0 && !known[s.Parent] {
				drawing.WriteString(strings.Repeat("  ", depth) + s.Name + "\n")
				draw(s.ID, depth+1)
			}
		}
	}
	draw("", 0)
	return drawing.String()
}
