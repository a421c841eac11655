package falkortest

import (
	"path/filepath"
	"strconv"
)

// settings says how a server is started.
type settings struct {
	server, module []string
	password       string
	tls, clients   bool // speaks TLS; wants certificates of clients
	plain          bool // has no module
	cluster        bool
	master         *Server
}

// An Option changes how a server is started. Without any it keeps its data in
// memory alone, has two worker threads, and lets a query run for up to a
// minute.
type Option func(*settings)

// Password is asked of every client.
func Password(password string) Option {
	return func(s *settings) { s.password = password }
}

// TLS makes the server's port speak TLS, with a certificate for localhost and
// 127.0.0.1 of an authority of its own: see Server.Certificates. The unix
// socket stays plain.
func TLS() Option {
	return func(s *settings) { s.tls = true }
}

// MutualTLS is TLS that asks clients for a certificate, too.
func MutualTLS() Option {
	return func(s *settings) { s.tls, s.clients = true, true }
}

// AppendOnly writes each change to a log that reaches the disk once a second,
// so that a server that was killed has its data when it is back.
func AppendOnly() Option {
	return Arg("--appendonly", "yes", "--appendfsync", "everysec")
}

// Threads is how many queries run at a time.
func Threads(n int) Option {
	return Module("THREAD_COUNT", strconv.Itoa(n))
}

// Module sets options of the module, as name and value in turn. The last one
// of a name counts.
func Module(args ...string) Option {
	return func(s *settings) { s.module = append(s.module, args...) }
}

// Arg adds arguments of the server, such as "--maxclients", "10".
func Arg(args ...string) Option {
	return func(s *settings) { s.server = append(s.server, args...) }
}

// Plain leaves the module out: a server of the same protocol that knows no
// graphs.
func Plain() Option {
	return func(s *settings) { s.plain = true }
}

// ReplicaOf makes the server a replica of master, which has no TLS, with its
// password. Start returns when it has all that master had.
func ReplicaOf(master *Server) Option {
	return func(s *settings) { s.master, s.password = master, master.password }
}

func clusterNode() Option {
	return func(s *settings) { s.cluster = true }
}

func apply(options []Option) settings {
	s := settings{module: []string{"THREAD_COUNT", "2", "TIMEOUT_MAX", "60000"}}
	for _, o := range options {
		o(&s)
	}
	return s
}

// arguments is the command line of the server, but for its ports and module.
func (s settings) arguments(dir, socket string, certs Certificates) []string {
	args := []string{
		"--bind", loopback, "--dir", dir, "--unixsocket", socket,
		"--daemonize", "no", "--save", "", "--appendonly", "no",
		"--enable-debug-command", "local", "--repl-diskless-sync-delay", "0",
	}
	if s.password != "" {
		args = append(args, "--requirepass", s.password, "--masterauth", s.password)
	}
	if s.tls {
		asks := "no"
		if s.clients {
			asks = "yes"
		}
		args = append(args, "--port", "0", "--tls-cert-file", certs.server, "--tls-key-file", certs.serverKey,
			"--tls-ca-cert-file", certs.Authority, "--tls-auth-clients", asks)
	}
	if s.cluster {
		args = append(args, "--cluster-enabled", "yes", "--cluster-config-file", filepath.Join(dir, "nodes.conf"),
			"--cluster-node-timeout", strconv.FormatInt(nodeTimeout.Milliseconds(), 10))
	}
	if s.master != nil {
		args = append(args, "--replicaof", loopback, strconv.Itoa(s.master.ports[0].number))
	}
	return append(args, s.server...)
}

// moduleArguments is the end of the command line: what follows a module is
// the module's.
func (s settings) moduleArguments(at installation) []string {
	if s.plain {
		return nil
	}
	return append([]string{"--loadmodule", at.module()}, s.module...)
}
