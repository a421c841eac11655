package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

var (
	errTooLarge = errors.New("the message is too large")
	errNotRead  = errors.New("the message did not come to its end")
)

// readBody reads a message of at most limit bytes. From then on the client has
// all the time that its call takes.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength > limit {
		w.Header().Set("Connection", "close") // the rest would have to be read
		return nil, errTooLarge
	}
	body, err := readAll(w, r, limit)
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		w.Header().Set("Connection", "close") // as above
		return nil, errTooLarge
	}
	if err != nil {
		w.Header().Set("Connection", "close") // as above
		return nil, fmt.Errorf("%w: %w", errNotRead, err)
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	return body, nil
}

// readAll reads a body to its end. One of which the length is known takes no
// more memory than that, a huge one only as it comes.
func readAll(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if 0 < r.ContentLength && r.ContentLength <= keptBuffer {
		body := make([]byte, r.ContentLength)
		_, err := io.ReadFull(r.Body, body)
		return body, err
	}
	var b bytes.Buffer
	_, err := b.ReadFrom(http.MaxBytesReader(w, r.Body, limit))
	return b.Bytes(), err
}

// examine refuses what cannot be handed on without loss, or at all. The
// refusal is an answer of the protocol, nil for a message that is in order.
func examine(body []byte) (head, any) {
	trimmed := bytes.TrimSpace(body)
	if len(trimmed) > 0 && trimmed[0] == '[' {
		return head{}, mcp.NewJSONRPCError(mcp.NewRequestId(nil), mcp.INVALID_REQUEST, "batches are not supported: send one message at a time", nil)
	}
	h := readHead(body)
	if f, ok := findFault(body); ok {
		return h, unfitAnswer(h, f.describe(body))
	}
	if why := misshapen(body, deepest, mostValues); why != "" {
		return h, unfitAnswer(h, why)
	}
	if !json.Valid(body) {
		return h, mcp.NewJSONRPCError(mcp.NewRequestId(nil), mcp.PARSE_ERROR, "the message is not valid JSON", nil)
	}
	if h.malformed {
		return h, malformedAnswer(h)
	}
	return h, nil
}

// speaker hands messages to mcp-go.
type speaker struct {
	mcp *server.MCPServer
	log *slog.Logger
}

// answer returns the encoded answer to a message, nil if none is due, and
// whether it is an error of the protocol. It makes an answer of a panic, too:
// without one the client would wait.
func (sp *speaker) answer(ctx context.Context, h head, body []byte) (encoded []byte, failed bool) {
	defer func() {
		if v := recover(); v != nil {
			sp.log.ErrorContext(ctx, "request_panicked", "error", fmt.Sprint(v), "detail", string(debug.Stack()))
			encoded, failed = h.internalError(), true
		}
	}()
	reply := sp.mcp.HandleMessage(ctx, body)
	if reply == nil {
		return nil, false
	}
	encoded, failed, err := h.encodeAnswer(reply)
	if err != nil {
		sp.log.ErrorContext(ctx, "answer_not_encoded", "error", err)
		return h.internalError(), true
	}
	return encoded, failed
}

// encodeAnswer encodes the answer to a request, as encoding/json does but in
// one pass over what a tool says.
func (h *head) encodeAnswer(reply mcp.JSONRPCMessage) (encoded []byte, failed bool, err error) {
	var id mcp.RequestId
	var next, what []byte
	switch m := reply.(type) {
	case mcp.JSONRPCResponse:
		id, next = m.ID, resultNext
		if result, ok := m.Result.(*mcp.CallToolResult); ok {
			what, err = result.MarshalJSON()
		} else {
			what, err = json.Marshal(m.Result)
		}
	case mcp.JSONRPCError:
		id, next, failed = m.ID, errorNext, true
		what, err = json.Marshal(m.Error)
	default:
		what, err = json.Marshal(reply)
		return what, false, err
	}
	if err != nil {
		return nil, failed, err
	}
	encoded = make([]byte, 0, len(answerStart)+len(h.id)+len("null")+len(next)+len(what)+1)
	encoded = append(encoded, answerStart...)
	if h.id == nil || id.IsNil() {
		encoded = append(encoded, "null"...)
	} else {
		encoded = append(encoded, h.id...) // mcp-go passes numbers through float64, which changes those from 2^53 on
	}
	encoded = append(append(encoded, next...), what...)
	return append(encoded, '}'), failed, nil
}

func (h *head) internalError() []byte {
	return encode(mcp.NewJSONRPCError(h.requestID(), mcp.INTERNAL_ERROR, "internal error", nil))
}

// echo is the id of an answer as the request spelled it.
func (h *head) echo(id mcp.RequestId) mcp.RequestId {
	if h.id == nil || id.IsNil() || plainID(h.id) {
		return id
	}
	return mcp.NewRequestId(json.RawMessage(h.id))
}

// encode encodes an answer of our own, which can always be encoded.
func encode(answer any) []byte {
	b, err := json.Marshal(answer)
	if err != nil {
		return []byte(`{"jsonrpc":"2.0","id":null,"error":{"code":-32603,"message":"internal error"}}`)
	}
	return b
}

// exchange is a session while one request of it is answered: what is told of it
// meanwhile goes where its answer will go, and before that.
type exchange struct {
	*session

	tell func([]byte) bool // takes one encoded notification
	once sync.Once
	news chan mcp.JSONRPCNotification // nil while nothing is told, as the others
	done chan struct{}                // closed when everything has been told
	stop chan struct{}                // closed when nothing more will be
}

func newExchange(s *session, tell func([]byte) bool) *exchange {
	return &exchange{session: s, tell: tell}
}

// NotificationChannel takes what is told of this request.
func (c *exchange) NotificationChannel() chan<- mcp.JSONRPCNotification {
	c.once.Do(func() {
		c.news = make(chan mcp.JSONRPCNotification, 32)
		c.done, c.stop = make(chan struct{}), make(chan struct{})
		go c.forward()
	})
	return c.news
}

func (c *exchange) forward() {
	defer close(c.done)
	for {
		select {
		case n := <-c.news:
			c.tell(encode(n))
		case <-c.stop:
			for { // what came before the answer goes before it
				select {
				case n := <-c.news:
					c.tell(encode(n))
				default:
					return
				}
			}
		}
	}
}

// told waits until all that was said of the request has been told.
func (c *exchange) told() {
	c.once.Do(func() {}) // whatever is said from now on is said to nobody
	if c.news != nil {
		close(c.stop)
		<-c.done
	}
}

var eventStart = []byte("event: message\ndata: ")

// event is an event of a stream that carries a message.
func event(message []byte) []byte {
	b := make([]byte, 0, len(eventStart)+len(message)+len("\n\n"))
	b = append(b, eventStart...)
	b = append(b, message...)
	return append(b, "\n\n"...)
}
