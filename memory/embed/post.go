package embed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// answerBytes bounds what a server may answer, and vectorBytes what it may
	// add for each text: 8192 numbers as long as they get.
	answerBytes = 1 << 20
	vectorBytes = 8192 * 26
	// mostTokens is how long a text may be, at charsPerToken.
	mostTokens    = 8192
	charsPerToken = 4
	// connections is how many requests may be under way to one server.
	connections = 4
)

// client asks one server for vectors. It follows no redirect: the texts go to
// the server that was set, and no other.
type client struct {
	http    *http.Client
	base    URL
	key     Secret // for the server to let us in; may be empty
	timeout time.Duration
}

func newClient(base URL, key Secret, timeout time.Duration) *client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = connections
	return &client{
		http: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		base: base, key: key, timeout: timeout,
	}
}

func (c *client) close() { c.http.CloseIdleConnections() }

// post asks for the vectors of texts: in is the question, and out becomes the
// answer. Its errors are failures, or those of ctx.
func (c *client) post(ctx context.Context, path string, texts []string, in, out any) error {
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	status, header, body, err := c.send(limited, path, in, answerBytes+len(texts)*vectorBytes)
	if ctx.Err() != nil {
		return fmt.Errorf("ask for vectors: %w", ctx.Err())
	}
	if err != nil {
		return lost(err)
	}
	if status < 200 || status > 299 {
		return refusal(status, header, body, append(slices.Clip(texts), string(c.key)))
	}
	if err := json.Unmarshal(body, out); err != nil {
		if bytes.Contains(body, []byte("NaN")) {
			return &failure{class: badText, text: "the answer has numbers that are not finite"}
		}
		// Not the error itself: it may quote what it could not read.
		return &failure{class: malformed, text: "the answer is not the JSON of an embedding server"}
	}
	return nil
}

// send returns what the server answered, or a failure if that is too much.
func (c *client) send(ctx context.Context, path string, in any, most int) (status int, header http.Header, body []byte, err error) {
	question, err := json.Marshal(in)
	if err != nil {
		return 0, nil, nil, err
	}
	address, err := url.Parse(string(c.base))
	if err != nil {
		return 0, nil, nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address.JoinPath(path).String(), bytes.NewReader(question))
	if err != nil {
		return 0, nil, nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "zapomni")
	if c.key != "" {
		request.Header.Set("Authorization", "Bearer "+string(c.key))
	}
	response, err := c.http.Do(request)
	if err != nil {
		return 0, nil, nil, err
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	body, err = io.ReadAll(io.LimitReader(response.Body, int64(most)+1))
	if err == nil && len(body) > most {
		err = &failure{class: malformed, text: fmt.Sprintf("the answer has more than %d bytes", most)}
	}
	return response.StatusCode, response.Header, body, err
}

// lost makes a failure of a request that got no answer.
func lost(err error) error {
	if f, ok := errors.AsType[*failure](err); ok {
		return f
	}
	// An error of url holds the address, with whatever is secret in it.
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if n, ok := errors.AsType[net.Error](err); ok && n.Timeout() {
		return &failure{class: timedOut, text: "no answer in time"}
	}
	return &failure{class: unreachable, text: "the server cannot be reached", cause: err}
}

// refusal makes a failure of an answer that says no. What is private is not
// repeated from it.
func refusal(status int, header http.Header, body []byte, private []string) error {
	said := said(body)
	f := &failure{class: classify(status, said), text: fmt.Sprintf("the server answers %d", status)}
	if f.class.isUnavailable() {
		f.after = min(retryAfter(header.Get("Retry-After"), time.Now()), longestRest)
	}
	// What is said of a key may show the ends of it.
	if shown := cut(said.Message); shown != "" && status != http.StatusUnauthorized && !quotes(shown, private) {
		f.text += ": " + shown
	}
	return f
}

// longestRest is for how long a server is left alone at most, whatever it asks
// for: its clock may be wrong, or it may be back before.
const longestRest = 10 * time.Minute

func classify(status int, said remark) class {
	for _, p := range phrases {
		if strings.Contains(said.Message, p.part) {
			return p.means
		}
	}
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return unauthorized
	case status == http.StatusPaymentRequired || said.Code == "insufficient_quota":
		return exhausted
	case status == http.StatusNotFound && said.Message != "":
		return modelMissing
	case status == http.StatusNotFound || status == http.StatusMethodNotAllowed || status < 400:
		return noRoute
	case status == http.StatusTooManyRequests:
		return rateLimited
	case status == http.StatusBadRequest || status == http.StatusRequestEntityTooLarge || status == http.StatusUnprocessableEntity:
		return badRequest
	case status == http.StatusRequestTimeout:
		return timedOut
	case status == http.StatusInternalServerError:
		return serverFault
	case status > 500 && status != http.StatusNotImplemented:
		return overloaded
	default:
		return refused
	}
}

