package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mark3labs/mcp-go/server"
	"go.opentelemetry.io/otel/trace"
)

const maxHeader = 64 << 10 // bytes of the header of a request

// HTTPOptions says what is served beside the protocol.
type HTTPOptions struct {
	Name    string // of the transport, as /health gives it
	Version string
	// Health is asked for what the transport cannot know; an error means that
	// the server is not healthy. Nil means that there is nothing more to know.
	Health func(context.Context) (map[string]any, error)
	// Metrics are served at /metrics; nil for none.
	Metrics *Metrics
	// Tracer makes a span of each request, but for streams; nil for none.
	Tracer trace.Tracer
	// Handlers are served by their patterns, as of [http.ServeMux], to whoever
	// may use the protocol; Public ones to everyone who gets past the checks of
	// Host and Origin.
	Handlers, Public map[string]http.Handler
}

// HTTP serves any number of clients over HTTP: by streamable HTTP at /mcp, by
// HTTP+SSE at /sse and /messages/, side by side.
//
// Requests run side by side, those of one session too. When it is told to
// stop, requests that were accepted are answered, streams get what is left for
// them and end, and nothing new is taken in.
type HTTP struct {
	config   HTTPConfig
	options  HTTPOptions
	log      *slog.Logger
	speaker  speaker
	sessions *sessions
	guard    *guard
	maxBody  int64
	started  time.Time
	ready    atomic.Bool

	calls    context.Context // of every call; done when calls have to give up
	giveUp   context.CancelFunc
	sseCalls context.Context // the same for those over HTTP+SSE, which has not all revisions
	crew     *crew           // runs those that nobody waits for
	streams  context.Context // done when streams have to end that are of no session
	hush     context.CancelFunc
	server   *http.Server
	listen   net.Listener
	conns    sync.Map // net.Conn to *connection
	cert     *certificate
}

// NewHTTP returns a transport that serves s. It reads the files that c names,
// and serves nothing before Listen and Run.
func NewHTTP(s *server.MCPServer, c HTTPConfig, o HTTPOptions, log *slog.Logger) (*HTTP, error) {
	guard, err := newGuard(c, log)
	if err != nil {
		return nil, err
	}
	t := &HTTP{
		config: c, options: o, log: log, guard: guard, started: time.Now(),
		speaker: speaker{mcp: s, log: log}, maxBody: int64(c.MaxBodyBytes),
		sessions: newSessions(sessionLimits{
			most: c.MaxSessions, mostPerClient: c.MaxSessionsPerClient, idle: c.SessionIdleTimeout, rate: c.RateLimit,
		}, log),
	}
	if c.TLSCert != "" {
		if t.cert, err = loadCertificate(c.TLSCert, c.TLSKey); err != nil {
			return nil, err
		}
	}
	t.calls, t.giveUp = context.WithCancel(context.Background())
	t.sseCalls = server.WithSupportedProtocolVersions(t.calls, sessionVersions())
	t.crew = newCrew(t.calls.Done())
	t.streams, t.hush = context.WithCancel(t.calls)
	t.sessions.holds = guard.holds
	t.sessions.began = func(x *session) error { return s.RegisterSession(t.calls, x) }
	t.sessions.ended = func(x *session) { s.UnregisterSession(context.WithoutCancel(t.calls), x.id) }
	t.server = &http.Server{
		Handler:           bodyInTime(t.guard.outermost(t.routes(s))),
		Protocols:         new(http.Protocols),
		ReadHeaderTimeout: headerTime,
		IdleTimeout:       keepAliveTime,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		ConnContext:       t.connected,
		ConnState:         t.changed,
	}
	// HTTP/2 resets a stream when its time to write is over, even in a silence,
	// and has no bound on the time for a header.
	t.server.Protocols.SetHTTP1(true)
	if t.cert != nil {
		t.server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: t.cert.get}
	}
	t.ready.Store(true)
	return t, nil
}

func (t *HTTP) routes(s *server.MCPServer) http.Handler {
	mux := http.NewServeMux()
	admit := t.guard.admit
	old, modern := sse{t}, newModern(s, t)
	mux.Handle("GET /sse", admit(http.HandlerFunc(old.stream)))
	mux.Handle("POST "+messagesPath, admit(t.traced(messagesPath, http.HandlerFunc(old.message))))
	mux.HandleFunc("POST /messages", withSlash)
	for _, path := range []string{mcpPath, mcpPath + "/{$}"} {
		mux.Handle(path, admit(streamable{t, modern}))
		mux.Handle("POST "+path, admit(t.traced(mcpPath, streamable{t, modern})))
	}
	mux.HandleFunc("GET /health", t.health)
	mux.HandleFunc("GET /health/live", t.live)
	mux.HandleFunc("GET /health/ready", t.isReady)
	if t.options.Metrics != nil {
		t.options.Metrics.watch(t.sessions)
		mux.Handle("GET /metrics", answerInTime(admit(t.options.Metrics)))
	}
	if m := t.guard.metadata(); m != nil {
		mux.Handle("GET "+metadataPath, m)
		mux.Handle("GET "+metadataPath+"/", m) // with the path of the resource
	}
	for pattern, h := range t.options.Handlers {
		mux.Handle(pattern, admit(t.traced(pattern, answerInTime(h))))
	}
	for pattern, h := range t.options.Public {
		mux.Handle(pattern, answerInTime(h))
	}
	return mux
}

