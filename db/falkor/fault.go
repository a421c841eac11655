package falkor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"syscall"

	"github.com/redis/go-redis/v9"

	"zapomni/db/falkor/cypher"
	"zapomni/db/falkor/reply"
	"zapomni/memory"
)

// fault is what an error means for the statement that met it.
type fault struct {
	class string
	// maybe says that the statement can have taken effect.
	maybe bool
	// The effects with which another attempt is worth it, and harmless.
	retry effects
	// kind is what the error is for callers, nil for no more than an error.
	kind error
}

// effects is a set of them.
type effects uint8

const (
	none     effects = 0
	reads    effects = 1 << Reads
	harmless effects = reads | 1<<Repeatable // whatever may be done twice
	every    effects = harmless | 1<<Once
	write    effects = 1<<Repeatable | 1<<Once
)

func (f fault) again(e Effect) bool { return f.retry&(1<<e) != 0 }

// level is that of the log line for what is not tried again. Answers that a
// caller may well have expected are not for every reader.
func (f fault) level() slog.Level {
	switch f.class {
	case "no graph", "constraint", "there already", "parameter", taken:
		return slog.LevelDebug
	default:
		return slog.LevelError
	}
}

// Classes that are more than a name.
const (
	callerEnded = "caller"    // the caller's context ended
	malformed   = "malformed" // what came is no answer
	closed      = "closed"    // the client has been
	limited     = "limited"   // the server allows less time than it was asked for
	lost        = "lost"      // the connection was, while it was in use
	taken       = "taken"     // the guard of a transaction did not hold
)

// serverFaults tells the errors of the server apart by how they start. The
// first row that fits counts; see the last lines of classify for the rest.
var serverFaults = []struct {
	start string
	fault
}{
	{"LOADING ", fault{"loading", false, every, memory.ErrUnavailable}},
	{"BUSY ", fault{"busy", false, every, memory.ErrUnavailable}},
	{"READONLY ", fault{"replica", false, every, memory.ErrUnavailable}},
	{"MASTERDOWN ", fault{"replica", false, every, memory.ErrUnavailable}},
	{"UNBLOCKED ", fault{"replica", true, harmless, memory.ErrUnavailable}}, // became one while it was at it
	{"NOREPLICAS ", fault{"replica", false, write, memory.ErrUnavailable}},
	{"CLUSTERDOWN ", fault{"cluster", false, every, memory.ErrUnavailable}},
	{"TRYAGAIN ", fault{"cluster", false, every, memory.ErrUnavailable}},
	{"MOVED ", fault{"moved", false, every, memory.ErrUnavailable}},
	{"ASK ", fault{"moved", false, every, memory.ErrUnavailable}},
	{"max number of clients reached", fault{"too many clients", false, every, memory.ErrUnavailable}},
	{"Max pending queries exceeded", fault{"queue full", false, every, memory.ErrUnavailable}},
	{"Write queue is full", fault{"queue full", false, write, memory.ErrUnavailable}},
	{"FalkorDB module is currently replicating", fault{"replicating", false, every, memory.ErrUnavailable}},

	{"The query TIMEOUT parameter value cannot exceed", fault{limited, false, every, memory.ErrUnavailable}},

	{"Query timed out", fault{"time limit", false, none, memory.ErrUnavailable}},
	{"Query's mem consumption exceeded capacity", fault{"memory limit", false, none, memory.ErrUnavailable}},
	{"OOM ", fault{"out of memory", false, none, memory.ErrFull}},
	{"MISCONF ", fault{"disk", false, none, memory.ErrUnavailable}},
	{"NOAUTH ", fault{"authentication", false, none, memory.ErrUnavailable}},
	{"WRONGPASS ", fault{"authentication", false, none, memory.ErrUnavailable}},
	{"NOPERM ", fault{"authentication", false, none, memory.ErrUnavailable}},
	{"invalid password", fault{"authentication", false, none, memory.ErrUnavailable}},
	{"AUTH ", fault{"authentication", false, none, memory.ErrUnavailable}},
	{"unknown command", fault{"no module", false, none, memory.ErrUnavailable}},

	{"WRONGTYPE ", fault{"not a graph", false, none, nil}},
	{"Invalid graph operation on empty key", fault{"no graph", false, none, nil}},
	{"no such key", fault{"no graph", false, none, nil}},
	{"unique constraint violation", fault{"constraint", false, none, nil}},
	{"mandatory constraint violation", fault{"constraint", false, none, nil}},
	{"Attribute '", fault{"there already", false, none, nil}},
	{"Constraint already exists", fault{"there already", false, none, nil}},
}

