package transport

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestConfigDefaultsAreValid(t *testing.T) {
	require.NoError(t, Defaults().Validate())
}

func TestConfigValidateSaysWhatIsWrong(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"type", func(c *Config) { c.Type = "tcp" }, `type must be stdio or sse, got "tcp"`},
		{"grace", func(c *Config) { c.ShutdownGrace = 0 }, "shutdown_grace must be > 0, got 0s"},
		{"line", func(c *Config) { c.MaxLineBytes = 65535 }, "max_line_bytes must be >= 65536, got 65535"},
		{"host", func(c *Config) { c.HTTP.Host = "" }, "host cannot be empty"},
		{"port", func(c *Config) { c.HTTP.Port = 0 }, "port must be between 1 and 65535, got 0"},
		{"heartbeat", func(c *Config) { c.HTTP.HeartbeatInterval = 4 * time.Second }, "heartbeat_interval must be at least 5 seconds, got 4"},
		{"lifetime", func(c *Config) { c.HTTP.MaxConnectionLifetime = 59 * time.Second }, "max_connection_lifetime must be at least 60 seconds, got 59"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := Defaults()
			row.change(&c)
			require.EqualError(t, c.Validate(), row.want)
		})
	}
}

func TestConfigAsksForTheNamesOfAReachableServer(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(*Config)
		ok     bool
	}{
		{"reachable, no names", func(c *Config) { c.HTTP.Host = "10.0.0.1" }, false},
		{"reachable, names", func(c *Config) { c.HTTP.Host, c.HTTP.AllowedHosts = "10.0.0.1", []string{"a"} }, true},
		{"reachable, no protection", func(c *Config) { c.HTTP.Host, c.HTTP.DNSRebindingProtection = "10.0.0.1", false }, true},
		{"reachable, but over stdio", func(c *Config) { c.HTTP.Host, c.Type = "10.0.0.1", Stdio }, true},
		{"localhost", func(c *Config) { c.HTTP.Host = "localhost" }, true},
		{"IPv6 loopback", func(c *Config) { c.HTTP.Host = "::1" }, true},
		{"every address", func(c *Config) { c.HTTP.Host = "0.0.0.0" }, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := Defaults()
			c.Type = SSE
			row.change(&c)
			if row.ok {
				require.NoError(t, c.Validate())
				return
			}
			require.ErrorContains(t, c.Validate(), "allowed_hosts must be explicitly configured when binding to non-localhost address '10.0.0.1' with dns_rebinding_protection")
		})
	}
}
