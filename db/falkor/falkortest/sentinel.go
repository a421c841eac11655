package falkortest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	// MasterName is what the sentinels call their master.
	MasterName = "zapomni"
	// downAfter is how long a master may be silent before a sentinel holds it
	// for dead.
	downAfter = time.Second
	sentinels = 3
	quorum    = 2
)

// Sentinel is a master with replicas, and three sentinels over them.
type Sentinel struct {
	// Servers has the first master first, and then its replicas.
	Servers []*Server
	// Sentinels can be asked, killed and frozen as servers can.
	Sentinels []*Server

	tb testing.TB
}

// StartSentinel starts a master with replicas and three sentinels, and returns
// when all of them know each other. The options are those of the servers.
func StartSentinel(tb testing.TB, replicas int, options ...Option) *Sentinel {
	tb.Helper()
	at := installed(tb)
	master := Start(tb, options...)
	s := &Sentinel{tb: tb, Servers: []*Server{master}}
	for range replicas {
		s.Servers = append(s.Servers, Start(tb, append(slices.Clone(options), ReplicaOf(master))...))
	}
	for range sentinels {
		s.Sentinels = append(s.Sentinels, startOneSentinel(tb, at, master))
	}
	for _, one := range s.Sentinels {
		await(tb, "the sentinels know each other", func() error { return knows(one, replicas) })
	}
	return s
}

func startOneSentinel(tb testing.TB, at installation, master *Server) *Server {
	tb.Helper()
	dir, socket := tb.TempDir(), filepath.Join(socketDir(tb), "s")
	conf := fmt.Sprintf("sentinel monitor %s %s %d %d\n", MasterName, loopback, master.ports[0].number, quorum) +
		fmt.Sprintf("sentinel down-after-milliseconds %s %d\n", MasterName, downAfter.Milliseconds()) +
		fmt.Sprintf("sentinel failover-timeout %s %d\n", MasterName, 5*downAfter.Milliseconds())
	if master.password != "" {
		conf += fmt.Sprintf("sentinel auth-pass %s %q\n", MasterName, master.password)
	}
	file := filepath.Join(dir, "sentinel.conf")
	require.NoError(tb, os.WriteFile(file, []byte(conf), 0o600))
	s := &Server{
		network: "unix", address: socket, ports: []port{{flag: "--port"}},
		launch: launch{
			program: at.program("valkey-sentinel"),
			arguments: []string{
				file, "--bind", loopback, "--unixsocket", socket, "--dir", dir, "--daemonize", "no",
			},
			env: at.environment(), dir: dir,
		},
		printed: logFile(dir),
	}
	s.begin(tb)
	return s
}

// knows says what a sentinel is still missing.
func knows(sentinel *Server, replicas int) error {
	if _, err := sentinel.Do("SENTINEL", "CKQUORUM", MasterName); err != nil {
		return err
	}
	return sentinel.says([]string{"SENTINEL", "MASTER", MasterName},
		fmt.Sprintf("num-slaves %d ", replicas), fmt.Sprintf("num-other-sentinels %d ", sentinels-1), "flags master ")
}

// Addrs returns where the sentinels listen.
func (s *Sentinel) Addrs() []string { return addrs(s.Sentinels) }

// Master returns the master that the first sentinel alive names.
func (s *Sentinel) Master() *Server {
	s.tb.Helper()
	for _, one := range s.Sentinels {
		if !one.Running() {
			continue
		}
		master, err := s.named(one)
		require.NoError(s.tb, err)
		return master
	}
	require.FailNow(s.tb, "no sentinel is alive")
	return nil
}

// AwaitFailover waits until each sentinel alive names the same new master
// instead of old, and that master is one. It returns the new one.
func (s *Sentinel) AwaitFailover(old *Server) *Server {
	s.tb.Helper()
	var master *Server
	await(s.tb, "another server is master", func() error {
		master = nil
		for _, one := range s.Sentinels {
			if !one.Running() {
				continue
			}
			named, err := s.named(one)
			switch {
			case err != nil:
				return err
			case named == old || master != nil && named != master:
				return errors.New("the sentinels have not agreed on it")
			}
			master = named
		}
		if master == nil {
			return errors.New("no sentinel is alive")
		}
		return master.says([]string{"INFO", "replication"}, "role:master")
	})
	return master
}

// named returns the master that a sentinel names.
func (s *Sentinel) named(sentinel *Server) (*Server, error) {
	reply, err := sentinel.Do("SENTINEL", "GET-MASTER-ADDR-BY-NAME", MasterName)
	if err != nil {
		return nil, err
	}
	pair, _ := reply.([]any)
	if len(pair) != 2 {
		return nil, fmt.Errorf("the sentinel names %v", reply)
	}
	return byAddr(s.Servers, net.JoinHostPort(fmt.Sprint(pair[0]), fmt.Sprint(pair[1])))
}

func byAddr(servers []*Server, addr string) (*Server, error) {
	for _, s := range servers {
		if s.Addr() == addr {
			return s, nil
		}
	}
	return nil, fmt.Errorf("no server of ours listens at %s", addr)
}

func addrs(servers []*Server) []string {
	out := make([]string, len(servers))
	for i, s := range servers {
		out[i] = s.Addr()
	}
	return out
}

func (s *Server) portNumber(i int) string { return strconv.Itoa(s.ports[i].number) }
