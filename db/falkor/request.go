package falkor

import (
	"strconv"
	"sync"

	"zapomni/db/falkor/cypher"
)

// request is a query as it goes over the wire.
type request struct {
	verb  string
	limit string // of the server's time, in milliseconds
	graph string
	buf   []byte
	// Where it begins in buf, and where its text does and ends.
	begin, text, end int
}

// requests are used again. One beyond largeText is left to the garbage
// collector.
var requests = sync.Pool{New: func() any { return new(request) }}

const largeText = 1 << 20

// mostHead is the longest that the words before the text are, but for the name
// of the graph.
const mostHead = len("*6\r\n$14\r\nGRAPH.RO_QUERY\r\n$9223372036854775807\r\n\r\n$9223372036854775807\r\n")

// encode makes the request for q, but for the server's time: frame makes it
// whole. The caller releases it.
func encode(q Statement) (*request, error) {
	r := requests.Get().(*request)
	r.verb, r.graph = verbOf(q.Effect), q.Graph
	r.text = mostHead + len(q.Graph)
	if cap(r.buf) < r.text {
		r.buf = make([]byte, r.text, 2*r.text+len(q.Text))
	}
	var err error
	if r.buf, err = cypher.Append(r.buf[:r.text], q.Text, q.Params...); err != nil {
		r.release()
		return nil, err
	}
	r.end = len(r.buf)
	return r, nil
}

// frame puts the other words around the text, in place of those that may have
// stood there.
func (r *request) frame(limit string) {
	r.limit = limit
	var room [mostHead + 64]byte
	head := append(room[:0], "*6\r\n"...)
	head = appendWord(head, r.verb)
	head = appendWord(head, r.graph)
	head = append(head, '$')
	head = strconv.AppendInt(head, int64(r.end-r.text), 10)
	head = append(head, "\r\n"...)
	r.begin = r.text - len(head)
	copy(r.buf[r.begin:], head)

	r.buf = append(r.buf[:r.end], "\r\n$9\r\n--compact\r\n$7\r\ntimeout\r\n"...)
	r.buf = appendWord(r.buf, r.limit)
}

// verbOf is the command for statements of an effect.
func verbOf(e Effect) string {
	if e == Reads {
		return "GRAPH.RO_QUERY"
	}
	return "GRAPH.QUERY"
}

func appendWord(b []byte, word string) []byte {
	b = append(b, '$')
	b = strconv.AppendInt(b, int64(len(word)), 10)
	b = append(b, "\r\n"...)
	b = append(b, word...)
	return append(b, "\r\n"...)
}

// whole is all that is sent.
func (r *request) whole() []byte { return r.buf[r.begin:] }

// args are its words, for go-redis.
func (r *request) args() []any {
	return []any{r.verb, r.graph, r.buf[r.text:r.end], "--compact", "timeout", r.limit}
}

func (r *request) release() {
	if cap(r.buf) <= largeText {
		requests.Put(r)
	}
}
