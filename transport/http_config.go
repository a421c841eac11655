package transport

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// HTTPConfig says where clients are served over HTTP, and which.
type HTTPConfig struct {
	Host string `mapstructure:"host" env:"ZAPOMNI_SSE_HOST,SSE_HOST" flag:"host" usage:"address to listen on; any that other machines reach needs a token"`
	Port int    `mapstructure:"port" env:"ZAPOMNI_SSE_PORT,SSE_PORT" flag:"port" usage:"port to listen on, 1 to 65535"`
	// CORSOrigins are the origins of web pages elsewhere that may call.
	CORSOrigins []string `mapstructure:"cors_origins" env:"ZAPOMNI_SSE_CORS_ORIGINS,SSE_CORS_ORIGINS" flag:"cors-origins" usage:"origins of web pages elsewhere that may call, separated by commas; those on allowed_hosts may anyway, and * is not taken"`
	// HeartbeatInterval is how often a silent stream is given a sign of life.
	HeartbeatInterval time.Duration `mapstructure:"heartbeat_interval" env:"ZAPOMNI_SSE_HEARTBEAT_INTERVAL,SSE_HEARTBEAT_INTERVAL" usage:"time between signs of life on a stream, at least 5s; there is one every 25s at least"`
	// MaxConnectionLifetime is when a stream is closed even if it is in use.
	MaxConnectionLifetime time.Duration `mapstructure:"max_connection_lifetime" env:"ZAPOMNI_SSE_MAX_CONNECTION_LIFETIME,SSE_MAX_CONNECTION_LIFETIME" usage:"longest life of a stream, at least 60s"`
	// AllowedHosts are the values of the Host header that are served. Empty
	// means the names of this machine, for a server that only it can reach.
	AllowedHosts           []string `mapstructure:"allowed_hosts" env:"ZAPOMNI_SSE_ALLOWED_HOSTS" usage:"names that clients may call the server by, separated by commas; empty: localhost, 127.0.0.1 and ::1"`
	DNSRebindingProtection bool     `mapstructure:"dns_rebinding_protection" env:"ZAPOMNI_SSE_DNS_REBINDING_PROTECTION" usage:"refuse requests under other names than allowed_hosts"`

	// Tokens let clients in, each as name:secret or as the secret alone.
	Tokens         []string `mapstructure:"token" env:"ZAPOMNI_TOKEN" secret:"true" usage:"bearer tokens that let clients in, each as name:secret or the secret alone, separated by commas"`
	TokenFile      string   `mapstructure:"token_file" env:"ZAPOMNI_TOKEN_FILE" flag:"token-file" path:"true" usage:"file with more of them, one a line, read again on SIGHUP"`
	InsecureNoAuth bool     `mapstructure:"insecure_no_auth" env:"ZAPOMNI_INSECURE_NO_AUTH" flag:"insecure-no-auth" usage:"let everyone in who can reach the address, without a token"`
	TLSCert        string   `mapstructure:"tls_cert" env:"ZAPOMNI_TLS_CERT" flag:"tls-cert" path:"true" usage:"certificate to serve HTTPS with, in PEM, read again on SIGHUP"`
	TLSKey         string   `mapstructure:"tls_key" env:"ZAPOMNI_TLS_KEY" flag:"tls-key" path:"true" usage:"its key, in PEM"`

	SessionIdleTimeout   time.Duration `mapstructure:"session_idle_timeout" usage:"how long a session may go unused without an open stream, at least 10s"`
	MaxSessions          int           `mapstructure:"max_sessions" usage:"most sessions at a time"`
	MaxSessionsPerClient int           `mapstructure:"max_sessions_per_client" usage:"most sessions at a time with one token, or from one address where there are none"`
	MaxBodyBytes         int           `mapstructure:"max_body_bytes" usage:"longest message over HTTP in bytes, at least 65536"`
	RateLimit            float64       `mapstructure:"rate_limit" usage:"most requests a second of one session; 0: no limit"`

	OAuth OAuthConfig `mapstructure:"oauth" usage:"OAuth"`
}

func httpDefaults() HTTPConfig {
	return HTTPConfig{
		Host:                   "127.0.0.1",
		Port:                   8000,
		HeartbeatInterval:      30 * time.Second,
		MaxConnectionLifetime:  time.Hour,
		DNSRebindingProtection: true,
		SessionIdleTimeout:     30 * time.Minute,
		MaxSessions:            4096,
		MaxSessionsPerClient:   2048,
		MaxBodyBytes:           32 << 20,
	}
}