// withSlash leads to where messages go.
func withSlash(w http.ResponseWriter, r *http.Request) {
	to := messagesPath
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	http.Redirect(w, r, to, http.StatusTemporaryRedirect)
}

// Listen opens the port, so that one in use is known before anything starts.
func (t *HTTP) Listen(ctx context.Context) error {
	address := net.JoinHostPort(t.config.bareHost(), strconv.Itoa(t.config.Port))
	l, err := (&net.ListenConfig{Control: noticeVanished}).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", address, err)
	}
	t.listen = l
	return nil
}

// Addr is where clients connect to, nil before Listen.
func (t *HTTP) Addr() net.Addr {
	if t.listen == nil {
		return nil
	}
	return t.listen.Addr()
}

// Reload reads tokens and certificates anew. After an error the old ones hold.
// Whose token is gone is left at once, with all that they have open.
func (t *HTTP) Reload() error {
	var errs []error
	errs = append(errs, t.guard.reload())
	t.expel()
	if t.cert != nil {
		errs = append(errs, t.cert.reload())
	}
	return errors.Join(errs...)
}

// expel ends the sessions and cuts the connections of those who would not be
// let in any more.
func (t *HTTP) expel() {
	t.sessions.expel()
	t.conns.Range(func(conn, c any) bool {
		if by := c.(*connection).caller.Load(); by != nil && !t.guard.holds(by) {
			if over, ok := conn.(*tls.Conn); ok {
				conn = over.NetConn() // or else it would wait for the client
			}
			_ = conn.(net.Conn).Close() // it may have gone by itself
		}
		return true
	})
}

// Sessions returns how many sessions there are.
func (t *HTTP) Sessions() SessionCounts { return t.sessions.counts() }

// Part is the transport as a part of the program, with the name http. Whoever
// runs it has called Listen.
func (t *HTTP) Part() Part { return Part{Name: "http", Run: t.Run, Stop: t.Stop} }

// Door is what has to stop first: from then on the server is not ready, and
// lets no new sessions in.
func (t *HTTP) Door() Part {
	return Part{Name: "ready", Stop: func(context.Context) error {
		t.ready.Store(false)
		t.sessions.shut()
		return nil
	}}
}

// Run serves until Stop is called.
func (t *HTTP) Run(ctx context.Context) error {
	sweeping, cancel := context.WithCancel(ctx)
	defer cancel()
	go t.sessions.sweeping(sweeping)
	host, port, _ := net.SplitHostPort(t.listen.Addr().String())
	t.log.InfoContext(ctx, "http_listening", "host", host, "port", port, "tls", t.cert != nil, "tokens", t.guard.needsToken())
	var err error
	if t.cert != nil {
		err = t.server.ServeTLS(t.listen, "", "")
	} else {
		err = t.server.Serve(t.listen)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Stop ends the sessions, each when its calls are answered, and then closes the
// connections. Shortly before the deadline of ctx calls are cancelled, and the
// connections cut whose clients neither send nor read, which is no error.
func (t *HTTP) Stop(ctx context.Context) error {
	defer t.giveUp()
	t.ready.Store(false)
	t.sessions.shut()
	t.log.InfoContext(ctx, "Starting graceful SSE shutdown...")
	ctx, cancel := withSpareTime(ctx)
	defer cancel()
	t.closeSessions(ctx)
	if t.listen == nil {
		return nil
	}
	if err := t.server.Shutdown(ctx); err != nil {
		t.log.WarnContext(ctx, "connections_cut", "error", err)
		t.giveUp()
		return t.server.Close()
	}
	_ = t.listen.Close() // closed already, unless it was never served
	return nil
}

// withSpareTime leaves a tenth of the time, a second at most, to what stops
// afterwards.
func withSpareTime(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-min(time.Until(deadline)/10, time.Second)))
}

func (t *HTTP) closeSessions(ctx context.Context) {
	t.hush()
	all := t.sessions.all()
	t.log.InfoContext(ctx, "Closing all sessions", "active_sessions", len(all))
	var closing sync.WaitGroup
	for _, s := range all {
		closing.Go(func() {
			s.wind(ctx, lastWords)
			t.sessions.remove(s)
		})
	}
	closing.Wait()
	t.log.InfoContext(ctx, "All sessions closed", "closed_count", len(all), "remaining_sessions", t.sessions.counts().Registered)
	t.log.InfoContext(ctx, "SSE sessions closed", "closed_count", len(all))
}

type connectionKey struct{}

func (t *HTTP) connected(ctx context.Context, conn net.Conn) context.Context {
	c := &connection{}
	t.conns.Store(conn, c)
	return context.WithValue(ctx, connectionKey{}, c)
}

func (t *HTTP) changed(conn net.Conn, state http.ConnState) {
	if state != http.StateClosed && state != http.StateHijacked {
		return
	}
	if c, ok := t.conns.LoadAndDelete(conn); ok {
		t.sessions.part(c.(*connection))
	}
}

func connectionOf(r *http.Request) *connection {
	c, _ := r.Context().Value(connectionKey{}).(*connection)
	return c
}

// address is where a request comes from, without the port.
func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