// phrases tell more than the status that they come with, which servers choose
// as they like: Ollama calls a text that is too long a mistake of its own.
var phrases = []struct {
	part  string
	means class
}{
	{"context length", overlong},       // Ollama, vLLM, OpenAI
	{"too large to process", overlong}, // llama.cpp
	{"must have less than", overlong},  // Text Embeddings Inference
	{"NaN", badText},                   // Ollama
	{"does not support embedding", refused},
}

// remark is what a server says beside the status.
type remark struct{ Message, Code string }

// mostRemark bounds what of it is repeated.
const mostRemark = 200

// said reads {"error": "..."} and {"error": {"message": "...", "code": "..."}}
// and {"message": "..."}. It is empty for anything else.
func said(body []byte) remark {
	var answer struct {
		Error   json.RawMessage `json:"error"`
		Message string          `json:"message"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return remark{}
	}
	r := remark{Message: answer.Message}
	var inner struct {
		Message string `json:"message"`
		Code    any    `json:"code"`
	}
	if json.Unmarshal(answer.Error, &r.Message) != nil && json.Unmarshal(answer.Error, &inner) == nil {
		r.Message = inner.Message
		r.Code, _ = inner.Code.(string)
	}
	r.Message = strings.Join(strings.Fields(r.Message), " ")
	return r
}

func cut(message string) string {
	if len(message) <= mostRemark {
		return message
	}
	return strings.ToValidUTF8(message[:mostRemark], "") + "…"
}

// quotes tells whether a message repeats any of private, or a stretch of one.
func quotes(message string, private []string) bool {
	const stretch, short = 16, 4
	for _, p := range private {
		p = strings.Join(strings.Fields(p), " ")
		if len(p) >= short && strings.Contains(message, p) {
			return true
		}
		for i := 0; i+stretch <= len(message); i++ {
			if strings.Contains(p, message[i:i+stretch]) {
				return true
			}
		}
	}
	return false
}

// retryAfter reads a header that has seconds or a date. It is 0 for neither.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := time.ParseDuration(value + "s"); err == nil {
		return max(0, seconds)
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}

// checkLengths refuses texts that are longer than any model takes.
func checkLengths(texts []string) error {
	for i, t := range texts {
		if n := utf8.RuneCountInString(t) / charsPerToken; n > mostTokens {
			return &TextError{Index: i, Err: &failure{
				class: overlong, text: fmt.Sprintf("Text exceeds max length (%d tokens, got ~%d)", mostTokens, n),
			}}
		}
	}
	return nil
}

// shortened asks for texts. Of one that is alone and too long for the model,
// only the beginning counts, as with the built-in model: not every server cuts
// texts itself.
func shortened(texts []string, ask func(texts []string) ([][]float32, error)) ([][]float32, error) {
	vectors, err := ask(texts)
	for len(texts) == 1 && classOf(err) == overlong {
		half := []rune(texts[0])
		half = half[:len(half)/2]
		if len(half) == 0 {
			break
		}
		texts = []string{string(half)}
		vectors, err = ask(texts)
	}
	return vectors, err
}
