package transport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"
)

// guard stands before every route: it knows by which names the server may be
// called, from which pages, and by whom.
type guard struct {
	log     *slog.Logger
	hosts   []string // lower case, without ports; the names that count as ours
	check   bool     // the Host header, too
	origins []string // of pages elsewhere, scheme://host[:port]
	tokens  *tokens  // nil for none
	issuer  *issuer  // nil for none
}

func newGuard(c HTTPConfig, log *slog.Logger) (*guard, error) {
	g := &guard{log: log, check: c.DNSRebindingProtection}
	for _, h := range c.AllowedHosts {
		g.hosts = append(g.hosts, hostName(h))
	}
	if len(g.hosts) == 0 {
		g.hosts = []string{"localhost", "127.0.0.1", "::1"}
	}
	for _, o := range c.CORSOrigins {
		if o != "*" { // which would let every page in that the user opens
			g.origins = append(g.origins, strings.ToLower(strings.TrimSuffix(o, "/")))
		}
	}
	if len(c.Tokens) > 0 || c.TokenFile != "" {
		var err error
		if g.tokens, err = newTokens(c.Tokens, c.TokenFile); err != nil {
			return nil, err
		}
	}
	if c.OAuth.Issuer != "" {
		g.issuer = newIssuer(c.OAuth)
	}
	return g, nil
}

// hostName is the name in a Host header or an address, without the port.
func hostName(host string) string {
	host = strings.ToLower(strings.TrimSpace(host))
	if inside, ok := strings.CutPrefix(host, "["); ok {
		name, _, _ := strings.Cut(inside, "]")
		return name
	}
	if strings.Count(host, ":") == 1 {
		host, _, _ = strings.Cut(host, ":")
	}
	return host
}

// Values of headers that every answer shares, so that none is made for it.
var (
	noSniff    = []string{"nosniff"}
	sameOrigin = []string{"same-origin"}
	plainText  = []string{"text/plain; charset=utf-8"}
	ofJSON     = []string{"application/json"}
	noStore    = []string{"no-store"}
)

// outermost checks what holds for every request, whoever sends it.
func (g *guard) outermost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := &response{ResponseWriter: w, timed: true}
		defer g.recovered(answer, r)
		h := w.Header()
		h["X-Content-Type-Options"], h["Cross-Origin-Resource-Policy"] = noSniff, sameOrigin
		if g.check && !slices.Contains(g.hosts, hostName(r.Host)) {
			g.log.WarnContext(r.Context(), "DNS rebinding protection blocked request", "blocked_host", clipped(r.Host), "allowed_hosts", g.hosts)
			plain(w, http.StatusForbidden, "Host not allowed")
			return
		}
		origin := r.Header.Get("Origin")
		preflight := r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
		switch {
		case origin == "" && !elsewhere(r):
		case origin != "" && g.ours(origin):
			g.shareWith(w, r, origin, preflight)
		case preflight:
			plain(w, http.StatusBadRequest, "Disallowed CORS origin")
			return
		default:
			g.log.WarnContext(r.Context(), "origin_refused", "blocked_origin", clipped(origin))
			plain(w, http.StatusForbidden, "Origin not allowed")
			return
		}
		if preflight {
			plain(w, http.StatusOK, "OK")
			return
		}
		next.ServeHTTP(answer, r)
		answer.begin(http.StatusOK) // which net/http says if nobody has said anything
	})
}

// elsewhere reports whether a browser says that a page of another site sends
// the request, other than by leading the user here.
func elsewhere(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Site") == "cross-site" && r.Header.Get("Sec-Fetch-Mode") != "navigate"
}

// ours reports whether a page of that origin may send requests.
func (g *guard) ours(origin string) bool {
	u, err := url.Parse(strings.ToLower(origin))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil ||
		u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	return slices.Contains(g.hosts, u.Hostname()) || slices.Contains(g.origins, u.Scheme+"://"+u.Host)
}

// shareWith lets the page read the answer.
func (g *guard) shareWith(w http.ResponseWriter, r *http.Request, origin string, preflight bool) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Add("Vary", "Origin")
	if !preflight {
		h.Set("Access-Control-Expose-Headers", "Mcp-Session-Id, Mcp-Protocol-Version, Retry-After, WWW-Authenticate")
		return
	}
	h.Set("Access-Control-Allow-Methods", "GET, POST, DELETE, OPTIONS")
	if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
		h.Set("Access-Control-Allow-Headers", asked)
	}
	h.Set("Access-Control-Max-Age", "600")
}

// recovered ends a panic: the client is told, or sees the connection cut if it
// has a part of the answer, which must not pass for the whole.
func (g *guard) recovered(w *response, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(v)
	}
	g.log.ErrorContext(r.Context(), "request_panicked", "error", fmt.Sprint(v), "detail", string(debug.Stack()))
	if w.status != 0 {
		panic(http.ErrAbortHandler)
	}
	plain(w, http.StatusInternalServerError, "Internal error")
}

