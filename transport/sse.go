package transport

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
)

const (
	// longestSilence is the most time between signs of life on a stream,
	// whatever the setting: clients give up after 30 s.
	longestSilence = 25 * time.Second
	// lastWords is how long the calls of a session that has to end may take.
	lastWords = 30 * time.Second

	messagesPath = "/messages/"
)

// sse serves HTTP+SSE of 2024-11-05: one stream is one session.
type sse struct{ *HTTP }

// stream is GET /sse.
func (t sse) stream(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead {
		streamHeader(w.Header())
		return
	}
	s := t.sessions.make(overSSE, callerOf(r), address(r))
	if err := t.sessions.add(s); err != nil {
		t.refuseSession(w, r, err)
		return
	}
	t.sessions.meet(s, connectionOf(r))
	defer s.finish()
	defer t.sessions.remove(s)

	hello := fmt.Sprintf("event: endpoint\ndata: %s?session_id=%s\n\n", messagesPath, s.id)
	t.pour(w, r, s, hello)
}

// message is POST /messages/?session_id=..., or /messages/<id>.
func (t sse) message(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(strings.ToLower(r.Header.Get("Content-Type")), "application/json") {
		plain(w, http.StatusBadRequest, "Invalid Content-Type header")
		return
	}
	id, ok := strings.CutPrefix(r.URL.RawQuery, "session_id=") // as clients are told
	if !ok || !wellFormed(id) {
		id = r.URL.Query().Get("session_id")
	}
	if id == "" {
		id = strings.TrimPrefix(r.URL.Path, messagesPath)
	}
	switch {
	case wellFormed(id):
	case id == "":
		plain(w, http.StatusBadRequest, "session_id is required")
		return
	case strings.Trim(strings.ToLower(id), "0123456789abcdef-") != "":
		plain(w, http.StatusBadRequest, "Invalid session ID")
		return
	}
	s, ok := t.sessions.find(id, overSSE, connectionOf(r))
	if !ok {
		plain(w, http.StatusNotFound, "Could not find session")
		return
	}
	if !t.within(w, s) {
		return
	}
	body, err := readBody(w, r, t.maxBody)
	if err != nil {
		refuseBody(w, err)
		return
	}
	t.take(w, r, s, body)
}

// accepted is what follows a message that will be answered on the stream.
var accepted = []byte("Accepted")

// take accepts a message and answers it on the stream.
func (t sse) take(w http.ResponseWriter, r *http.Request, s *session, body []byte) { //nolint:contextcheck // a call outlives the request that brought it.
	h, refusal := examine(body)
	if refusal != nil && !addressed(refusal) { // on the stream nobody could tell what it answers
		plain(w, http.StatusBadRequest, "Could not parse message")
		return
	}
	if !s.enter(r.Context()) {
		plain(w, http.StatusNotFound, "Could not find session")
		return
	}
	calls := t.callsOf(t.sseCalls, r)
	t.crew.run(func() {
		defer func() { s.leave(t.sessions.now()) }()
		if refusal != nil {
			t.sessions.counted(s, true)
			s.push(event(encode(refusal)))
			return
		}
		c := newExchange(s, func(note []byte) bool { return s.push(event(note)) })
		answer, failed := t.speaker.answer(t.speaker.mcp.WithContext(calls, c), h, body)
		c.told()
		if answer != nil {
			t.sessions.counted(s, failed)
			s.push(event(answer))
		}
	})
	w.Header()["Content-Type"] = nil // it has none, and net/http does not have to guess one
	w.WriteHeader(http.StatusAccepted)
	_, _ = w.Write(accepted) // a client that is gone needs no word
}

// sessionVersions are the revisions that have sessions, newest first.
func sessionVersions() []string {
	var versions []string
	for _, v := range mcp.ValidProtocolVersions {
		if !mcp.IsModernProtocol(v) {
			versions = append(versions, v)
		}
	}
	return versions
}

// pour writes the events of a session into a response, hello first, until the
// session or the client ends.
func (t *HTTP) pour(w http.ResponseWriter, r *http.Request, s *session, hello string) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	st := &stream{cancel: cancel}
	s.open(st)
	defer s.settle(st)
	t.sessions.streams.Add(1)
	defer t.sessions.streams.Add(-1)

	streamHeader(w.Header())
	w.WriteHeader(http.StatusOK)
	p := &pourer{w: w, control: http.NewResponseController(w), cancel: cancel}
	defer p.close()
	s.pourer.Store(p) // before the client can ask for anything
	defer s.pourer.CompareAndSwap(p, nil)
	if !p.send([]byte(hello)) {
		return
	}
	beat := time.NewTicker(min(t.config.HeartbeatInterval, longestSilence))
	defer beat.Stop()
	life := time.NewTimer(t.config.MaxConnectionLifetime)
	defer life.Stop()
	for {
		select {
		case n := <-s.notes:
			p.send(event(encode(n)))
		case now := <-beat.C:
			if !p.beat([]byte(": ping - " + now.UTC().Format(time.RFC3339) + "\n\n")) {
				t.log.InfoContext(ctx, "Heartbeat failed", "session_id", s.shortID())
			}
		case <-life.C:
			if s.kind != overSSE {
				return // its client opens another
			}
			t.sessions.remove(s)
			go s.wind(t.calls, lastWords) //nolint:contextcheck // its calls outlive the stream.
		case <-s.flush:
			return
		case <-ctx.Done():
			return
		}
	}
}

// streamHeader says what a stream is, and that nobody on the way may keep it.
func streamHeader(h http.Header) {
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("Connection", "keep-alive")
	h.Set("X-Accel-Buffering", "no")
}

// wind lets the calls of a session end, and then the session. It may be called
// by many.
func (s *session) wind(ctx context.Context, within time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	s.close()
	defer s.finish()
	s.draining.Do(func() { go s.drain() })
	select {
	case <-s.flush:
	case <-ctx.Done():
	}
}

// drain ends the stream when the last call has ended.
func (s *session) drain() {
	for range cap(s.slots) { // all of them are free then
		select {
		case s.slots <- struct{}{}:
		case <-s.flush:
			return
		}
	}
	s.finish()
}
