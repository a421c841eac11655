package transport

import (
	"errors"
	"fmt"
	"time"
)

// The values of Config.Type.
const (
	Stdio = "stdio"
	SSE   = "sse"
	// Streamable is streamable HTTP.
	Streamable = "http"
)

// Config says how clients reach the server.
type Config struct {
	// Type is Stdio, or one of SSE and Streamable, which serve the same.
	Type string `mapstructure:"type" flag:"transport" usage:"how clients reach the server: stdio, or sse or http, both of which serve clients over HTTP, by streamable HTTP at /mcp and by HTTP+SSE at /sse"`
	// ShutdownGrace bounds the whole of an ordered shutdown; see Grace.
	ShutdownGrace time.Duration `mapstructure:"shutdown_grace" env:"ZAPOMNI_SHUTDOWN_GRACE" usage:"longest time for an ordered shutdown; over stdio never more than 4.5s"`
	// MaxLineBytes bounds one message on standard input.
	MaxLineBytes int `mapstructure:"max_line_bytes" usage:"longest message on standard input in bytes, at least 65536"`

	HTTP HTTPConfig `mapstructure:",squash"`
}

// Defaults returns the settings that hold when none is given.
func Defaults() Config {
	return Config{
		Type:          Stdio,
		ShutdownGrace: 10 * time.Second,
		MaxLineBytes:  64 << 20,
		HTTP:          httpDefaults(),
	}
}

// Validate returns all that is wrong with c. Each message starts with the
// name of a setting.
func (c Config) Validate() error {
	var errs []error
	if c.Type != Stdio && !c.OverHTTP() {
		errs = append(errs, fmt.Errorf("type must be %s, %s or %s, got %q", Stdio, SSE, Streamable, c.Type))
	}
	if c.ShutdownGrace <= 0 {
		errs = append(errs, fmt.Errorf("shutdown_grace must be > 0, got %v", c.ShutdownGrace))
	}
	if c.MaxLineBytes < 64<<10 {
		errs = append(errs, fmt.Errorf("max_line_bytes must be >= %d, got %d", 64<<10, c.MaxLineBytes))
	}
	errs = append(errs, c.HTTP.validate())
	if c.OverHTTP() {
		errs = append(errs, c.HTTP.reachable())
	}
	return errors.Join(errs...)
}

// stdioGrace keeps a server that a client has started from outliving it by more
// than five seconds, what the parts take to notice included.
const stdioGrace = 4500 * time.Millisecond

// Grace is how long an ordered shutdown may take.
func (c Config) Grace() time.Duration {
	if c.OverHTTP() {
		return c.ShutdownGrace
	}
	return min(c.ShutdownGrace, stdioGrace)
}

// OverHTTP reports whether clients come over HTTP.
func (c Config) OverHTTP() bool { return c.Type == SSE || c.Type == Streamable }

// Warnings says what is doubtful about c, each in a sentence that starts with
// the name of a setting.
func (c Config) Warnings() []string {
	if !c.OverHTTP() {
		return nil
	}
	return c.HTTP.warnings()
}
