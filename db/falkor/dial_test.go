package falkor

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"github.com/stretchr/testify/require"
)

func TestOptionsLeaveRetriesToUs(t *testing.T) {
	o, err := Defaults().options(newWires())
	require.NoError(t, err)
	require.Equal(t, -1, o.MaxRetries)
	require.Equal(t, -1, o.MaxRedirects)
	require.Equal(t, 1, o.DialerRetries)
	require.True(t, o.ContextTimeoutEnabled)
}

func TestOptionsBoundThePool(t *testing.T) {
	o, err := Defaults().options(newWires())
	require.NoError(t, err)
	require.Equal(t, 20, o.PoolSize)
	require.Equal(t, -1, o.PipelinePoolSize)
	require.Zero(t, o.MaxActiveConns)
	require.Equal(t, 10*time.Second, o.PoolTimeout)
	require.Equal(t, 30*time.Second, o.ConnMaxIdleTime)
	require.Equal(t, 5*time.Second, o.DialTimeout)
	require.Greater(t, o.ReadTimeout, 30*time.Second)
	require.Equal(t, maintnotifications.ModeDisabled, o.MaintNotificationsConfig.Mode)
	require.Nil(t, o.TLSConfig)
}

func TestTopologyFollowsTheSettings(t *testing.T) {
	nodes := []string{"127.0.0.1:1", "127.0.0.1:2"}
	for _, row := range []struct {
		name   string
		change func(*Config)
		want   any
	}{
		{"one server", func(*Config) {}, &one{}},
		{"sentinels", func(c *Config) { c.Addresses, c.MasterName = nodes, "m" }, &one{}},
		{"sentinels and replicas", func(c *Config) { c.Addresses, c.MasterName, c.ReadReplicas = nodes, "m", true }, &many{}},
		{"cluster", func(c *Config) { c.Addresses = nodes }, &many{}},
		{"cluster of which one node is known", func(c *Config) { c.Addresses = nodes[:1] }, &many{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := Defaults()
			row.change(&c)
			require.NoError(t, c.Validate())
			o, err := c.options(newWires())
			require.NoError(t, err)
			s := open(o)
			require.IsType(t, row.want, s)
			require.NoError(t, s.Close())
		})
	}
}

func TestWrongCertificateFilesAreSaid(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	for _, row := range []struct {
		name string
		tls  TLSConfig
		want string
	}{
		{"authority missing", TLSConfig{CAFile: "/nowhere.pem"}, "read ca_file: open /nowhere.pem"},
		{"authority empty", TLSConfig{CAFile: empty}, "read ca_file: no certificate in " + empty},
		{"certificate missing", TLSConfig{CertFile: "/nowhere.pem", KeyFile: "/nowhere.key"}, "read cert_file and key_file: open /nowhere.pem"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := Defaults()
			c.TLS = row.tls
			log, _ := logged(t)
			_, err := NewClient(c, log)
			require.ErrorContains(t, err, row.want)
		})
	}
}

func TestCommandsFindTheirGraph(t *testing.T) {
	for _, row := range []struct {
		args []any
		want string
	}{
		{[]any{"GRAPH.DELETE", "g"}, "g"},
		{[]any{"graph.constraint", "CREATE", "g", "UNIQUE"}, "g"},
		{[]any{"GRAPH.MEMORY", "USAGE", "g"}, "g"},
		{[]any{"GRAPH.LIST"}, "home"},
		{[]any{"GRAPH.CONFIG", "GET", "TIMEOUT_MAX"}, "home"},
		{[]any{"PING"}, "home"},
		{[]any{"GRAPH.DELETE"}, "home"},
	} {
		require.Equal(t, route{graph: row.want, effect: Once}, routeOf(Once, "home", row.args), row.args)
	}
}

func TestRedirectsAreUnderstood(t *testing.T) {
	raw := func(text string) redis.Cmder {
		c := redis.NewRawCmd(t.Context(), "x")
		c.SetVal([]byte(text))
		return c
	}
	parsed := redis.NewCmd(t.Context(), "x")
	parsed.SetErr(says("MOVED 3999 there:1"))
	for _, row := range []struct {
		name          string
		command       redis.Cmder
		address       string
		asking, moved bool
	}{
		{"moved", raw("-MOVED 3999 there:1\r\n"), "there:1", false, true},
		{"asked", raw("-ASK 3999 there:1\r\n"), "there:1", true, true},
		{"moved, parsed", parsed, "there:1", false, true},
		{"another error", raw("-ERR no such\r\n"), "", false, false},
		{"no error", raw("+OK\r\n"), "", false, false},
		{"nothing", raw(""), "", false, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			address, asking, moved := redirected(row.command)
			require.Equal(t, row.address, address)
			require.Equal(t, row.asking, asking)
			require.Equal(t, row.moved, moved)
		})
	}
}
