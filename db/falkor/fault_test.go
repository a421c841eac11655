package falkor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"zapomni/db/falkor/cypher"
	"zapomni/db/falkor/reply"
	"zapomni/memory"
)

func op(name string, err error) error { return &net.OpError{Op: name, Net: "tcp", Err: err} }

func says(text string) error { return &reply.ServerError{Text: text} }

// The letters are those of the effects: reads, repeatable writes, writes that
// count once. A question mark in front says that the statement may have run.
func TestFaultsAreToldApartByTheirCause(t *testing.T) {
	refused := os.NewSyscallError("connect", syscall.ECONNREFUSED)
	for _, row := range []struct {
		name  string
		err   error
		class string
		want  string
		kind  error
	}{
		{"refused", op("dial", refused), "unreachable", "RIN", memory.ErrUnavailable},
		{"socket missing", op("dial", fs.ErrNotExist), "unreachable", "RIN", memory.ErrUnavailable},
		{"unknown host", op("dial", &net.DNSError{Err: "no such host", IsNotFound: true}), "unreachable", "RIN", memory.ErrUnavailable},
		{"connecting timed out", &dialError{op("dial", os.ErrDeadlineExceeded)}, "unreachable", "RIN", memory.ErrUnavailable},
		{"TLS handshake lost", &dialError{io.EOF}, "unreachable", "RIN", memory.ErrUnavailable},
		{"TLS handshake timed out", &dialError{op("read", os.ErrDeadlineExceeded)}, "unreachable", "RIN", memory.ErrUnavailable},
		{"no server known", &dialError{errors.New("redis: all sentinels are unreachable")}, "unreachable", "RIN", memory.ErrUnavailable},
		{"untrusted certificate", &dialError{&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}}, "certificate", "", memory.ErrUnavailable},
		{"wrong name", &dialError{x509.HostnameError{Certificate: &x509.Certificate{}, Host: "there"}}, "certificate", "", memory.ErrUnavailable},
		{"certificate wanted", op("remote error", errors.New("tls: certificate required")), "certificate", "", memory.ErrUnavailable},
		{"no TLS there", &dialError{tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}}, "certificate", "", memory.ErrUnavailable},

		{"write failed", op("write", syscall.EPIPE), "not written", "RIN", memory.ErrUnavailable},
		{"read timed out", op("read", os.ErrDeadlineExceeded), "timed out", "?RI", memory.ErrUnavailable},
		{"bare time-out", os.ErrDeadlineExceeded, "timed out", "?RI", memory.ErrUnavailable},
		{"closed by the server", io.EOF, "lost", "?RI", memory.ErrUnavailable},
		{"cut", io.ErrUnexpectedEOF, "lost", "?RI", memory.ErrUnavailable},
		{"reset", op("read", syscall.ECONNRESET), "lost", "?RI", memory.ErrUnavailable},
		{"closed here", op("read", net.ErrClosed), "lost", "?RI", memory.ErrUnavailable},
		{"unknown", errors.New("never seen"), "unknown", "?RI", memory.ErrUnavailable},

		{"no free connection", errNoConnection, "pool timeout", "", memory.ErrUnavailable},
		{"pool timeout", redis.ErrPoolTimeout, "pool timeout", "", memory.ErrUnavailable},
		{"pool exhausted", redis.ErrPoolExhausted, "pool exhausted", "RIN", memory.ErrUnavailable},
		{"caller left", context.Canceled, "caller", "?", nil},
		{"caller's time is over", fmt.Errorf("wait: %w", context.Canceled), "caller", "?", nil},
		{"closed", redis.ErrClosed, "closed", "", memory.ErrUnavailable},

		{"loading", says("LOADING Valkey is loading the dataset in memory"), "loading", "RIN", memory.ErrUnavailable},
		{"busy", says("BUSY Valkey is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."), "busy", "RIN", memory.ErrUnavailable},
		{"replica", says("READONLY You can't write against a read only replica."), "replica", "RIN", memory.ErrUnavailable},
		{"master down", says("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."), "replica", "RIN", memory.ErrUnavailable},
		{"too few replicas", says("NOREPLICAS Not enough good replicas to write."), "replica", "IN", memory.ErrUnavailable},
		{"replicas behind", &behindError{0, 1}, "replicas behind", "?RI", memory.ErrUnavailable},
		{"cluster down", says("CLUSTERDOWN The cluster is down"), "cluster", "RIN", memory.ErrUnavailable},
		{"slot on its way", says("TRYAGAIN Multiple keys request during rehashing of slot"), "cluster", "RIN", memory.ErrUnavailable},
		{"moved", says("MOVED 3999 127.0.0.1:6381"), "moved", "RIN", memory.ErrUnavailable},
		{"ask", says("ASK 3999 127.0.0.1:6381"), "moved", "RIN", memory.ErrUnavailable},
		{"too many clients", says("ERR max number of clients reached"), "too many clients", "RIN", memory.ErrUnavailable},
		{"workers busy", says("Max pending queries exceeded"), "queue full", "RIN", memory.ErrUnavailable},
		{"writers busy", says("Write queue is full: cannot accept additional write queries at this time. Please retry later."), "queue full", "IN", memory.ErrUnavailable},
		{"turned into a replica", says("UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)"), "replica", "?RI", memory.ErrUnavailable},
		{"replicating", says("ERR FalkorDB module is currently replicating"), "replicating", "RIN", memory.ErrUnavailable},

		{"less time allowed", says("The query TIMEOUT parameter value cannot exceed the TIMEOUT_MAX configuration parameter value"), "limited", "RIN", memory.ErrUnavailable},
		{"time limit", says("Query timed out"), "time limit", "", memory.ErrUnavailable},
		{"memory limit", says("Query's mem consumption exceeded capacity"), "memory limit", "", memory.ErrUnavailable},
		{"out of memory", says("OOM command not allowed when used memory > 'maxmemory'."), "out of memory", "", memory.ErrFull},
		{"disk", says("MISCONF Valkey is configured to save RDB snapshots, but it is currently unable to persist"), "disk", "", memory.ErrUnavailable},
		{"no password", says("NOAUTH Authentication required."), "authentication", "", memory.ErrUnavailable},
		{"wrong password", says("WRONGPASS invalid username-password pair or user is disabled."), "authentication", "", memory.ErrUnavailable},
		{"no permission", says("NOPERM User x has no permissions to run the 'graph.QUERY' command"), "authentication", "", memory.ErrUnavailable},
		{"no module", says("ERR unknown command 'GRAPH.QUERY', with args beginning with: 'g' "), "no module", "", memory.ErrUnavailable},
		{"not a graph", says("WRONGTYPE Operation against a key holding the wrong kind of value"), "not a graph", "", nil},
		{"no graph", says("ERR Invalid graph operation on empty key"), "no graph", "", nil},
		{"bad statement", says("errMsg: Invalid input 'R': expected RETURN line: 1, column: 4"), "statement", "", nil},
		{"division by zero", says("Division by zero"), "statement", "", nil},
		{"constraint", says("unique constraint violation on node of type Memory"), "constraint", "", nil},
		{"mandatory", says("mandatory constraint violation: node with label Memory missing property text"), "constraint", "", nil},
		{"index exists", says("Attribute 'id' is already indexed"), "there already", "", nil},
		{"bad parameter", &cypher.ParamError{Name: "p", Why: "not valid UTF-8"}, "parameter", "", memory.ErrInvalid},
		{"no answer at all", &reply.FormatError{Why: "cut"}, "malformed", "?", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := classify(fmt.Errorf("wrapped: %w", row.err), false)
			got := ""
			if f.maybe {
				got = "?"
			}
			for e, letter := range []string{"R", "I", "N"} {
				if f.again(Effect(e)) {
					got += letter
				}
			}
			require.Equal(t, row.class, f.class)
			require.Equal(t, row.want, got)
			require.Equal(t, row.kind, f.kind)
		})
	}
}

