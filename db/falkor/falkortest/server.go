// Package falkortest gives tests real FalkorDB servers: one of their own, one
// that all tests of a process share, or several that stand in for each other
// with Sentinel or as a Cluster. It ends and freezes them on demand, and a
// Proxy spoils what is said with them.
//
// Nothing is installed by it. Where FalkorDB is missing a test is skipped, and
// told how to get it; with ZAPOMNI_REQUIRE_FALKORDB set it fails. No server
// outlives the process of its test.
package falkortest

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	loopback = "127.0.0.1"
	// patience ends what hangs. It measures nothing.
	patience = time.Minute
	// answerTime is how long a server may take for one answer.
	answerTime = 5 * time.Second
	// pollTime is the wait between two looks at something that comes to be.
	pollTime = 5 * time.Millisecond
)

var (
	errPortTaken = errors.New("the port is taken")
	errEnded     = errors.New("the server has ended")
	errNotOurs   = errors.New("the server is shared, or not ours: start one with Start")
)

// Server is a running server. Its methods may be called from any goroutine;
// what goes wrong in them fails the test, and does not end it.
type Server struct {
	tb       testing.TB
	password string
	certs    Certificates
	tls      bool
	network  string // of address: unix or tcp
	address  string // a path, or host:port
	ports    []port // the first one is for clients; none if only the socket is known

	// launch is empty if the server may not be stopped.
	launch launch
	// printed is the file with what the server prints, empty if that is not
	// known.
	printed string

	mu    sync.Mutex
	cmd   *exec.Cmd
	ended chan struct{} // closed when cmd has ended
}

// port is a port, and the flag that sets it.
type port struct {
	flag   string
	number int
}

// launch says how a process is started: program, arguments, ports, last.
type launch struct {
	program         string
	arguments, last []string
	env             []string
	dir             string
}

// Start starts a server on a free port of the loopback interface and on a unix
// socket, and waits until it answers. It ends with the test.
func Start(tb testing.TB, options ...Option) *Server {
	tb.Helper()
	at := installed(tb)
	set := apply(options)
	var certs Certificates
	if set.tls {
		certs = newCertificates(tb)
	}
	s := newServer(at, set, certs, tb.TempDir(), socketDir(tb))
	s.begin(tb)
	if set.master != nil {
		await(tb, "the replica has what its master had", s.isInStep)
		await(tb, "the master knows that", set.master.isServed)
	}
	return s
}

// newServer prepares a server, with its data in dir and its socket in another
// directory, whose path has to be short.
func newServer(at installation, set settings, certs Certificates, dir, sockets string) *Server {
	socket := filepath.Join(sockets, "s")
	s := &Server{
		password: set.password, certs: certs, tls: set.tls,
		network: "unix", address: socket, ports: []port{{flag: "--port"}},
		launch: launch{
			program:   at.program("valkey-server"),
			arguments: set.arguments(dir, socket, certs), last: set.moduleArguments(at),
			env: at.environment(), dir: dir,
		},
		printed: logFile(dir),
	}
	if set.tls {
		s.ports[0].flag = "--tls-port"
	}
	if set.cluster {
		s.ports = append(s.ports, port{flag: "--cluster-port"})
	}
	return s
}

// socketDir makes a directory whose path leaves room for a socket: such a path
// may have about a hundred bytes, and those of a test's own directories have
// the test's name in them.
func socketDir(tb testing.TB) string {
	tb.Helper()
	dir, err := makeShortDir()
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func makeShortDir() (string, error) { return os.MkdirTemp("", "falkor") }

// begin starts s for as long as the test runs.
func (s *Server) begin(tb testing.TB) {
	tb.Helper()
	s.tb = tb
	tb.Cleanup(s.end)
	require.NoError(tb, s.startSomewhere())
}

// startSomewhere starts s for the first time, on ports that are free.
func (s *Server) startSomewhere() error {
	var err error
	for range 20 {
		for i := range s.ports {
			if s.ports[i].number, err = freePort(); err != nil {
				return err
			}
		}
		if err = s.start(); !errors.Is(err, errPortTaken) {
			return err
		}
	}
	return err
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", loopback+":0") //nolint:noctx // it returns at once
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// start starts the process and waits until it answers.
func (s *Server) start() error {
	s.mu.Lock()
	if s.launch.program == "" {
		s.mu.Unlock()
		return errNotOurs
	}
	if s.running() {
		s.mu.Unlock()
		return nil
	}
	err := s.spawn()
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return s.awaitPong()
}

// spawn starts the process. The caller holds the lock.
func (s *Server) spawn() error {
	log, err := os.Create(s.printed)
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // the process has its own
	args := slices.Clone(s.launch.arguments)
	for _, p := range s.ports {
		args = append(args, p.flag, strconv.Itoa(p.number))
	}
	cmd := exec.Command(s.launch.program, append(args, s.launch.last...)...) //nolint:noctx // Kill and Stop end it
	cmd.Dir, cmd.Env = s.launch.dir, s.launch.env
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = dieWithParent()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the server: %w", err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ended is in its log
		close(ended)
	}()
	s.cmd, s.ended = cmd, ended
	return nil
}

func (s *Server) awaitPong() error {
	s.mu.Lock()
	ended := s.ended
	s.mu.Unlock()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if reply, err := s.Do("PING"); err == nil && reply == "PONG" {
			return nil
		}
		select {
		case <-ended:
			log := s.log()
			if strings.Contains(log, "Address already in use") {
				return errPortTaken
			}
			return fmt.Errorf("%w:\n%s", errEnded, log)
		case <-time.After(pollTime):
		}
	}
	return fmt.Errorf("no PONG within %s:\n%s", patience, s.log())
}

