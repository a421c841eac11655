package falkor

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDefaultsAreThePromisedOnes(t *testing.T) {
	c := Defaults()
	require.NoError(t, c.Validate())
	require.Empty(t, c.Warnings())
	require.Equal(t, 6381, c.Port)
	require.Equal(t, "zapomni_memory", c.Graph)
	require.Equal(t, 30*time.Second, c.ConnectionTimeout)
	require.Equal(t, []int{16, 200, 100}, []int{c.HNSWM, c.HNSWBuild, c.HNSWSearch})
	require.Equal(t, PoolConfig{5, 20, 10 * time.Second, 30 * time.Second, 5 * time.Second, 30 * time.Second}, c.Pool)
	require.Equal(t, RetryConfig{3, 100 * time.Millisecond, 2 * time.Second, 2, true, 0}, c.Retry)
	require.False(t, c.Wait)
	require.Zero(t, c.WaitReplicas)
}

func TestValidateSaysWhatIsWrong(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(*Config)
		want   string // empty for nothing
	}{
		{"host", func(c *Config) { c.Host = " " }, "host cannot be empty"},
		{"port below", func(c *Config) { c.Port = 0 }, "port must be in range 1-65535, got 0"},
		{"port above", func(c *Config) { c.Port = 65536 }, "port must be in range 1-65535, got 65536"},
		{"URL", func(c *Config) { c.URL = "there:6379" }, "url must be like redis://user:password@host:port or rediss://..."},
		{"URL without host", func(c *Config) { c.URL = "redis://" }, "url must be like redis://user:password@host:port or rediss://..."},
		{"URL with TLS", func(c *Config) { c.URL = "rediss://u:p@there:6379" }, ""},
		{"URL of FalkorDB", func(c *Config) { c.URL = "falkor://there:6379/3" }, ""},
		{"URL of a socket", func(c *Config) { c.URL = "unix://u:p@/run/falkor.sock?db=2" }, ""},
		{"URL of another kind", func(c *Config) { c.URL = "https://there" }, "url must be like redis://user:password@host:port or rediss://..."},
		{"URL with an option", func(c *Config) { c.URL = "redis://there?read_timeout=3" }, "url must be like redis://user:password@host:port or rediss://..."},
		{"URL with a wrong database", func(c *Config) { c.URL = "redis://there/16" }, "url must be like redis://user:password@host:port or rediss://..."},
		{"URL with a wrong port", func(c *Config) { c.URL = "redis://there:70000" }, "url must be like redis://user:password@host:port or rediss://..."},
		{"db below", func(c *Config) { c.DB = -1 }, "db must be in range 0-15, got -1"},
		{"db above", func(c *Config) { c.DB = 16 }, "db must be in range 0-15, got 16"},
		{"db in a cluster", func(c *Config) { c.Addresses, c.DB = []string{"a:1"}, 3 }, "db must be 0 in a cluster, got 3"},
		{"db behind Sentinels", func(c *Config) { c.Addresses, c.MasterName, c.DB = []string{"a:1"}, "m", 3 }, ""},
		{"address", func(c *Config) { c.Addresses = []string{"a:1", "there"} }, `addresses must be like host:port, got "there"`},
		{"addresses and URL", func(c *Config) { c.Addresses, c.URL = []string{"a:1"}, "redis://there" }, "addresses and url cannot both be set"},
		{"master without addresses", func(c *Config) { c.MasterName = "m" }, "master_name needs the addresses of its Sentinels"},
		{"replicas without addresses", func(c *Config) { c.ReadReplicas = true }, "read_replicas needs addresses of a cluster or of Sentinels"},
		{"replicas waited for", func(c *Config) { c.WaitReplicas = 11 }, "wait_replicas must be between 0 and 10, got 11"},
		{"wait for replicas", func(c *Config) { c.WaitReplicaTimeout = 0 }, "wait_replica_timeout must be > 0, got 0.0"},
		{"certificate without key", func(c *Config) { c.TLS.CertFile = "c.pem" }, "key_file is missing beside cert_file"},
		{"key without certificate", func(c *Config) { c.TLS.KeyFile = "k.pem" }, "cert_file is missing beside key_file"},
		{"graph", func(c *Config) { c.Graph = "" }, "graph cannot be empty"},
		{"connection timeout", func(c *Config) { c.ConnectionTimeout = 301 * time.Second }, "connection_timeout must be between 1 and 300 seconds, got 301"},
		{"hnsw_m", func(c *Config) { c.HNSWM = 3 }, "hnsw_m must be between 4 and 64, got 3"},
		{"hnsw_ef_construction", func(c *Config) { c.HNSWBuild = 1001 }, "hnsw_ef_construction must be between 50 and 1000, got 1001"},
		{"hnsw_ef_search", func(c *Config) { c.HNSWSearch = 9 }, "hnsw_ef_search must be between 10 and 500, got 9"},

		{"min_size", func(c *Config) { c.Pool.MinSize = 0 }, "min_size must be >= 1, got 0"},
		{"max_size below min_size", func(c *Config) { c.Pool.MaxSize = 4 }, "max_size (4) must be >= min_size (5)"},
		{"max_size equal to min_size", func(c *Config) { c.Pool.MaxSize = 5 }, ""},
		{"max_size above", func(c *Config) { c.Pool.MaxSize = 201 }, "max_size must be <= 200, got 201"},
		{"max_size at its bound", func(c *Config) { c.Pool.MaxSize = 200 }, ""},
		{"timeout", func(c *Config) { c.Pool.Timeout = 0 }, "timeout must be > 0, got 0.0"},
		{"socket_timeout", func(c *Config) { c.Pool.SocketTimeout = -time.Second }, "socket_timeout must be > 0, got -1.0"},
		{"socket_connect_timeout", func(c *Config) { c.Pool.SocketConnectTimeout = -500 * time.Millisecond }, "socket_connect_timeout must be > 0, got -0.5"},
		{"health_check_interval", func(c *Config) { c.Pool.HealthCheckInterval = 9 * time.Second }, "health_check_interval must be >= 10, got 9"},

		{"max_retries below", func(c *Config) { c.Retry.MaxRetries = -1 }, "max_retries must be >= 0, got -1"},
		{"max_retries above", func(c *Config) { c.Retry.MaxRetries = 11 }, "max_retries must be <= 10, got 11"},
		{"no retries", func(c *Config) { c.Retry.MaxRetries = 0 }, ""},
		{"initial_delay", func(c *Config) { c.Retry.InitialDelay = 0 }, "initial_delay must be > 0, got 0.0"},
		{"max_delay", func(c *Config) { c.Retry.MaxDelay = 50 * time.Millisecond }, "max_delay (0.05) must be >= initial_delay (0.1)"},
		{"exponential_base", func(c *Config) { c.Retry.ExponentialBase = 0.5 }, "exponential_base must be >= 1.0, got 0.5"},
		{"budget", func(c *Config) { c.Retry.Budget = -time.Second }, "budget must be >= 0, got -1.0"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := Defaults()
			row.change(&c)
			if row.want == "" {
				require.NoError(t, c.Validate())
				return
			}
			require.EqualError(t, c.Validate(), row.want)
		})
	}
}

func TestValidateSaysEverythingInOrder(t *testing.T) {
	c := Defaults()
	c.Pool = PoolConfig{MinSize: 0, MaxSize: -1}
	c.Retry = RetryConfig{MaxRetries: 11, MaxDelay: -time.Second}
	require.EqualError(t, c.Validate(), `min_size must be >= 1, got 0
max_size (-1) must be >= min_size (0)
timeout must be > 0, got 0.0
socket_timeout must be > 0, got 0.0
socket_connect_timeout must be > 0, got 0.0
health_check_interval must be >= 10, got 0
max_retries must be <= 10, got 11
initial_delay must be > 0, got 0.0
max_delay (-1.0) must be >= initial_delay (0.0)
exponential_base must be >= 1.0, got 0.0`)
}

func TestWarningsTellOfASearchWiderThanTheIndex(t *testing.T) {
	c := Defaults()
	c.HNSWSearch = 300
	require.Equal(t, []string{"hnsw_ef_search (300) should not exceed hnsw_ef_construction (200)"}, c.Warnings())
}
