// Package falkor is the backend on FalkorDB, a graph database that speaks the
// Redis protocol, for teams and large graphs.
package falkor

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"zapomni/memory/secret"
)

// Config says where FalkorDB listens, which graphs hold the memories, and how
// connections and failures are dealt with.
//
// With no Addresses it is one server, at URL or else at Host and Port. With
// Addresses and a MasterName it is whichever server those Sentinels call the
// master. With Addresses alone it is a cluster of which those are nodes.
type Config struct {
	// Host is where FalkorDB listens. Empty means that none was set, and then
	// DefaultHost is meant.
	Host string `mapstructure:"host" env:"FALKORDB_HOST" usage:"where FalkorDB listens; empty: localhost"`
	Port int    `mapstructure:"port" env:"FALKORDB_PORT" usage:"its port, 1 to 65535"`
	// URL, when set, stands for Host and Port, and for User, Password and DB
	// where it holds them.
	URL      Secret `mapstructure:"url" env:"FALKORDB_URL" secret:"true" usage:"redis://, rediss://, falkor://, falkors:// or unix:// URL, instead of host, port, user and password"`
	User     string `mapstructure:"user" env:"FALKORDB_USER,FALKORDB_USERNAME" usage:"who logs in; empty: the default user"`
	Password Secret `mapstructure:"password" env:"FALKORDB_PASSWORD" secret:"true" usage:"the user's password; empty: none"`
	DB       int    `mapstructure:"db" env:"FALKORDB_DB" usage:"number of its logical database, 0 to 15"`
	// Graph is the graph of the default workspace; those of the others are
	// named Graph:workspace.
	Graph             string        `mapstructure:"graph" env:"GRAPH_NAME" usage:"graph of the default workspace, and start of the names of the others"`
	ConnectionTimeout time.Duration `mapstructure:"connection_timeout" env:"FALKORDB_CONNECTION_TIMEOUT" usage:"longest wait for the first connection at start, 1s to 300s"`
	// Wait makes Init try again until ConnectionTimeout is over, where it
	// otherwise gives up as a query does.
	Wait       bool `mapstructure:"wait" env:"ZAPOMNI_DB_WAIT" usage:"at start, wait for a FalkorDB that is not up yet, as long as connection_timeout"`
	HNSWM      int  `mapstructure:"hnsw_m" env:"HNSW_M" usage:"links of a vector in the index, 4 to 64"`
	HNSWBuild  int  `mapstructure:"hnsw_ef_construction" env:"HNSW_EF_CONSTRUCTION" usage:"candidates looked at when a vector enters the index, 50 to 1000"`
	HNSWSearch int  `mapstructure:"hnsw_ef_search" env:"HNSW_EF_SEARCH" usage:"candidates looked at in a search, 10 to 500"`

	// Addresses are those of Sentinels if MasterName is set, else of nodes of a
	// cluster, each as host:port.
	Addresses        []string `mapstructure:"addresses" env:"FALKORDB_ADDRESSES" usage:"host:port of several nodes of a cluster or, with master_name, of several Sentinels, instead of host and port"`
	MasterName       string   `mapstructure:"master_name" env:"FALKORDB_MASTER_NAME" usage:"what the Sentinels call the master"`
	SentinelUser     string   `mapstructure:"sentinel_user" env:"FALKORDB_SENTINEL_USER" usage:"who logs in to the Sentinels"`
	SentinelPassword Secret   `mapstructure:"sentinel_password" env:"FALKORDB_SENTINEL_PASSWORD" secret:"true" usage:"the password for the Sentinels; empty: none"`
	// ReadReplicas lets a replica answer a read, which may then miss what was
	// written a moment ago.
	ReadReplicas bool `mapstructure:"read_replicas" usage:"let replicas answer reads, which may then miss the latest writes; needs addresses"`
	// WaitReplicas is how many replicas must have a write before it counts.
	// Zero means that the master's word is enough.
	WaitReplicas       int           `mapstructure:"wait_replicas" usage:"how many replicas must have a write before it counts, 0 to 10"`
	WaitReplicaTimeout time.Duration `mapstructure:"wait_replica_timeout" usage:"longest wait for those replicas"`

	TLS   TLSConfig   `mapstructure:"tls" usage:"FalkorDB: TLS"`
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

		WaitReplicaTimeout: 3 * time.Second, // a replica may answer with its beat only, once a second

		Pool:  poolDefaults(),
		Retry: retryDefaults(),
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
	if _, err := c.endpoint(); err != nil {
		errs = append(errs, err)
	}
	if c.DB < 0 || c.DB > 15 {
		errs = append(errs, fmt.Errorf("db must be in range 0-15, got %d", c.DB))
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
	return errors.Join(append(errs, c.validateTopology(), c.TLS.Validate(), c.Pool.Validate(), c.Retry.Validate())...)
}

func (c Config) validateTopology() error {
	var errs []error
	for _, address := range c.Addresses {
		if host, port, err := net.SplitHostPort(address); err != nil || host == "" || port == "" {
			errs = append(errs, fmt.Errorf("addresses must be like host:port, got %q", address))
		}
	}
	if len(c.Addresses) > 0 && c.URL != "" {
		errs = append(errs, errors.New("addresses and url cannot both be set"))
	}
	if len(c.Addresses) > 0 && c.MasterName == "" && c.DB != 0 {
		errs = append(errs, fmt.Errorf("db must be 0 in a cluster, got %d", c.DB))
	}
	if len(c.Addresses) == 0 && c.MasterName != "" {
		errs = append(errs, errors.New("master_name needs the addresses of its Sentinels"))
	}
	if len(c.Addresses) == 0 && c.ReadReplicas {
		errs = append(errs, errors.New("read_replicas needs addresses of a cluster or of Sentinels"))
	}
	if c.WaitReplicas < 0 || c.WaitReplicas > 10 {
		errs = append(errs, fmt.Errorf("wait_replicas must be between 0 and 10, got %d", c.WaitReplicas))
	}
	if c.WaitReplicaTimeout <= 0 {
		errs = append(errs, fmt.Errorf("wait_replica_timeout must be > 0, got %s", decimal(c.WaitReplicaTimeout)))
	}
	return errors.Join(errs...)
}

// Warnings says what of c may not be meant so.
func (c Config) Warnings() []string {
	if c.HNSWSearch > c.HNSWBuild {
		return []string{fmt.Sprintf("hnsw_ef_search (%d) should not exceed hnsw_ef_construction (%d)", c.HNSWSearch, c.HNSWBuild)}
	}
	return nil
}

// Secret is a text that prints and encodes as "[redacted]".
type Secret = secret.Text
