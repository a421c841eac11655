package transport

import (
	"net/http"
	"time"
)

// What the server has patience for. A client that takes longer is left.
const (
	headerTime    = 10 * time.Second  // to send the header of a request
	bodyTime      = 30 * time.Second  // to send the rest of it
	stallTime     = 10 * time.Second  // to take what it is sent, piece by piece
	keepAliveTime = 120 * time.Second // between two requests on a connection
	vanishTime    = 60 * time.Second  // to confirm what it is sent, or its machine is gone

	// pieceBytes is the most that a client has to take in stallTime.
	pieceBytes = 64 << 10
)

// bodyInTime bounds the time for the body of a request, whoever reads it: what
// a handler leaves unread net/http reads before it sends the answer.
func bodyInTime(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTime)) // where there is none the client decides
		}
		next.ServeHTTP(w, r)
	})
}

// answerInTime gives up an answer that its client does not take.
func answerInTime(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(paced{w}, r) })
}

// paced is a response that is written piece by piece, each within stallTime.
type paced struct{ http.ResponseWriter }

// Write writes all of content, or returns an error.
func (p paced) Write(content []byte) (written int, err error) {
	control := http.NewResponseController(p.ResponseWriter)
	for {
		_ = control.SetWriteDeadline(time.Now().Add(stallTime)) // where there is none the client decides
		n, err := p.ResponseWriter.Write(content[written:min(written+pieceBytes, len(content))])
		if written += n; err != nil || written == len(content) {
			return written, err
		}
	}
}

// Flush sends what has been written.
func (p paced) Flush() { _ = http.NewResponseController(p.ResponseWriter).Flush() }

// Unwrap is for [http.ResponseController].
func (p paced) Unwrap() http.ResponseWriter { return p.ResponseWriter }
