package chaos

import (
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/db/falkor"
	"zapomni/db/falkor/falkortest"
	"zapomni/memory"
	"zapomni/tests/client"
)

func TestStoresThatOpenAtOnceMakeOneSchema(t *testing.T) {
	server := falkortest.Shared(t)
	for range 5 {
		c := falkor.Defaults()
		c.URL, c.Graph = falkor.Secret(server.URL()), server.Graph(t)
		stores := make([]*falkor.Store, crowd)
		together(t, func(i int) (err error) {
			stores[i], err = falkor.Open(t.Context(), c, slog.New(slog.DiscardHandler))
			if err != nil {
				return err
			}
			_, err = memory.New(stores[i], memory.Defaults()).Add(t.Context(), memory.Draft{Text: medlar(i, 0)})
			return err
		})
		for _, s := range stores {
			counts, err := s.Counts(t.Context(), memory.DefaultWorkspace)
			require.NoError(t, err)
			require.Equal(t, crowd, counts.Memories)
			found, err := memory.New(s, memory.Defaults()).Recall(t.Context(), memory.Question{Text: medlar(crowd-1, 0), Limit: 9})
			require.NoError(t, err)
			require.Len(t, found.Hits, 1)
			require.NoError(t, s.Close())
		}
		for what, query := range map[string]string{
			"9": "CALL db.indexes() YIELD properties UNWIND properties AS p RETURN count(p)",
			"1": "MATCH (s:Store) RETURN count(s)",
		} {
			reply, err := server.Do("GRAPH.RO_QUERY", c.Graph, query)
			require.NoError(t, err)
			require.Contains(t, fmt.Sprint(reply), " [["+what+"]] ", query)
		}
	}
}

func TestProgramsThatStartAtOnceShareAServer(t *testing.T) {
	server := falkortest.Shared(t)
	env := []string{"FALKORDB_URL=" + server.URL(), "GRAPH_NAME=" + server.Graph(t)}
	conns := make([]*client.Conn, crowd)
	for i := range conns {
		conns[i] = client.Start(t, t.TempDir(), env...)
	}
	together(t, func(i int) error {
		if err := conns[i].Initialize(); err != nil {
			return err
		}
		_, err := conns[i].Add(map[string]any{"text": "Here is " + medlar(i, 0) + "."})
		return err
	})
	for i, c := range conns {
		require.Equal(t, crowd, stored(t, c))
		require.Len(t, found(t, c, medlar((i+1)%crowd, 0)), 1)
	}
	for _, c := range conns {
		require.NoError(t, c.CloseInput())
		require.NotContains(t, c.Stderr.String(), `"level":"error"`)
	}
}

func TestForeignGraphIsRefusedAndLeftAlone(t *testing.T) {
	server := falkortest.Shared(t)
	c := falkor.Defaults()
	c.URL, c.Graph = falkor.Secret(server.URL()), server.Graph(t)
	_, err := server.Do("GRAPH.QUERY", c.Graph, "CREATE (:Person {name: 'someone'})")
	require.NoError(t, err)
	_, err = falkor.Open(t.Context(), c, slog.New(slog.DiscardHandler))
	require.ErrorIs(t, err, memory.ErrConflict)
	require.ErrorContains(t, err, "holds something else; name another one (GRAPH_NAME)")
	for query, want := range map[string]string{
		"MATCH (n) RETURN labels(n), n.name":            "[Person]",
		"CALL db.indexes() YIELD label RETURN count(*)": " [[0]] ",
	} {
		reply, err := server.Do("GRAPH.RO_QUERY", c.Graph, query)
		require.NoError(t, err)
		require.Contains(t, fmt.Sprint(reply), want)
	}
}

// unused returns a port of the loopback interface where nobody listens.
func unused(t *testing.T) int {
	t.Helper()
	var listens net.ListenConfig
	l, err := listens.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func TestServersThatCannotServeAreToldApartAtOnce(t *testing.T) {
	const password = "ses@me"
	locked := falkortest.Start(t, falkortest.Password(password))
	secure := falkortest.Start(t, falkortest.TLS())
	plain := falkortest.Start(t, falkortest.Plain())
	for _, row := range []struct {
		name   string
		server *falkortest.Server
		change func(*falkor.Config)
		want   string
	}{
		{"no FalkorDB", plain, func(*falkor.Config) {}, "without the FalkorDB module: start one with: docker run"},
		{"no password", locked, func(c *falkor.Config) { c.URL = falkor.Secret("redis://" + locked.Addr()) }, "NOAUTH"},
		{"wrong password", locked, func(c *falkor.Config) {
			c.URL = falkor.Secret(strings.Replace(locked.URL(), "ses%40me", "guess", 1))
		}, "WRONGPASS"},
		{"wrong port", plain, func(c *falkor.Config) { c.URL, c.Port = "", unused(t) }, "connection refused"},
		{"wrong name", secure, func(c *falkor.Config) {
			c.TLS.CAFile, c.TLS.ServerName = secure.Certificates().Authority, "elsewhere.example"
		}, "not elsewhere.example"},
		{"unknown authority", secure, func(*falkor.Config) {}, "unknown authority"},
		{"no encryption", secure, func(c *falkor.Config) { c.URL = falkor.Secret("redis://" + secure.Addr()) }, "EOF"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := falkor.Defaults()
			c.URL = falkor.Secret(row.server.URL())
			row.change(&c)
			began := time.Now()
			_, err := falkor.Open(t.Context(), c, slog.New(slog.DiscardHandler))
			require.ErrorIs(t, err, memory.ErrUnavailable)
			require.ErrorContains(t, err, row.want)
			require.NotContains(t, err.Error(), "guess")
			require.NotContains(t, err.Error(), password)
			require.Less(t, time.Since(began), 3*time.Second)
			until(t, "no connection is left", func() bool { return len(connections(t, row.server)) == 0 }, nil)
		})
	}
}

// A server that is not there yet is waited for where that is asked for.
func TestServerThatComesLateIsWaitedFor(t *testing.T) {
	server := falkortest.Start(t)
	proxy := falkortest.NewProxy(t, server.Addr())
	accept := proxy.Refuse()
	c := impatient("redis://"+proxy.Addr(), "late")
	c.Wait = true
	var waited sync.WaitGroup
	waited.Go(func() {
		time.Sleep(time.Second)
		accept()
	})
	store := open(t, c, server)
	waited.Wait()
	require.Positive(t, store.events.lines("waiting_for_server", "connection refused"))
	require.NoError(t, store.Ping(t.Context()))
	require.NoError(t, store.Close())
}