func TestFaultOfAHandshakeNeverRan(t *testing.T) {
	for _, err := range []error{io.EOF, os.ErrDeadlineExceeded, op("read", os.ErrDeadlineExceeded), errors.New("odd")} {
		f := classify(err, true)
		require.Equal(t, "handshake", f.class, err)
		require.False(t, f.maybe, err)
		require.True(t, f.again(Once), err)
	}
}

func TestRefusalInAHandshakeKeepsItsClass(t *testing.T) {
	require.Equal(t, "authentication", classify(says("WRONGPASS invalid username-password pair"), true).class)
	require.Equal(t, "loading", classify(says("LOADING Valkey is loading the dataset in memory"), true).class)
}

func TestWhatTheServerQuotesIsNotRepeated(t *testing.T) {
	for _, row := range []struct{ name, text, want string }{
		{"query", "errMsg: Invalid input line: 1, column: 3, offset: 2 errCtx: CYPHER p='sesame' RETRUN errCtxOffset: 2", "errMsg: Invalid input line: 1, column: 3, offset: 2"},
		{"search", "RediSearch: Syntax error at offset 4 near sesame", "RediSearch: Syntax error at offset 4"},
		{"nothing", "Division by zero", "Division by zero"},
	} {
		t.Run(row.name, func(t *testing.T) { require.Equal(t, row.want, say(says(row.text))) })
	}
	require.Empty(t, say(nil))
}

// Who ends a call does not change what can have been done by then.
func TestEndOfACallKnowsWhatWasSent(t *testing.T) {
	left, leave := context.WithCancel(t.Context())
	leave()
	dead := poolOf(1)
	require.NoError(t, dead.close())
	for _, row := range []struct {
		name   string
		ctx    context.Context
		pool   *pool
		class  string
		unwrap error
	}{
		{"by the caller", left, poolOf(1), callerEnded, context.Canceled},
		{"by Close", t.Context(), dead, closed, errClosed},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := &sender{pool: row.pool}
			for _, cause := range []struct {
				err    error
				unsent bool
				maybe  bool
			}{
				{io.EOF, false, true},
				{io.EOF, true, false},
				{&dialError{op("dial", syscall.ECONNREFUSED)}, false, false},
				{op("write", syscall.EPIPE), false, false},
				{redis.ErrClosed, false, false},
				{errNoConnection, true, false},
			} {
				err := s.failed(row.ctx, cause.err, cause.unsent)
				require.ErrorIs(t, err, row.unwrap)
				require.Equal(t, row.class, faultOf(err).class, cause.err)
				require.Equal(t, cause.maybe, faultOf(err).maybe, cause.err)
			}
		})
	}
}
