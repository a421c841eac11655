package server

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"unicode/utf8"

	"zapomni/memory"
)

// Viewer is what the API asks of memory. It only ever reads.
type Viewer interface {
	Recall(ctx context.Context, q memory.Question) (memory.Answer, error)
	Get(ctx context.Context, w memory.Workspace, id memory.ID) (memory.Memory, error)
	Beside(ctx context.Context, m memory.Memory) ([]memory.Beside, error)
	Browse(ctx context.Context, w memory.Workspace, after memory.Cursor, n int) ([]memory.Card, memory.Cursor, error)
	Latest(ctx context.Context, w memory.Workspace, skip, n int) ([]memory.Card, int, error)
	Web(ctx context.Context, w memory.Workspace, limit int) (memory.Web, error)
	Workspace(ctx context.Context, w memory.Workspace) (memory.WorkspaceInfo, error)
	Workspaces(ctx context.Context) ([]memory.WorkspaceInfo, error)
	Counts(ctx context.Context, w memory.Workspace) (memory.Counts, error)
	Stats(ctx context.Context, w memory.Workspace) (memory.Stats, error)
}

// API returns the handler of "/api/", which shows memory to people: JSON over
// GET, about the workspace that the query names, or else the default one.
// Every answer is bounded. What goes wrong is answered as {"error": "..."}, in
// words; what those leave out is logged. Who may ask is decided before it.
func API(m Viewer, log *slog.Logger) http.Handler {
	a := &api{memory: m, log: log, large: make(chan struct{}, mostLarge)}
	mux := http.NewServeMux()
	for _, r := range []route{
		{path: "/api/graph", what: "the graph query", answer: a.graph, failure: graphFailure},
		{path: "/api/web", what: "the graph query", answer: a.web, known: true},
		{path: "/api/search", what: "search_memory", answer: a.search, known: true},
		{path: "/api/memory", what: "the query for a memory", answer: a.one, known: true},
		{path: "/api/timeline", what: "the timeline query", answer: a.timeline, known: true},
		{path: "/api/workspaces", what: "list_workspaces", answer: a.workspaces},
		{path: "/api/stats", what: "get_stats", answer: a.stats, known: true},
	} {
		mux.HandleFunc(r.path, func(w http.ResponseWriter, req *http.Request) { a.serve(w, req, r) })
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, req *http.Request) {
		a.send(req.Context(), w, http.StatusNotFound, failure("There is nothing at this address."))
	})
	return mux
}

// mostLarge is how many answers about thousands of memories are made at a time.
const mostLarge = 2

type api struct {
	memory Viewer
	log    *slog.Logger
	large  chan struct{}
}

// route is one address of the API.
type route struct {
	path string
	// what is asked for, as words names it when it fails.
	what   string
	answer func(context.Context, query) (any, error)
	known  bool // the workspace must exist
	// failure makes the answer to what went wrong, if not the usual one.
	failure func(status int, text string) (int, any)
}

func (a *api) serve(w http.ResponseWriter, req *http.Request, r route) {
	ctx := req.Context()
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		a.send(ctx, w, http.StatusMethodNotAllowed, failure("Only GET is answered here."))
		return
	}
	answer, err := a.ask(ctx, query{req.URL.Query()}, r)
	if err == nil {
		a.send(ctx, w, http.StatusOK, answer)
		return
	}
	text, told := worded(r.what, err)
	if !told {
		logFailure(ctx, a.log, r.path, err)
	}
	status := statusOf(err)
	if r.failure != nil {
		status, answer = r.failure(status, text)
	} else {
		answer = failure(text)
	}
	a.send(ctx, w, status, answer)
}

// ask answers a route. A panic is an error.
func (a *api) ask(ctx context.Context, q query, r route) (answer any, err error) {
	defer func() {
		if v := recover(); v != nil {
			answer, err = nil, &panicError{value: v, stack: debug.Stack()}
		}
	}()
	if r.known {
		if _, err := a.memory.Workspace(ctx, q.workspace()); err != nil {
			return nil, err
		}
	}
	return r.answer(ctx, q)
}

func failure(text string) any {
	return struct {
		Error string `json:"error"`
	}{text}
}

// worded says err as words does, to people.
func worded(what string, err error) (text string, told bool) {
	if errors.Is(err, memory.ErrNotFound) {
		return "There is no such memory. It may have been deleted.", true
	}
	text, told = words(what, err)
	return clip(strings.TrimPrefix(text, "Error: ")), told
}

func statusOf(err error) int {
	switch {
	case errors.Is(err, memory.ErrNoWorkspace), errors.Is(err, memory.ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, memory.ErrInvalid):
		return http.StatusBadRequest
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout
	case errors.Is(err, memory.ErrUnavailable), errors.Is(err, context.Canceled):
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// send sends v as JSON. Nobody keeps a copy of what it says.
func (a *api) send(ctx context.Context, w http.ResponseWriter, status int, v any) {
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		a.log.ErrorContext(ctx, "answer_not_encoded", "error", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	if _, err := w.Write(body.Bytes()); err != nil {
		a.log.DebugContext(ctx, "answer_not_sent", "error", err)
	}
}

// query is what a caller asks for.
type query struct{ url.Values }

func (q query) workspace() memory.Workspace {
	return memory.Workspace(cmp.Or(strings.TrimSpace(q.Get("workspace")), string(memory.DefaultWorkspace)))
}

// number returns a whole number between least and most, or fallback if none
// is given.
func (q query) number(name string, fallback, least, most int) (int, error) {
	given := q.Get(name)
	if given == "" {
		return fallback, nil
	}
	n, err := strconv.Atoi(given)
	if err != nil || n < least || n > most {
		return 0, &memory.FieldError{
			Field: name,
			Why:   name + " must be a whole number between " + strconv.Itoa(least) + " and " + strconv.Itoa(most),
		}
	}
	return n, nil
}

// firstOf returns the first n bytes of text, or somewhat fewer: whole
// characters only.
func firstOf(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
