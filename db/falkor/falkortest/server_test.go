package falkortest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// query runs one on s and returns the rows.
func query(t *testing.T, s *Server, graph, text string) []any {
	t.Helper()
	reply, err := s.Do("GRAPH.QUERY", graph, text)
	require.NoError(t, err)
	rows, _ := reply.([]any)
	if len(rows) == 3 {
		rows, _ = rows[1].([]any)
	}
	return rows
}

func TestStartedServerAnswersQueries(t *testing.T) {
	s := Start(t)
	require.Equal(t, []any{[]any{int64(42)}}, query(t, s, "g", "RETURN 40 + 2"))
}

func TestStartedServerListensOnItsPort(t *testing.T) {
	s := Start(t)
	p := NewProxy(t, s.Addr())
	reply, err := dial(t, p).call("PING")
	require.NoError(t, err)
	require.Equal(t, "PONG", reply)
	require.Equal(t, "redis://"+s.Addr(), s.URL())
}

func TestStartedServerListensOnItsSocket(t *testing.T) {
	s := Start(t)
	require.Less(t, len(s.Socket()), 100)
	reply, err := dial(t, NewProxy(t, "unix:"+s.Socket())).call("PING")
	require.NoError(t, err)
	require.Equal(t, "PONG", reply)
}

func TestServersAreApart(t *testing.T) {
	one, other := Start(t), Start(t)
	query(t, one, "g", "CREATE (:A)")
	reply, err := other.Do("GRAPH.LIST")
	require.NoError(t, err)
	require.Empty(t, reply)
}

func TestPasswordIsAsked(t *testing.T) {
	s := Start(t, Password("se cret"))
	_, err := dial(t, NewProxy(t, s.Addr())).call("GRAPH.LIST")
	require.EqualError(t, err, "NOAUTH Authentication required.")
	require.ErrorAs(t, err, new(ReplyError))
	require.Equal(t, "redis://:se%20cret@"+s.Addr(), s.URL())
	query(t, s, "g", "RETURN 1")
}

func TestModuleOptionsCount(t *testing.T) {
	s := Start(t, Threads(1), Module("TIMEOUT_MAX", "1234"))
	for name, want := range map[string]int64{"THREAD_COUNT": 1, "TIMEOUT_MAX": 1234} {
		reply, err := s.Do("GRAPH.CONFIG", "GET", name)
		require.NoError(t, err)
		require.Equal(t, []any{name, want}, reply)
	}
}

func TestServerArgumentsCount(t *testing.T) {
	s := Start(t, Arg("--maxclients", "17"))
	reply, err := s.Do("CONFIG", "GET", "maxclients")
	require.NoError(t, err)
	require.Equal(t, []any{"maxclients", "17"}, reply)
}

func TestPlainServerKnowsNoGraphs(t *testing.T) {
	_, err := Start(t, Plain()).Do("GRAPH.LIST")
	require.ErrorContains(t, err, "unknown command")
}

// certified returns what a client needs to trust the server, and whom to show.
func certified(t *testing.T, c Certificates, shows bool) *tls.Config {
	t.Helper()
	pem, err := os.ReadFile(c.Authority)
	require.NoError(t, err)
	config := &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "localhost"}
	require.True(t, config.RootCAs.AppendCertsFromPEM(pem))
	if shows {
		pair, err := tls.LoadX509KeyPair(c.Client, c.ClientKey)
		require.NoError(t, err)
		config.Certificates = []tls.Certificate{pair}
	}
	return config
}

func pingTLS(t *testing.T, s *Server, config *tls.Config) error {
	t.Helper()
	conn, err := (&tls.Dialer{Config: config}).DialContext(t.Context(), "tcp", s.Addr())
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	answer := make([]byte, len("+PONG\r\n"))
	n, err := conn.Read(answer)
	if err == nil && string(answer[:n]) != "+PONG\r\n" {
		return errors.New(string(answer[:n]))
	}
	return err
}

func TestTLS(t *testing.T) {
	s := Start(t, TLS())
	require.NoError(t, pingTLS(t, s, certified(t, s.Certificates(), false)))
	require.Error(t, pingTLS(t, s, &tls.Config{ServerName: "localhost"}), "the authority is our own")
	require.True(t, strings.HasPrefix(s.URL(), "rediss://"))
}

func TestMutualTLSWantsACertificate(t *testing.T) {
	s := Start(t, MutualTLS())
	require.NoError(t, pingTLS(t, s, certified(t, s.Certificates(), true)))
	require.Error(t, pingTLS(t, s, certified(t, s.Certificates(), false)))
}

func TestKilledServerKeepsWhatItWroteDown(t *testing.T) {
	s := Start(t, AppendOnly())
	addr := s.Addr()
	query(t, s, "g", "CREATE (:A {n: 7})")
	s.Kill()
	require.False(t, s.Running())
	_, err := connect(t, s.Addr())
	require.Error(t, err)
	s.Restart()
	require.True(t, s.Running())
	require.Equal(t, addr, s.Addr())
	require.Equal(t, []any{[]any{int64(7)}}, query(t, s, "g", "MATCH (a:A) RETURN a.n"))
}

func TestKilledServerWithoutLogForgets(t *testing.T) {
	s := Start(t)
	query(t, s, "g", "CREATE (:A)")
	s.Restart()
	require.Empty(t, query(t, s, "g", "MATCH (a:A) RETURN a"))
}

func TestStoppedServerCanBeStoppedAgain(t *testing.T) {
	s := Start(t)
	s.Stop()
	s.Stop()
	s.Kill()
	require.False(t, s.Running())
}

func TestPausedServerAnswersWhenItGoesOn(t *testing.T) {
	s := Start(t)
	c := dial(t, NewProxy(t, s.Addr()))
	_, err := c.call("PING")
	require.NoError(t, err)
	s.Pause()
	require.NoError(t, c.SetDeadline(time.Now().Add(50*time.Millisecond)))
	_, err = c.call("ECHO", "late")
	var timeout net.Error
	require.ErrorAs(t, err, &timeout)
	require.True(t, timeout.Timeout())
	s.Resume()
	require.NoError(t, c.SetDeadline(time.Now().Add(answerTime)))
	reply, err := readReply(c.r)
	require.NoError(t, err)
	require.Equal(t, "late", reply)
}

func TestPausedServerCanBeStopped(t *testing.T) {
	s := Start(t)
	s.Pause()
	s.Stop()
	require.False(t, s.Running())
}

func TestReplicaFollows(t *testing.T) {
	master := Start(t, Password("x"))
	query(t, master, "g", "CREATE (:A {n: 1})")
	replica := Start(t, ReplicaOf(master))
	reply, err := replica.Do("GRAPH.RO_QUERY", "g", "MATCH (a:A) RETURN a.n")
	require.NoError(t, err)
	require.Equal(t, []any{[]any{int64(1)}}, reply.([]any)[1])
	_, err = replica.Do("GRAPH.QUERY", "g", "CREATE (:A)")
	require.ErrorContains(t, err, "READONLY")
}
