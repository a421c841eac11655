package embedded

import (
	"errors"
	"fmt"
	"time"
)

// The values of Config.Sync. With either, what was acknowledged survives the
// death of the process.
const (
	SyncNormal = "normal" // a loss of power may take the last writes
	SyncFull   = "full"   // a loss of power takes nothing; writes cost more
)

// Config says where the database file is and how it is used.
type Config struct {
	// Path is the database file. Its directory is made if missing.
	Path string `mapstructure:"path" path:"true" usage:"the database file; empty: zapomni.db in the data directory"`
	// Sync is SyncNormal or SyncFull.
	Sync string `mapstructure:"sync" flag:"db-sync" usage:"what a loss of power may take: normal: the last writes, full: nothing, at a cost for each write"`
	// BusyTimeout is how long a write waits for those of other processes.
	BusyTimeout time.Duration `mapstructure:"busy_timeout" usage:"longest wait for other processes that write"`
	// Readers is how many connections read at a time, beside the one that
	// writes.
	Readers int `mapstructure:"readers" usage:"connections that read at a time, 1 to 64"`
	// AllowNetworkFS lets the file lie on a network or synchronised folder,
	// where SQLite's write-ahead log can be corrupted.
	AllowNetworkFS bool `mapstructure:"allow_network_fs" usage:"open a database on a network or synchronised folder, where it can be corrupted"`
}

// Defaults returns the settings that hold when none is given. Path is empty:
// it depends on where the program runs.
func Defaults() Config {
	return Config{Sync: SyncNormal, BusyTimeout: 10 * time.Second, Readers: 4}
}

// Validate returns all that is wrong with c. Each message starts with the
// name of a setting.
func (c Config) Validate() error {
	var errs []error
	if c.Path == "" {
		errs = append(errs, errors.New("path must not be empty"))
	}
	if c.Sync != SyncNormal && c.Sync != SyncFull {
		errs = append(errs, fmt.Errorf("sync must be %s or %s, got %q", SyncNormal, SyncFull, c.Sync))
	}
	if c.BusyTimeout <= 0 {
		errs = append(errs, fmt.Errorf("busy_timeout must be > 0, got %v", c.BusyTimeout))
	}
	if c.Readers < 1 || c.Readers > 64 {
		errs = append(errs, fmt.Errorf("readers must be between 1 and 64, got %d", c.Readers))
	}
	return errors.Join(errs...)
}
