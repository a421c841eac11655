package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// newModern returns mcp-go's own handler, for requests without a session.
func newModern(s *server.MCPServer, t *HTTP) http.Handler {
	return server.NewStreamableHTTPServer(s,
		server.WithStateLess(true),
		server.WithDisableLocalhostProtection(true), // the guard stands before it
		server.WithStreamableHTTPLogger(t.log),
	)
}

// isModern reports whether a message is of a revision without sessions.
func (t streamable) isModern(r *http.Request, body []byte) bool {
	if mcp.IsModernProtocol(r.Header.Get(headerVersion)) {
		return true
	}
	if !bytes.Contains(body, []byte("_meta")) && !bytes.Contains(body, []byte(`\u`)) {
		return false
	}
	var m struct {
		Params struct {
			Meta *mcp.Meta `json:"_meta"`
		} `json:"params"`
	}
	return json.Unmarshal(body, &m) == nil && mcp.IsModernProtocol(m.Params.Meta.ProtocolVersion())
}

// sessionless refuses what revisions without sessions do not have.
func (t streamable) sessionless(w http.ResponseWriter, r *http.Request) bool {
	if !mcp.IsModernProtocol(r.Header.Get(headerVersion)) {
		return false
	}
	w.Header().Set("Allow", http.MethodPost)
	plain(w, http.StatusMethodNotAllowed, r.Method+" is not part of this revision of the protocol")
	return true
}

// passOn hands a message without a session to mcp-go.
func (t streamable) passOn(w http.ResponseWriter, r *http.Request, h head, body []byte) {
	if string(h.method) == string(mcp.MethodNotificationCancelled) {
		// All of these requests share one session there, so that anyone could
		// cancel anyone's. In these revisions closing the response cancels.
		w.WriteHeader(http.StatusAccepted)
		return
	}
	if !t.withinClient(w, r) {
		return
	}
	answer := &relay{paced: paced{w}, head: h, answered: t.sessions.answered}
	if !answer.listening() {
		r.Body = io.NopCloser(bytes.NewReader(body))
		t.modern.ServeHTTP(answer, r)
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(t.streams, cancel)() //nolint:contextcheck // a stream ends with the server too.
	heard := r.WithContext(ctx)
	heard.Body = io.NopCloser(bytes.NewReader(body))
	t.modern.ServeHTTP(answer, heard)
	if t.streams.Err() != nil {
		answer.end()
	}
}

// relay is the response to a request without a session. mcp-go writes it, one
// message a write, and the relay sees to it that whoever asks to listen is told
// first that they do, and that the ID of an answer is that of its request.
type relay struct {
	paced

	head     head
	answered func(failed bool) // is told of each answer
	begun    bool
	ended    bool // the answer has been written
}

func (p *relay) listening() bool { return p.head.id != nil && string(p.head.method) == methodSubscribe }

// Write writes a message, which may stand in an event.
func (p *relay) Write(message []byte) (int, error) {
	first := !p.begun
	p.begun = true
	text, framed := bytes.CutPrefix(message, eventStart)
	id, ok := answerID(text)
	if !ok {
		return p.paced.Write(message)
	}
	rest := text[len(answerStart)+len(id):]
	failed := bytes.HasPrefix(rest, errorNext)
	p.ended = true
	p.answered(failed)
	var out []byte
	if first && framed && !failed && p.listening() {
		out = append(out, event(acknowledgment(id))...)
	}
	if framed {
		out = append(out, eventStart...)
	}
	out = append(out, answerStart...)
	if isNull(id) || plainID(p.head.id) {
		out = append(out, id...)
	} else {
		out = append(out, p.head.id...)
	}
	if _, err := p.paced.Write(append(out, rest...)); err != nil {
		return 0, err
	}
	return len(message), nil
}

// end writes the answer to a request to listen whose stream ends for a reason
// that mcp-go does not know. It cannot tell the client by then.
func (p *relay) end() {
	if !p.begun || p.ended {
		return
	}
	id := p.head.requestID()
	result := &mcp.SubscriptionsListenResult{}
	result.ResultType = mcp.ResultTypeComplete
	result.EnsureResultMeta().SetSubscriptionID(id)
	p.answered(false)
	_, _ = p.paced.Write(event(encode(mcp.NewJSONRPCResultResponse(id, result)))) // a client that is gone needs no word
}

// acknowledgment says that who asked to listen, under an ID, is told nothing.
// mcp-go ends such a stream at once, and then may drop the one that it has
// queued: it says the same, but not always.
func acknowledgment(id []byte) []byte {
	return encode(mcp.JSONRPCNotification{JSONRPC: mcp.JSONRPC_VERSION, Notification: mcp.Notification{
		Method: mcp.MethodNotificationSubscriptionsAcknowledged,
		Params: mcp.NotificationParams{
			Meta:             map[string]any{mcp.MetaKeySubscriptionID: json.RawMessage(id)},
			AdditionalFields: map[string]any{"notifications": mcp.SubscriptionFilter{}},
		},
	}})
}
