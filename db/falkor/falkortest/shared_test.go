package falkortest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func graphs(t *testing.T, s *Server) []any {
	t.Helper()
	reply, err := s.Do("GRAPH.LIST")
	require.NoError(t, err)
	names, _ := reply.([]any)
	return names
}

func TestSharedIsOneServer(t *testing.T) {
	t.Setenv(envAddr, "")
	first, second := Shared(t), Shared(t)
	require.Equal(t, first.Addr(), second.Addr())
}

func TestSharedCannotBeStopped(t *testing.T) {
	t.Setenv(envAddr, "")
	for name, control := range map[string]func(*Server){
		"kill": (*Server).Kill, "stop": (*Server).Stop, "pause": (*Server).Pause, "restart": (*Server).Restart,
	} {
		s := Shared(t)
		refused := &recorder{TB: t}
		s.tb = refused
		control(s)
		require.NotEmpty(t, refused.errors, name)
		require.Contains(t, refused.errors[0], errNotOurs.Error(), name)
	}
	_, err := Shared(t).Do("PING")
	require.NoError(t, err)
}

func TestSharedMayBeOutside(t *testing.T) {
	s := Start(t)
	for _, tc := range []struct{ name, addr, url string }{
		{"port", s.Addr(), "redis://" + s.Addr()},
		{"socket", "unix:" + s.Socket(), "unix://" + s.Socket()},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Setenv(envAddr, tc.addr)
			outside := Shared(t)
			require.Equal(t, tc.addr, outside.Addr())
			require.Equal(t, tc.url, outside.URL())
			query(t, outside, outside.Graph(t), "RETURN 1")
		})
	}
}

func TestOutsideRefusesWhatIsNoAddress(t *testing.T) {
	t.Setenv(envAddr, "6379")
	_, err := outside()
	require.ErrorContains(t, err, "neither host:port nor unix:/path")
}

func TestGraphsAreDeletedWithTheirTest(t *testing.T) {
	s := Start(t)
	t.Setenv(envAddr, s.Addr())
	query(t, s, "mine", "RETURN 1")
	t.Run("a test: with graphs", func(t *testing.T) {
		shared := Shared(t)
		name, other := shared.Graph(t), shared.Graph(t)
		require.NotEqual(t, name, other)
		query(t, shared, name, "RETURN 1")
		query(t, shared, name+":workspace", "RETURN 1")
		query(t, shared, other, "RETURN 1")
		require.Len(t, graphs(t, s), 4)
	})
	// The server lists a graph until it has freed it.
	await(t, "the graphs are gone", func() error {
		if left := graphs(t, s); !slices.Equal(left, []any{"mine"}) {
			return fmt.Errorf("%v are left", left)
		}
		return nil
	})
}

func TestGraphsMayBeDeletedByTheirTest(t *testing.T) {
	s := Start(t)
	t.Setenv(envAddr, s.Addr())
	t.Run("deletes", func(t *testing.T) {
		shared := Shared(t)
		name := shared.Graph(t)
		query(t, shared, name, "UNWIND range(1, 100000) AS i CREATE (:A)")
		_, err := shared.Do("GRAPH.DELETE", name)
		require.NoError(t, err)
	})
}
