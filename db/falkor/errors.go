package falkor

import (
	"errors"
	"fmt"
	"strings"

	"zapomni/memory"
)

// Error is why FalkorDB gave no answer. It unwraps to its cause, which is a
// *reply.ServerError or a redis.Error where the server refused, and to
// memory.ErrUnavailable, ErrFull or ErrInvalid where that is what it means.
// Its text holds no parameters and no passwords.
type Error struct {
	// Again says that an earlier attempt of the same call may have taken
	// effect: what the server refused now, as being there already, may be our
	// own work.
	Again bool

	text  string
	kind  error // may be nil
	cause error // may be nil
}

func (e *Error) Error() string { return e.text }

// Unwrap returns what e means and its cause.
func (e *Error) Unwrap() []error { return present(e.kind, e.cause) }

// OutcomeUnknownError is returned for a statement of the effect Once that was
// sent, and of which no answer came. It may have been done, and was not sent
// again.
type OutcomeUnknownError struct {
	kind  error
	cause error
}

func (e *OutcomeUnknownError) Error() string {
	return "Query failed: it may have taken effect: " + say(e.cause)
}

// Unwrap returns memory.ErrUnavailable, unless the caller's own context ended
// the call, and the cause.
func (e *OutcomeUnknownError) Unwrap() []error { return present(e.kind, e.cause) }

func present(errs ...error) []error {
	var all []error
	for _, err := range errs {
		if err != nil {
			all = append(all, err)
		}
	}
	return all
}

// The errors of calls at the wrong time. The texts are promises.
var (
	errNotInitialized = &Error{text: "Client not initialized. Call init_async() first.", kind: memory.ErrUnavailable}
	errClosed         = &Error{text: "Client has been closed.", kind: memory.ErrUnavailable}
	errNoReopen       = &Error{text: "Client has been closed. Create new instance.", kind: memory.ErrUnavailable}
)

// errNoConnection is the end of a wait for a free connection.
var errNoConnection = errors.New("no connection became free in time")

// behindError means that a write is on the master, and not on as many replicas
// as it should be.
type behindError struct{ have, want int64 }

func (e *behindError) Error() string {
	return fmt.Sprintf("only %d of %d replicas have the write", e.have, e.want)
}

// say is the text of err without what the server quotes of the query, in
// which the user's own words may stand.
func say(err error) string {
	if err == nil {
		return ""
	}
	text := err.Error()
	for _, quote := range []string{" errCtx: ", " near "} {
		text, _, _ = strings.Cut(text, quote)
	}
	return text
}
