package transport

import (
	"net/http"
	"time"
)

// response notes with what status it has begun.
type response struct {
	http.ResponseWriter

	status int  // 0 before it has
	timed  bool // from then on the client has stallTime for it, unless it is given more
}

// WriteHeader begins the response, unless it only says that one will come.
func (r *response) WriteHeader(status int) {
	if status >= http.StatusOK {
		r.begin(status)
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *response) Write(content []byte) (int, error) {
	r.begin(http.StatusOK)
	return r.ResponseWriter.Write(content)
}

// FlushError is for [http.ResponseController], as Unwrap is.
func (r *response) FlushError() error {
	r.begin(http.StatusOK)
	return http.NewResponseController(r.ResponseWriter).Flush()
}

// Unwrap returns what is written to.
func (r *response) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *response) begin(status int) {
	if r.status != 0 {
		return
	}
	r.status = status
	if r.timed {
		_ = http.NewResponseController(r.ResponseWriter).SetWriteDeadline(time.Now().Add(stallTime)) // where there is none the client decides
	}
}
