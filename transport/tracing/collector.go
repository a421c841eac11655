package tracing

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

const (
	// exportTime bounds the sending of one batch, all attempts together.
	exportTime = 10 * time.Second
	firstWait  = 500 * time.Millisecond // before the second attempt; then twice as long each time
	// mostAnswer is what is read of an answer, so that its connection can be
	// used again.
	mostAnswer = 64 << 10
)

// collector sends batches of spans to where they are collected: protobuf over
// HTTP, as OTLP has it. A batch that cannot be sent is lost, and the log says
// so once until one goes through again.
type collector struct {
	target string
	header map[string]string
	client *http.Client
	log    *slog.Logger

	alive    context.Context // of every request
	giveUp   context.CancelFunc
	hurried  chan struct{} // closed when nothing is tried again
	hurrying sync.Once
	failing  bool // of the one goroutine that sends
}

func newCollector(c Config, log *slog.Logger) (*collector, error) {
	header, err := c.header()
	if err != nil {
		return nil, err
	}
	alive, giveUp := context.WithCancel(context.Background())
	return &collector{
		target: c.target(),
		header: header,
		client: &http.Client{
			Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, IdleConnTimeout: time.Minute, MaxIdleConns: 1},
			// The headers are meant for the collector, and for nobody else.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		log:     log,
		alive:   alive,
		giveUp:  giveUp,
		hurried: make(chan struct{}),
	}, nil
}

// Start does nothing: connections are made when there is something to send.
func (*collector) Start(context.Context) error { return nil }

// Stop does nothing: close does, after the last batch.
func (*collector) Stop(context.Context) error { return nil }

// UploadTraces sends a batch. It never returns an error, which would go to
// standard error in words of its own.
func (c *collector) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	err := c.upload(ctx, spans)
	switch {
	case err != nil && !c.failing:
		c.log.WarnContext(ctx, "traces_not_sent", "to", c.target, "error", err)
	case err == nil && c.failing:
		c.log.InfoContext(ctx, "traces_sent_again", "to", c.target)
	}
	c.failing = err != nil
	return nil
}

func (c *collector) upload(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	// On the wire this is the request of the protocol, whose own type would
	// bring all of gRPC into the program.
	body, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	if err != nil {
		return fmt.Errorf("encode traces: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.alive, cancel)() //nolint:contextcheck // its end is one more reason to stop.
	for wait := firstWait; ; wait *= 2 {
		again, err := c.send(ctx, body)
		if err == nil || !again || !c.rest(ctx, wait) {
			return err
		}
	}
}

// send makes one attempt. again says that another is worth it.
func (c *collector) send(ctx context.Context, body []byte) (again bool, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.target, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	for name, value := range c.header {
		r.Header.Set(name, value)
	}
	r.Header.Set("Content-Type", "application/x-protobuf")
	answer, err := c.client.Do(r)
	if err != nil {
		return ctx.Err() == nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, mostAnswer)) // whatever it says
	switch code := answer.StatusCode; code {
	case http.StatusOK, http.StatusAccepted, http.StatusNoContent:
		return false, nil
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true, fmt.Errorf("the collector answers %s", answer.Status)
	default:
		return false, fmt.Errorf("the collector answers %s", answer.Status)
	}
}

// rest waits before another attempt. It returns false if there is to be none.
func (c *collector) rest(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.hurried:
		return false
	case <-ctx.Done():
		return false
	}
}

// hurry has every batch from now on tried once.
func (c *collector) hurry() { c.hurrying.Do(func() { close(c.hurried) }) }

// close ends what is still being sent.
func (c *collector) close() {
	c.giveUp()
	c.client.CloseIdleConnections()
}
