package falkor

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/db/falkor/falkortest"
)

func TestIdentityKnowsAServerByAnyAddress(t *testing.T) {
	s, other := falkortest.Start(t), falkortest.Start(t)
	proxy := falkortest.NewProxy(t, s.Addr())
	of := func(url, graph string) Identity {
		c := Defaults()
		c.URL, c.Graph = Secret(url), graph
		id, err := Identify(t.Context(), c, slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		return id
	}
	one := of(s.URL(), "zapomni")
	for _, tc := range []struct {
		name string
		id   Identity
		want bool
	}{
		{"the same", of(s.URL(), "zapomni"), true},
		{"over something between", of("redis://"+proxy.Addr(), "zapomni"), true},
		{"of a workspace of it", of(s.URL(), "zapomni:work"), true},
		{"another graph", of(s.URL(), "zapomni2"), false},
		{"another database", of(s.URL()+"/1", "zapomni"), false},
		{"another server", of(other.URL(), "zapomni"), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			require.Equal(t, tc.want, one.Overlaps(tc.id))
			require.Equal(t, tc.want, tc.id.Overlaps(one))
		})
	}
}

func TestIdentifyMakesNoGraph(t *testing.T) {
	s := falkortest.Shared(t)
	c := Defaults()
	c.URL, c.Graph = Secret(s.URL()), s.Graph(t)
	for range 2 {
		id, err := Identify(t.Context(), c, slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		require.True(t, id.Missing())
	}
	_, err := s.Do("GRAPH.QUERY", c.Graph, "RETURN 1")
	require.NoError(t, err)
	id, err := Identify(t.Context(), c, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.False(t, id.Missing())
}
