package transport

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The values of Config.Type.
const (
	Stdio = "stdio"
	SSE   = "sse"
)

// Config says how clients reach the server.
type Config struct {
	// Type is Stdio or SSE.
	Type string `mapstructure:"type" flag:"transport" usage:"how clients reach the server: stdio; sse is reserved"`
	// ShutdownGrace bounds the whole of an ordered shutdown.
	ShutdownGrace time.Duration `mapstructure:"shutdown_grace" env:"ZAPOMNI_SHUTDOWN_GRACE" usage:"longest time for an ordered shutdown"`
	// MaxLineBytes bounds one message on standard input.
	MaxLineBytes int `mapstructure:"max_line_bytes" usage:"longest message on standard input in bytes, at least 65536"`

	HTTP HTTPConfig `mapstructure:",squash" reserved:"true"`
}

// HTTPConfig says where a transport over HTTP listens, and to whom.
type HTTPConfig struct {
	Host string `mapstructure:"host" env:"ZAPOMNI_SSE_HOST,SSE_HOST" flag:"host" usage:"address to listen on"`
	Port int    `mapstructure:"port" env:"ZAPOMNI_SSE_PORT,SSE_PORT" flag:"port" usage:"port to listen on, 1 to 65535"`
	// CORSOrigins are the origins of web pages that may call; * means all.
	CORSOrigins []string `mapstructure:"cors_origins" env:"ZAPOMNI_SSE_CORS_ORIGINS,SSE_CORS_ORIGINS" flag:"cors-origins" usage:"origins of web pages that may call, separated by commas; * means all"`
	// HeartbeatInterval is how often a silent stream is given a sign of life.
	HeartbeatInterval time.Duration `mapstructure:"heartbeat_interval" env:"ZAPOMNI_SSE_HEARTBEAT_INTERVAL,SSE_HEARTBEAT_INTERVAL" usage:"time between signs of life on a stream, at least 5s"`
	// MaxConnectionLifetime is when a stream is closed even if it is in use.
	MaxConnectionLifetime time.Duration `mapstructure:"max_connection_lifetime" env:"ZAPOMNI_SSE_MAX_CONNECTION_LIFETIME,SSE_MAX_CONNECTION_LIFETIME" usage:"longest life of a stream, at least 60s"`
	// AllowedHosts are the values of the Host header that are served. Empty
	// means the names of this machine, for a server that only it can reach.
	AllowedHosts           []string `mapstructure:"allowed_hosts" env:"ZAPOMNI_SSE_ALLOWED_HOSTS" usage:"names that clients may call the server by, separated by commas; empty: localhost, 127.0.0.1 and ::1"`
	DNSRebindingProtection bool     `mapstructure:"dns_rebinding_protection" env:"ZAPOMNI_SSE_DNS_REBINDING_PROTECTION" usage:"refuse requests under other names than allowed_hosts"`
}

// Defaults returns the settings that hold when none is given.
func Defaults() Config {
	return Config{
		Type:          Stdio,
		ShutdownGrace: 5 * time.Second,
		MaxLineBytes:  64 << 20,
		HTTP: HTTPConfig{
			Host:                   "127.0.0.1",
			Port:                   8000,
			CORSOrigins:            []string{"*"},
			HeartbeatInterval:      30 * time.Second,
			MaxConnectionLifetime:  time.Hour,
			DNSRebindingProtection: true,
		},
	}
}

// Validate returns all that is wrong with c. Each message starts with the
// name of a setting.
func (c Config) Validate() error {
	var errs []error
	if c.Type != Stdio && c.Type != SSE {
		errs = append(errs, fmt.Errorf("type must be %s or %s, got %q", Stdio, SSE, c.Type))
	}
	if c.ShutdownGrace <= 0 {
		errs = append(errs, fmt.Errorf("shutdown_grace must be > 0, got %v", c.ShutdownGrace))
	}
	if c.MaxLineBytes < 64<<10 {
		errs = append(errs, fmt.Errorf("max_line_bytes must be >= %d, got %d", 64<<10, c.MaxLineBytes))
	}
	errs = append(errs, c.HTTP.validate())
	if c.Type != Stdio && c.HTTP.namesMissing() {
		errs = append(errs, fmt.Errorf("allowed_hosts must be explicitly configured when binding to non-localhost address '%s' with dns_rebinding_protection, for example ZAPOMNI_SSE_ALLOWED_HOSTS=memory.example.org,localhost", c.HTTP.Host))
	}
	return errors.Join(errs...)
}

func (c HTTPConfig) validate() error {
	var errs []error
	if strings.TrimSpace(c.Host) == "" {
		errs = append(errs, errors.New("host cannot be empty"))
	}
	if c.Port < 1 || c.Port > 65535 {
		errs = append(errs, fmt.Errorf("port must be between 1 and 65535, got %d", c.Port))
	}
	if c.HeartbeatInterval < 5*time.Second {
		errs = append(errs, fmt.Errorf("heartbeat_interval must be at least 5 seconds, got %v", c.HeartbeatInterval.Seconds()))
	}
	if c.MaxConnectionLifetime < time.Minute {
		errs = append(errs, fmt.Errorf("max_connection_lifetime must be at least 60 seconds, got %v", c.MaxConnectionLifetime.Seconds()))
	}
	return errors.Join(errs...)
}

// namesMissing tells whether clients elsewhere could reach the server, but by
// no name that it answers to.
func (c HTTPConfig) namesMissing() bool {
	return c.DNSRebindingProtection && len(c.AllowedHosts) == 0 &&
		!slices.Contains([]string{"localhost", "127.0.0.1", "::1", "0.0.0.0"}, c.Host)
}