func logFile(dir string) string { return filepath.Join(dir, "log") }

// log returns the end of what the server printed or, if it has crashed, what it
// reported of that.
func (s *Server) log() string {
	if s.printed == "" {
		return "(it is not ours, and its log is elsewhere)"
	}
	text, err := os.ReadFile(s.printed)
	if err != nil {
		return err.Error()
	}
	if report := crashReport(string(text)); report != "" {
		return report
	}
	return string(text[max(0, len(text)-4000):])
}

// crashReport cuts what tells most out of the report of a crash: the stacks of
// all threads, and the queries that ran. It is empty if there is no report.
func crashReport(log string) string {
	_, report, crashed := strings.Cut(log, "BUG REPORT START")
	if !crashed {
		return ""
	}
	stacks, rest, _ := strings.Cut(report, "------ REGISTERS ------")
	_, rest, _ = strings.Cut(rest, "------ MODULES INFO OUTPUT ------")
	queries, _, _ := strings.Cut(rest, "------ CONFIG DEBUG OUTPUT ------")
	return "BUG REPORT START" + stacks + queries
}

// Addr returns where the server listens, as host:port. It speaks TLS there if
// it was started so. Of a server that is only known by its socket it returns
// "unix:" and the path.
func (s *Server) Addr() string {
	switch {
	case len(s.ports) > 0:
		return net.JoinHostPort(loopback, strconv.Itoa(s.ports[0].number))
	case s.network == "unix":
		return "unix:" + s.address
	}
	return s.address
}

// Socket returns the path of the server's unix socket, or nothing if it has
// none that is known.
func (s *Server) Socket() string {
	if s.network == "unix" {
		return s.address
	}
	return ""
}

// URL returns the address with scheme and password, as clients take it.
func (s *Server) URL() string {
	u := url.URL{Scheme: "redis", Host: s.Addr()}
	if s.tls {
		u.Scheme = "rediss"
	}
	if s.password != "" {
		u.User = url.UserPassword("", s.password)
	}
	if path, ok := strings.CutPrefix(s.Addr(), "unix:"); ok {
		u.Scheme, u.Host, u.Path = "unix", "", path
	}
	return u.String()
}

// Certificates returns what a client of a server with TLS needs.
func (s *Server) Certificates() Certificates { return s.certs }

// Do sends one command on a connection of its own and returns the reply: nil,
// a string, an int64 or a []any of them. An error that the server answers with
// is a ReplyError. Nothing is tried again. WAIT, which is about the writes of
// its own connection, has nothing to wait for here.
func (s *Server) Do(words ...string) (any, error) {
	conn, err := net.DialTimeout(s.network, s.address, answerTime) //nolint:noctx // it has a time limit
	if err != nil {
		return nil, err
	}
	defer conn.Close() //nolint:errcheck // the reply is here by then
	if err := conn.SetDeadline(time.Now().Add(answerTime)); err != nil {
		return nil, err
	}
	r := bufio.NewReader(conn)
	if s.password != "" {
		if _, err := ask(conn, r, "AUTH", s.password); err != nil {
			return nil, err
		}
	}
	return ask(conn, r, words...)
}

func ask(conn net.Conn, r *bufio.Reader, words ...string) (any, error) {
	if _, err := conn.Write(command(words...)); err != nil {
		return nil, err
	}
	reply, err := readReply(r)
	if err != nil {
		return nil, err
	}
	if failed, ok := reply.(ReplyError); ok {
		return nil, failed
	}
	return reply, nil
}
