package transport

import (
	"context"
	"mime"
	"net/http"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
)

const (
	mcpPath       = "/mcp"
	headerSession = "Mcp-Session-Id"
	headerVersion = "Mcp-Protocol-Version"
)

// streamable serves streamable HTTP: with sessions of our own up to the
// revision 2025-11-25, and through mcp-go from 2026-07-28 on, which has none.
type streamable struct {
	*HTTP

	modern http.Handler
}

func (t streamable) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodPost:
		t.post(w, r)
	case http.MethodGet:
		t.listen(w, r)
	case http.MethodDelete:
		t.end(w, r)
	default:
		w.Header().Set("Allow", "GET, POST, DELETE, OPTIONS")
		plain(w, http.StatusMethodNotAllowed, "Method not allowed")
	}
}

// post takes one message and answers it in the response.
func (t streamable) post(w http.ResponseWriter, r *http.Request) {
	if !isJSON(r.Header.Get("Content-Type")) {
		plain(w, http.StatusUnsupportedMediaType, "Content-Type must be application/json")
		return
	}
	body, err := readBody(w, r, t.maxBody)
	if err != nil {
		refuseBody(w, err)
		return
	}
	h, refusal := examine(body)
	if refusal != nil {
		status := http.StatusBadRequest
		if _, ok := refusal.(mcp.JSONRPCResponse); ok {
			status = http.StatusOK // the model reads it and can correct itself
		}
		respond(w, status, encode(refusal))
		return
	}
	if t.isModern(r, body) {
		t.passOn(w, r, h, body)
		return
	}
	if v := r.Header.Get(headerVersion); v != "" && !mcp.IsValidProtocolVersion(v) {
		plain(w, http.StatusBadRequest, "Unsupported protocol version: "+v)
		return
	}
	if string(h.method) == string(mcp.MethodInitialize) && h.id != nil {
		t.begin(w, r, h, body) //nolint:contextcheck // the session outlives the request.
		return
	}
	if s, ok := t.known(w, r); ok && t.within(w, s) {
		t.answer(w, r, s, h, body)
	}
}

// begin answers initialize with a session.
func (t streamable) begin(w http.ResponseWriter, r *http.Request, h head, body []byte) {
	s := t.sessions.make(overHTTP, callerOf(r), address(r))
	answer, failed := t.speaker.answer(t.speaker.mcp.WithContext(t.callsOf(t.calls, r), s), h, body)
	t.sessions.counted(s, failed)
	if !failed && answer != nil {
		if err := t.sessions.add(s); err != nil {
			t.refuseSession(w, r, err)
			return
		}
		t.sessions.meet(s, connectionOf(r))
		w.Header().Set(headerSession, s.id)
	}
	respond(w, http.StatusOK, answer)
}

func isJSON(contentType string) bool {
	if contentType == "application/json" {
		return true
	}
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && media == "application/json"
}

// known returns the session that a request belongs to, or refuses it.
func (t streamable) known(w http.ResponseWriter, r *http.Request) (*session, bool) {
	id := r.Header.Get(headerSession)
	if id == "" {
		plain(w, http.StatusBadRequest, headerSession+" header is required: initialize first")
		return nil, false
	}
	s, ok := t.sessions.find(id, overHTTP, connectionOf(r))
	if !ok {
		respond(w, http.StatusNotFound, encode(mcp.NewJSONRPCError(mcp.NewRequestId(nil), mcp.INVALID_REQUEST, "Session not found: initialize again", nil)))
		return nil, false
	}
	return s, true
}

// answer answers one message of a session.
func (t streamable) answer(w http.ResponseWriter, r *http.Request, s *session, h head, body []byte) {
	if !s.enter(r.Context()) {
		plain(w, http.StatusNotFound, "Session not found")
		return
	}
	defer func() { s.leave(t.sessions.now()) }()
	c := connectionOf(r)
	defer context.AfterFunc(r.Context(), func() { t.sessions.part(c) })() // the client is gone, whatever becomes of its call
	reply := &reply{pourer: pourer{w: w, control: http.NewResponseController(w)}, accepts: accepts(r, "text/event-stream")}
	// A client that goes has not cancelled: in these revisions it says so.
	x := newExchange(s, reply.tell)
	encoded, failed := t.speaker.answer(t.speaker.mcp.WithContext(t.callsOf(t.calls, r), x), h, body) //nolint:contextcheck // as said.
	x.told()
	if encoded == nil {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	t.sessions.counted(s, failed)
	reply.end(encoded)
}

// reply is a response that becomes a stream once something is told before the
// answer.
type reply struct {
	pourer

	accepts   bool
	streaming bool
}

// tell writes a notification. A client that takes no stream is told nothing.
func (p *reply) tell(note []byte) bool {
	if !p.accepts {
		return false
	}
	if !p.streaming {
		p.streaming = true
		streamHeader(p.w.Header())
	}
	return p.send(event(note))
}

// end writes the answer.
func (p *reply) end(answer []byte) {
	if !p.streaming {
		respond(p.w, http.StatusOK, answer)
		return
	}
	p.send(event(answer))
}

// listen opens the stream on which a session is told what belongs to no
// request.
func (t streamable) listen(w http.ResponseWriter, r *http.Request) {
	if t.sessionless(w, r) {
		return
	}
	if !accepts(r, "text/event-stream") {
		plain(w, http.StatusNotAcceptable, "Accept must name text/event-stream")
		return
	}
	if s, ok := t.known(w, r); ok {
		t.pour(w, r, s, ": open\n\n")
	}
}

// end is DELETE: the client says that it is done.
func (t streamable) end(w http.ResponseWriter, r *http.Request) {
	if t.sessionless(w, r) {
		return
	}
	s, ok := t.known(w, r)
	if !ok {
		return
	}
	t.sessions.remove(s)
	go s.wind(t.calls, lastWords) //nolint:contextcheck // its calls outlive the request.
	w.WriteHeader(http.StatusOK)
}

// accepts reports whether a client takes answers of a type.
func accepts(r *http.Request, media string) bool {
	values := r.Header.Values("Accept")
	if len(values) == 0 {
		return true
	}
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			name, _, _ := strings.Cut(part, ";")
			name = strings.ToLower(strings.TrimSpace(name))
			if name == media || name == "*/*" || name == media[:strings.IndexByte(media, '/')]+"/*" {
				return true
			}
		}
	}
	return false
}

// respond writes an answer of the protocol as it stands.
func respond(w http.ResponseWriter, status int, answer []byte) {
	h := w.Header()
	h["Content-Type"], h["Cache-Control"] = ofJSON, noStore
	w.WriteHeader(status)
	_, _ = paced{w}.Write(answer) // a client that is gone needs no word
}