// admit lets those in who have a token, if one is needed. While a request is
// answered its connection says whose it is.
func (g *guard) admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		by, err := g.identify(r)
		if err == nil {
			c := connectionOf(r)
			if c == nil { // it has come by other means than a connection of ours
				c = &connection{}
				r = r.WithContext(context.WithValue(r.Context(), connectionKey{}, c))
			}
			c.caller.Store(by)
			defer c.caller.Store(nil)
			if !g.holds(by) { // it was revoked before that could be seen on the connection
				err = errWrongToken
			}
		}
		if err != nil {
			g.challenge(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// callerOf is whom the guard let in with a request.
func callerOf(r *http.Request) *caller { return connectionOf(r).caller.Load() }

// anyone is the caller where no token is asked for.
var anyone = &caller{}

// holds reports whether a caller would be let in still.
func (g *guard) holds(c *caller) bool { return !c.ours || g.tokens.hold(c) }

var (
	errNoToken    = errors.New("no token")
	errWrongToken = errors.New("a token that is not valid")
)

func (g *guard) needsToken() bool { return g.tokens != nil || g.issuer != nil }

// identify returns whose token a request has.
func (g *guard) identify(r *http.Request) (*caller, error) {
	if !g.needsToken() {
		return anyone, nil
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return nil, errNoToken
	}
	if g.tokens != nil {
		if c := g.tokens.bearer(token); c != nil {
			return c, nil
		}
	}
	if g.issuer != nil {
		subject, err := g.issuer.subject(r.Context(), token)
		if err == nil {
			return &caller{name: "subject:" + subject}, nil
		}
		return nil, fmt.Errorf("%w: %w", errWrongToken, err)
	}
	return nil, errWrongToken
}

func (g *guard) challenge(w http.ResponseWriter, r *http.Request, err error) {
	var says []string
	if g.issuer != nil {
		says = append(says, `resource_metadata="`+g.issuer.metadataURL()+`"`)
	}
	status, words := http.StatusUnauthorized, "A valid bearer token is required"
	switch {
	case errors.Is(err, errScope):
		status, words = http.StatusForbidden, "The token does not reach this far"
		says = append(says, `error="insufficient_scope"`, `scope="`+strings.Join(g.issuer.config.Scopes, " ")+`"`)
	case errors.Is(err, errWrongToken):
		says = append(says, `error="invalid_token"`)
	}
	if errors.Is(err, errWrongToken) {
		g.log.WarnContext(r.Context(), "token_refused", "client_ip", address(r), "error", clipped(err.Error()))
	}
	w.Header().Set("WWW-Authenticate", strings.TrimSpace("Bearer "+strings.Join(says, ", ")))
	plain(w, status, words)
}

func (g *guard) reload() error {
	if g.tokens == nil {
		return nil
	}
	return g.tokens.reload()
}

// within refuses a request over the rate of its session.
func (t *HTTP) within(w http.ResponseWriter, s *session) bool {
	return allowed(w, s.limit)
}

// withinClient refuses a request without a session over the rate of its client.
func (t *HTTP) withinClient(w http.ResponseWriter, r *http.Request) bool {
	return allowed(w, t.sessions.strangers.limiter(payer(callerOf(r), address(r))))
}

// retryAfter says when to come back, in whole seconds.
func retryAfter(w http.ResponseWriter, wait time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(max(1, wait.Seconds())))))
}

// refuseSession says why there is no new session.
func (t *HTTP) refuseSession(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, errWrongToken):
		t.guard.challenge(w, r, err)
	case errors.Is(err, errTooMany):
		retryAfter(w, 10*time.Second)
		plain(w, http.StatusTooManyRequests, "Too many sessions are open")
	case errors.Is(err, errDoor):
		retryAfter(w, 5*time.Second)
		plain(w, http.StatusServiceUnavailable, "The server is shutting down")
	default:
		t.log.ErrorContext(r.Context(), "session_not_made", "error", err)
		plain(w, http.StatusInternalServerError, "Internal error")
	}
}

// refuseBody says why a message was not taken.
func refuseBody(w http.ResponseWriter, err error) {
	if errors.Is(err, errTooLarge) {
		plain(w, http.StatusRequestEntityTooLarge, "The message is too large")
		return
	}
	plain(w, http.StatusBadRequest, "The message could not be read")
}

// plain answers with a few words.
func plain(w http.ResponseWriter, status int, words string) {
	h := w.Header()
	h["Content-Type"], h["Cache-Control"] = plainText, noStore
	w.WriteHeader(status)
	_, _ = paced{w}.Write([]byte(words)) // a client that is gone needs no word
}

// clipped keeps what strangers send short enough for the log.
func clipped(s string) string { return s[:min(len(s), 200)] }
