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
		{"type", func(c *Config) { c.Type = "tcp" }, `type must be stdio, sse or http, got "tcp"`},
		{"grace", func(c *Config) { c.ShutdownGrace = 0 }, "shutdown_grace must be > 0, got 0s"},
		{"line", func(c *Config) { c.MaxLineBytes = 65535 }, "max_line_bytes must be >= 65536, got 65535"},
		{"host", func(c *Config) { c.HTTP.Host = "" }, "host cannot be empty"},
		{"port", func(c *Config) { c.HTTP.Port = 0 }, "port must be between 1 and 65535, got 0"},
		{"heartbeat", func(c *Config) { c.HTTP.HeartbeatInterval = 4 * time.Second }, "heartbeat_interval must be at least 5 seconds, got 4"},
		{"lifetime", func(c *Config) { c.HTTP.MaxConnectionLifetime = 59 * time.Second }, "max_connection_lifetime must be at least 60 seconds, got 59"},
		{"idle sessions", func(c *Config) { c.HTTP.SessionIdleTimeout = time.Second }, "session_idle_timeout must be at least 10 seconds, got 1"},
		{"sessions", func(c *Config) { c.HTTP.MaxSessions = 0 }, "max_sessions must be >= 1, got 0"},
		{"sessions of one client", func(c *Config) { c.HTTP.MaxSessionsPerClient = 0 }, "max_sessions_per_client must be >= 1, got 0"},
		{"body", func(c *Config) { c.HTTP.MaxBodyBytes = 1000 }, "max_body_bytes must be >= 65536, got 1000"},
		{"rate", func(c *Config) { c.HTTP.RateLimit = -1 }, "rate_limit must be >= 0, got -1"},
		{"key without certificate", func(c *Config) { c.HTTP.TLSKey = "k" }, "tls_cert must be given with tls_key"},
		{"certificate without key", func(c *Config) { c.HTTP.TLSCert = "c" }, "tls_key must be given with tls_cert"},
		{"issuer", func(c *Config) { c.HTTP.OAuth = OAuthConfig{Issuer: "id.example.org", Resource: "https://m"} }, `issuer must start with https:// or http://, got "id.example.org"`},
		{"issuer without resource", func(c *Config) { c.HTTP.OAuth.Issuer = "https://id.example.org" }, "resource must be given with an issuer: the URL that clients know this server by"},
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
		{"IPv6 loopback as in a URL", func(c *Config) { c.HTTP.Host = "[::1]" }, true},
		{"every address", func(c *Config) { c.HTTP.Host = "0.0.0.0" }, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := Defaults()
			c.Type, c.HTTP.InsecureNoAuth = SSE, true
			row.change(&c)
			if row.ok {
				require.NoError(t, c.Validate())
				return
			}
			require.ErrorContains(t, c.Validate(), "allowed_hosts must be explicitly configured when binding to non-localhost address '10.0.0.1' with dns_rebinding_protection")
		})
	}
}

func TestConfigAsksForATokenWhereOthersReachTheServer(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(*HTTPConfig)
		ok     bool
	}{
		{"localhost", func(c *HTTPConfig) { c.Host = "localhost" }, true},
		{"loopback", func(c *HTTPConfig) { c.Host = "127.0.0.2" }, true},
		{"IPv6 loopback", func(c *HTTPConfig) { c.Host = "::1" }, true},
		{"IPv6 loopback as in a URL", func(c *HTTPConfig) { c.Host = "[::1]" }, true},
		{"IPv6 as in a URL", func(c *HTTPConfig) { c.Host = "[2001:db8::1]" }, false},
		{"every address", func(c *HTTPConfig) { c.Host = "0.0.0.0" }, false},
		{"every address of IPv6", func(c *HTTPConfig) { c.Host = "::" }, false},
		{"a name", func(c *HTTPConfig) { c.Host = "memory.lan" }, false},
		{"a token", func(c *HTTPConfig) { c.Host, c.Tokens = "0.0.0.0", []string{"x"} }, true},
		{"a file of tokens", func(c *HTTPConfig) { c.Host, c.TokenFile = "0.0.0.0", "tokens" }, true},
		{"an issuer", func(c *HTTPConfig) {
			c.Host, c.OAuth.Issuer, c.OAuth.Resource = "0.0.0.0", "https://id.example.org", "https://memory.example.org/mcp"
		}, true},
		{"knowingly everyone", func(c *HTTPConfig) { c.Host, c.InsecureNoAuth = "0.0.0.0", true }, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := Defaults()
			c.Type, c.HTTP.AllowedHosts = Streamable, []string{"memory.lan"}
			row.change(&c.HTTP)
			if row.ok {
				require.NoError(t, c.Validate())
				return
			}
			require.ErrorContains(t, c.Validate(), "can be reached by other machines, which needs a token")
		})
	}
}

func TestConfigWarnsOfWhatLetsStrangersIn(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(*HTTPConfig)
		want   string
	}{
		{"every page", func(c *HTTPConfig) { c.CORSOrigins = []string{"*"} }, "cors_origins does not take *"},
		{"a short token", func(c *HTTPConfig) { c.Tokens = []string{"a-long-name-is-no-help:short"} }, "token has one with less than 16 characters"},
		{"no token", func(c *HTTPConfig) { c.Host, c.InsecureNoAuth = "0.0.0.0", true }, "insecure_no_auth lets everyone"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := Defaults()
			row.change(&c.HTTP)
			require.Empty(t, c.Warnings(), "over stdio it does not matter")
			c.Type = SSE
			require.Len(t, c.Warnings(), 1)
			require.Contains(t, c.Warnings()[0], row.want)
		})
	}
}

func TestGraceIsShortForAServerThatAClientStarted(t *testing.T) {
	c := Defaults()
	require.Equal(t, stdioGrace, c.Grace())
	c.ShutdownGrace = time.Second
	require.Equal(t, time.Second, c.Grace())
	c.Type, c.ShutdownGrace = Streamable, 20*time.Second
	require.Equal(t, 20*time.Second, c.Grace())
}