func (c HTTPConfig) validate() error {
	var errs []error
	wrong := func(is bool, format string, args ...any) {
		if is {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	wrong(strings.TrimSpace(c.Host) == "", "host cannot be empty")
	wrong(c.Port < 1 || c.Port > 65535, "port must be between 1 and 65535, got %d", c.Port)
	wrong(c.HeartbeatInterval < 5*time.Second, "heartbeat_interval must be at least 5 seconds, got %v", c.HeartbeatInterval.Seconds())
	wrong(c.MaxConnectionLifetime < time.Minute, "max_connection_lifetime must be at least 60 seconds, got %v", c.MaxConnectionLifetime.Seconds())
	wrong(c.SessionIdleTimeout < 10*time.Second, "session_idle_timeout must be at least 10 seconds, got %v", c.SessionIdleTimeout.Seconds())
	wrong(c.MaxSessions < 1, "max_sessions must be >= 1, got %d", c.MaxSessions)
	wrong(c.MaxSessionsPerClient < 1, "max_sessions_per_client must be >= 1, got %d", c.MaxSessionsPerClient)
	wrong(c.MaxBodyBytes < 64<<10, "max_body_bytes must be >= %d, got %d", 64<<10, c.MaxBodyBytes)
	wrong(c.RateLimit < 0, "rate_limit must be >= 0, got %v", c.RateLimit)
	wrong(c.TLSCert != "" && c.TLSKey == "", "tls_key must be given with tls_cert")
	wrong(c.TLSCert == "" && c.TLSKey != "", "tls_cert must be given with tls_key")
	errs = append(errs, c.OAuth.validate())
	return errors.Join(errs...)
}

// reachable returns what is wrong with how other machines reach the server.
func (c HTTPConfig) reachable() error {
	var errs []error
	if c.namesMissing() {
		errs = append(errs, fmt.Errorf("allowed_hosts must be explicitly configured when binding to non-localhost address '%s' with dns_rebinding_protection, for example ZAPOMNI_SSE_ALLOWED_HOSTS=memory.example.org,localhost", c.Host))
	}
	if !c.local() && len(c.Tokens) == 0 && c.TokenFile == "" && c.OAuth.Issuer == "" && !c.InsecureNoAuth {
		errs = append(errs, fmt.Errorf("host '%s' can be reached by other machines, which needs a token: set ZAPOMNI_TOKEN or --token-file, or let everyone in with --insecure-no-auth", c.Host))
	}
	return errors.Join(errs...)
}

// goodSecret is how long a token should be, at least.
const goodSecret = 16

// warnings says what is doubtful, each in a sentence that starts with the name
// of a setting.
func (c HTTPConfig) warnings() []string {
	var all []string
	if slices.Contains(c.CORSOrigins, "*") {
		all = append(all, "cors_origins does not take *, which would let in every web page that the user opens: name the origins")
	}
	for _, t := range c.Tokens {
		if _, secret, named := strings.Cut(t, ":"); named && len(secret) < goodSecret || !named && len(t) < goodSecret {
			all = append(all, fmt.Sprintf("token has one with less than %d characters, which can be guessed", goodSecret))
			break
		}
	}
	if c.InsecureNoAuth && !c.local() && len(c.Tokens) == 0 && c.TokenFile == "" && c.OAuth.Issuer == "" {
		all = append(all, "insecure_no_auth lets everyone read, change and delete all memories who can reach the address")
	}
	return all
}

// namesMissing tells whether clients elsewhere could reach the server, but by
// no name that it answers to.
func (c HTTPConfig) namesMissing() bool {
	return c.DNSRebindingProtection && len(c.AllowedHosts) == 0 &&
		!slices.Contains([]string{"localhost", "127.0.0.1", "::1", "0.0.0.0"}, c.bareHost())
}

// local tells whether nobody but this machine can reach the server.
func (c HTTPConfig) local() bool {
	ip := net.ParseIP(c.bareHost())
	return c.Host == "localhost" || ip != nil && ip.IsLoopback()
}

// bareHost is Host without the brackets that URLs have around IPv6.
func (c HTTPConfig) bareHost() string {
	if inside, ok := strings.CutPrefix(c.Host, "["); ok {
		return strings.TrimSuffix(inside, "]")
	}
	return c.Host
}
