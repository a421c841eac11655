package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Web is a session over HTTP, with connections of its own as a client in a
// process of its own has. One call runs at a time.
type Web interface {
	Caller

	// Drop lets go of the session without a word, as a client that dies.
	Drop()
	// End tells the server that the session is over, where there is a way to.
	End() error
}

// Streamable opens a session of streamable HTTP.
func (s *Site) Streamable() (Web, error) {
	w := &streamable{web: web{client: newClient(), url: s.URL + "/mcp"}}
	return greeted(w, &w.web)
}

// SSE opens a session of HTTP+SSE.
func (s *Site) SSE() (Web, error) {
	w := &sse{web: web{client: newClient()}}
	if err := w.open(s.URL); err != nil {
		w.Drop()
		return nil, err
	}
	return greeted(w, &w.web)
}

// greeted begins the conversation of a session.
func greeted(s Web, w *web) (Web, error) {
	_, err := s.Call("initialize", introduction())
	if err == nil {
		_, err = w.send(http.MethodPost, []byte(initialized), http.StatusAccepted)
	}
	if err != nil {
		s.Drop()
		return nil, err
	}
	return s, nil
}

// web is what sessions over HTTP have in common.
type web struct {
	client  *http.Client
	url     string
	session string // empty: none is given yet, or the url tells
	lastID  int64
}

func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableCompression: true}}
}

// send sends a message and returns the body of the response, if its status is
// the one that it should be.
func (w *web) send(method string, message []byte, status int) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, w.url, bytes.NewReader(message))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	if w.session != "" {
		r.Header.Set("Mcp-Session-Id", w.session)
	}
	answer, err := w.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }() // it has been read
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != status {
		err = fmt.Errorf("%s: %s", answer.Status, body)
	}
	if id := answer.Header.Get("Mcp-Session-Id"); id != "" {
		w.session = id
	}
	return body, err
}

// read returns the result in an answer to the last request.
func (w *web) read(message []byte) (json.RawMessage, error) {
	var m reply
	if err := json.Unmarshal(message, &m); err != nil {
		return nil, err
	}
	if m.ID == nil || *m.ID != w.lastID {
		return nil, fmt.Errorf("not the answer to request %d: %s", w.lastID, message)
	}
	if m.Error != nil {
		return nil, m.Error
	}
	return m.Result, nil
}

type streamable struct{ web }

func (w *streamable) Call(method string, params any) (json.RawMessage, error) {
	w.lastID++
	message, err := encode(w.lastID, method, params)
	if err != nil {
		return nil, err
	}
	body, err := w.send(http.MethodPost, message, http.StatusOK)
	if err != nil {
		return nil, err
	}
	return w.read(body)
}

func (w *streamable) Drop() { w.client.CloseIdleConnections() }

func (w *streamable) End() error {
	defer w.Drop()
	_, err := w.send(http.MethodDelete, nil, http.StatusOK)
	return err
}

type sse struct {
	web

	stream io.Closer // nil before it is open
	lines  *bufio.Scanner
}

// open opens the stream, which tells where to send messages.
func (w *sse) open(base string) error {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, base+"/sse", http.NoBody)
	if err != nil {
		return err
	}
	answer, err := w.client.Do(r) //nolint:bodyclose // Drop does.
	if err != nil {
		return err
	}
	w.stream = answer.Body
	w.lines = bufio.NewScanner(answer.Body)
	w.lines.Buffer(nil, 8<<20)
	path, err := w.data()
	w.url = base + path
	return err
}

// data returns what the next event has to say.
func (w *sse) data() (string, error) {
	late := time.AfterFunc(patience, func() { _ = w.stream.Close() }) // then the next read says so
	defer late.Stop()
	for w.lines.Scan() {
		if data, ok := strings.CutPrefix(w.lines.Text(), "data: "); ok {
			return data, nil
		}
	}
	if err := w.lines.Err(); err != nil {
		return "", fmt.Errorf("%w: %w", ErrEnded, err)
	}
	return "", ErrEnded
}

func (w *sse) Call(method string, params any) (json.RawMessage, error) {
	w.lastID++
	message, err := encode(w.lastID, method, params)
	if err != nil {
		return nil, err
	}
	if _, err := w.send(http.MethodPost, message, http.StatusAccepted); err != nil {
		return nil, err
	}
	data, err := w.data()
	if err != nil {
		return nil, err
	}
	return w.read([]byte(data))
}

func (w *sse) Drop() {
	if w.stream != nil {
		_ = w.stream.Close() // nothing more is read of it
	}
	w.client.CloseIdleConnections()
}

func (w *sse) End() error {
	w.Drop()
	return nil
}
