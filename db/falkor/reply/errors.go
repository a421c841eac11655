package reply

import "strconv"

// ServerError is an error that the server answered with.
type ServerError struct {
	Text string // as the server wrote it: "ERR Invalid graph operation on empty key"
}

func (e *ServerError) Error() string { return e.Text }

// RedisError makes e a redis.Error, as the errors are that go-redis itself
// reads off the wire.
func (*ServerError) RedisError() {}

// FormatError says where a reply is not what this package reads: it is cut,
// damaged, the answer to something else, or of a server that is too new.
type FormatError struct {
	At  int // in the raw reply, in bytes
	Why string
}

func (e *FormatError) Error() string {
	return "malformed reply at byte " + strconv.Itoa(e.At) + ": " + e.Why
}
