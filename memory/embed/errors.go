package embed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zapomni/memory"
)

// The errors that callers tell apart. An error of Embed is one of them, unless
// the caller ended the call.
var (
	// ErrUnavailable means that the embedder cannot serve now: it is down, was
	// found down a moment ago, took too long, is overloaded, or was closed.
	ErrUnavailable = errors.New("embedder is unavailable")
	// ErrRefused means that asking again is of no use until something changes:
	// the model is not there, the key is wrong, the answer makes no sense.
	ErrRefused = errors.New("embedder refused")
)

// TextError means that it was one text that the embedder refused, and that it
// takes others. It unwraps to ErrRefused, and to memory.ErrInvalid.
type TextError struct {
	Index int   // of the text within the call, counted from 0
	Err   error // why
}

func (e *TextError) Error() string { return fmt.Sprintf("text %d: %v", e.Index, e.Err) }

func (e *TextError) Unwrap() []error { return []error{e.Err, memory.ErrInvalid} }

// class is the kind of a failure, as State names it.
type class string

// Failures that make an embedder unavailable.
const (
	timedOut    class = "timeout"
	unreachable class = "connection"
	overloaded  class = "overloaded"
	rateLimited class = "rate_limited"
	halted      class = "breaker_open"
	closed      class = "closed"
	// What a server breaks at may be one of the texts, unless that is harmless.
	serverFault class = "server_error"
	broken      class = "server_broken"
)

// Failures that are refusals.
const (
	unauthorized class = "unauthorized"
	exhausted    class = "quota_exhausted"
	modelMissing class = "model_missing"
	noRoute      class = "not_found"
	refused      class = "refused"
	malformed    class = "malformed_answer"
	resized      class = "dimensions_changed"
	// What a server finds wrong with a request may be one of the texts in it.
	badRequest class = "request_refused"
	badText    class = "text_refused"
	overlong   class = "text_too_long"
)

// isUnavailable tells failures that pass from refusals.
func (c class) isUnavailable() bool {
	switch c {
	case timedOut, unreachable, overloaded, rateLimited, halted, closed, serverFault, broken:
		return true
	default:
		return false
	}
}

// isOutage tells whether the server was not able to answer.
func (c class) isOutage() bool { return c.passes() && c != rateLimited || c == broken }

// passes tells whether the same request can be expected to succeed soon.
func (c class) passes() bool {
	return c == timedOut || c == unreachable || c == overloaded || c == rateLimited
}

// isOfText tells whether the text is surely at fault, and not the embedder.
func (c class) isOfText() bool { return c == badText || c == overlong }

// mayBeOfText tells whether other texts may fare better.
func (c class) mayBeOfText() bool { return c == badRequest || c == serverFault || c.isOfText() }

// failure is what an embedder could not do, and why.
type failure struct {
	class class
	text  string
	cause error         // may be nil
	after time.Duration // for which the server wants to be left alone
}

func (f *failure) Error() string {
	if f.cause == nil {
		return f.text
	}
	return f.text + ": " + f.cause.Error()
}

func (f *failure) Unwrap() []error {
	kind := ErrRefused
	if f.class.isUnavailable() {
		kind = ErrUnavailable
	}
	if f.cause == nil {
		return []error{kind}
	}
	return []error{kind, f.cause}
}

// classOf returns the class of err, empty for nil and for a call that its
// caller ended.
func classOf(err error) class {
	if f, ok := errors.AsType[*failure](err); ok {
		return f.class
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return timedOut
	}
	return ""
}

func errClosed() error { return &failure{class: closed, text: "the embedder is closed"} }

// at tells of an error of a part of a call, which starts at offset, where it
// is within the whole.
func at(offset int, err error) error {
	if t, ok := errors.AsType[*TextError](err); ok {
		return &TextError{Index: offset + t.Index, Err: t.Err}
	}
	return err
}
