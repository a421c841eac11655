// Package falkor is the backend on FalkorDB, a graph database that speaks the
// Redis protocol, for teams and large graphs.
package falkor

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Config says where FalkorDB listens, which graphs hold the memories, and how
// connections and failures are dealt with.
type Config struct {
	// Host is where FalkorDB listens. Empty means that none was set, and then
	// DefaultHost is meant.
	Host string `mapstructure:"host" env:"FALKORDB_HOST" usage:"where FalkorDB listens; empty: localhost"`
	Port int    `mapstructure:"port" env:"FALKORDB_PORT" usage:"its port, 1 to 65535"`
	// URL, when set, stands for Host, Port, User and Password.
	URL      Secret `mapstructure:"url" env:"FALKORDB_URL" secret:"true" usage:"redis:// or rediss:// URL, instead of host, port, user and password"`
	User     string `mapstructure:"user" env:"FALKORDB_USER,FALKORDB_USERNAME" usage:"who logs in; empty: the default user"`
	Password Secret `mapstructure:"password" env:"FALKORDB_PASSWORD" secret:"true" usage:"the user's password; empty: none"`
	// Graph is the graph of the default workspace; those of the others are
	// named Graph:workspace.
	Graph             string        `mapstructure:"graph" env:"GRAPH_NAME" usage:"graph of the default workspace, and start of the names of the others"`
	ConnectionTimeout time.Duration `mapstructure:"connection_timeout" env:"FALKORDB_CONNECTION_TIMEOUT" usage:"longest wait for the first connection at start, 1s to 300s"`
	HNSWM             int           `mapstructure:"hnsw_m" env:"HNSW_M" usage:"links of a vector in the index, 4 to 64"`
	HNSWBuild         int           `mapstructure:"hnsw_ef_construction" env:"HNSW_EF_CONSTRUCTION" usage:"candidates looked at when a vector enters the index, 50 to 1000"`
	HNSWSearch        int           `mapstructure:"hnsw_ef_search" env:"HNSW_EF_SEARCH" usage:"candidates looked at in a search, 10 to 500"`

	Pool  PoolConfig  `mapstructure:"pool" usage:"FalkorDB: connection pool"`
	Retry RetryConfig `mapstructure:"retry" usage:"FalkorDB: retry"`
}

// DefaultHost is where FalkorDB is looked for when no host was set.
const DefaultHost = "localhost"

// Defaults returns the settings that hold when none is given.
func Defaults() Config {
	return Config{
		Port:              6381,
		Graph:             "zapomni_memory",
		ConnectionTimeout: 30 * time.Second,
		HNSWM:             16,
		HNSWBuild:         200,
		HNSWSearch:        100,
		Pool:              poolDefaults(),
		Retry:             retryDefaults(),
	}
}

// Validate returns all that is wrong with c, its pool and retry included.
// Each message starts with the name of a setting.
func (c Config) Validate() error {
	var errs []error
	if c.Host != "" && strings.TrimSpace(c.Host) == "" {
		errs = append(errs, errors.New("host cannot be empty"))
	}
	if c.Port < 1 || c.Port > 65535 {
		errs = append(errs, fmt.Errorf("port must be in range 1-65535, got %d", c.Port))
	}
	if !c.URL.isAddress() {
		errs = append(errs, errors.New("url must be like redis://user:password@host:port or rediss://...")) //nolint:revive,staticcheck // the dots are part of the address.
	}
	if strings.TrimSpace(c.Graph) == "" {
		errs = append(errs, errors.New("graph cannot be empty"))
	}
	if c.ConnectionTimeout < time.Second || c.ConnectionTimeout > 300*time.Second {
		errs = append(errs, fmt.Errorf("connection_timeout must be between 1 and 300 seconds, got %s", number(c.ConnectionTimeout)))
	}
	for _, r := range []struct {
		name        string
		v, min, max int
	}{
		{"hnsw_m", c.HNSWM, 4, 64},
		{"hnsw_ef_construction", c.HNSWBuild, 50, 1000},
		{"hnsw_ef_search", c.HNSWSearch, 10, 500},
	} {
		if r.v < r.min || r.v > r.max {
			errs = append(errs, fmt.Errorf("%s must be between %d and %d, got %d", r.name, r.min, r.max, r.v))
		}
	}
	return errors.Join(append(errs, c.Pool.Validate(), c.Retry.Validate())...)
}

// Warnings says what of c may not be meant so.
func (c Config) Warnings() []string {
	if c.HNSWSearch > c.HNSWBuild {
		return []string{fmt.Sprintf("hnsw_ef_search (%d) should not exceed hnsw_ef_construction (%d)", c.HNSWSearch, c.HNSWBuild)}
	}
	return nil
}

// Secret is a text that prints and encodes as "[redacted]", or as nothing
// when empty. Convert it to a string where it is used, and only there.
type Secret string

func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "[redacted]"
}

// GoString keeps the secret out of %#v.
func (s Secret) GoString() string { return fmt.Sprintf("%q", s.String()) }

// MarshalText keeps the secret out of JSON and the like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue keeps the secret out of logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// isAddress tells whether s is empty or a URL of the kind that Config.URL
// holds. It says no more, since url.Parse repeats the password in its error.
func (s Secret) isAddress() bool {
	if s == "" {
		return true
	}
	u, err := url.Parse(string(s))
	return err == nil && u.Hostname() != "" && slices.Contains([]string{"redis", "rediss"}, u.Scheme)
}