// classify tells what err means. unsent says that it is known to have come
// before the statement was sent, whatever it looks like.
func classify(err error, unsent bool) fault {
	if f, ok := classifyServer(err); ok {
		return f
	}
	if f := classifyOwn(err); f.class != "" {
		f.maybe = f.maybe && !unsent
		return f
	}
	f := classifyWire(err)
	if unsent && f.maybe {
		return fault{"handshake", false, every, memory.ErrUnavailable}
	}
	return f
}

// classifyServer knows what the server itself answered.
func classifyServer(err error) (fault, bool) {
	text, ok := serverText(err)
	if !ok {
		return fault{}, false
	}
	for _, row := range serverFaults {
		if strings.HasPrefix(text, row.start) {
			return row.fault, true
		}
	}
	return fault{class: "statement"}, true
}

// serverText is what a server answered, without the word that says that it is
// an error.
func serverText(err error) (string, bool) {
	refused, ok := errors.AsType[redis.Error](err)
	if !ok {
		return "", false
	}
	return strings.TrimPrefix(refused.Error(), "ERR "), true
}

// classifyOwn knows the errors that are made here or by go-redis, and not by
// the network.
func classifyOwn(err error) fault {
	_, bad := errors.AsType[*cypher.ParamError](err)
	_, odd := errors.AsType[*reply.FormatError](err)
	_, behind := errors.AsType[*behindError](err)
	switch {
	case bad:
		return fault{"parameter", false, none, memory.ErrInvalid}
	case odd:
		return fault{malformed, true, none, nil}
	case errors.Is(err, errTaken):
		return fault{taken, false, none, nil}
	case behind:
		return fault{"replicas behind", true, harmless, memory.ErrUnavailable}
	case errors.Is(err, errNoConnection), errors.Is(err, redis.ErrPoolTimeout):
		return fault{"pool timeout", false, none, memory.ErrUnavailable}
	case errors.Is(err, redis.ErrPoolExhausted):
		return fault{"pool exhausted", false, every, memory.ErrUnavailable}
	case errors.Is(err, redis.ErrClosed), errors.Is(err, errClosed):
		return fault{closed, false, none, memory.ErrUnavailable}
	}
	return fault{}
}

// classifyWire knows the errors of connections. What it does not know is
// taken for the worst.
func classifyWire(err error) fault {
	var network *net.OpError
	_, dialing := errors.AsType[*dialError](err)
	isOp := errors.As(err, &network)
	timeout, isTimed := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	switch {
	case isCertificate(err):
		return fault{"certificate", false, none, memory.ErrUnavailable}
	case dialing, isOp && network.Op == "dial":
		return fault{"unreachable", false, every, memory.ErrUnavailable}
	case isOp && network.Op == "write", errors.Is(err, syscall.EPIPE):
		return fault{"not written", false, every, memory.ErrUnavailable}
	case isTimed && timeout.Timeout():
		return fault{"timed out", true, harmless, memory.ErrUnavailable}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), isOp:
		return fault{lost, true, harmless, memory.ErrUnavailable}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fault{callerEnded, true, none, nil}
	default:
		return fault{"unknown", true, harmless, memory.ErrUnavailable}
	}
}

// isCertificate tells whether one side does not trust the other, or does not
// speak TLS at all. What the other side says of it has no type.
func isCertificate(err error) bool {
	_, verify := errors.AsType[*tls.CertificateVerificationError](err)
	_, authority := errors.AsType[x509.UnknownAuthorityError](err)
	_, host := errors.AsType[x509.HostnameError](err)
	_, record := errors.AsType[tls.RecordHeaderError](err)
	return verify || authority || host || record || strings.Contains(err.Error(), "tls: ")
}
