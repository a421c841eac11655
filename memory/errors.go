package memory

import "errors"

// The errors that callers tell apart. An adapter turns foreign errors into
// one of these where they enter, keeping the cause.
var (
	ErrNotFound    = errors.New("not found")
	ErrNoWorkspace = errors.New("no such workspace")
	ErrInvalid     = errors.New("invalid")
	ErrConflict    = errors.New("already exists")
	// ErrUnavailable means that the store cannot serve now: closed, busy for
	// too long, or gone. The same call may succeed later.
	ErrUnavailable = errors.New("unavailable")
	// ErrFull means that there is no room left to keep anything.
	ErrFull = errors.New("no space left")
)

// FieldError names the input that was wrong. It unwraps to ErrInvalid.
type FieldError struct {
	Field string // as the caller spelled it: "text", "filters.date_from"
	Why   string // a whole sentence for the caller, the field's name included
}

func (e *FieldError) Error() string { return e.Why }

func (e *FieldError) Unwrap() error { return ErrInvalid }
