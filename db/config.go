package db

import (
	"errors"
	"fmt"

	"zapomni/db/embedded"
	"zapomni/db/falkor"
)

// The values of Config.Driver.
const (
	Auto     = "auto" // FalkorDB if it was given an address, else Embedded
	Embedded = "embedded"
	FalkorDB = "falkordb"
)

// Config says which backend keeps the memories, and how each is set up.
type Config struct {
	// Driver is Auto, Embedded or FalkorDB.
	Driver string `mapstructure:"driver" flag:"db-driver" usage:"the store: embedded, falkordb, or auto: falkordb if a host or URL is set for it, else embedded"`
	// DataDir holds the program's own files. Empty means the platform's own
	// place, which depends on where the program runs.
	DataDir string `mapstructure:"data_dir" env:"ZAPOMNI_DATA_DIR,DATA_DIR" flag:"data-dir" path:"true" usage:"the program's own files; empty: the platform's own place"`

	Embedded embedded.Config `mapstructure:",squash"`
	Falkor   falkor.Config   `mapstructure:"falkor" usage:"FalkorDB"`
}

// Defaults returns the settings that hold when none is given. DataDir is
// empty: it depends on where the program runs.
func Defaults() Config {
	return Config{Driver: Auto, Embedded: embedded.Defaults(), Falkor: falkor.Defaults()}
}

// Chosen returns the driver that is meant: Driver itself or, for Auto,
// FalkorDB if a host, URL or addresses were set for it and Embedded otherwise.
func (c Config) Chosen() string {
	switch {
	case c.Driver != Auto:
		return c.Driver
	case c.Falkor.Host != "" || c.Falkor.URL != "" || len(c.Falkor.Addresses) > 0:
		return FalkorDB
	default:
		return Embedded
	}
}

// System is what OpenTelemetry calls the database of the driver that is meant.
func (c Config) System() string {
	if c.Chosen() == Embedded {
		return "sqlite"
	}
	return c.Chosen()
}

// Validate returns all that is wrong with c. Each message starts with the
// name of a setting.
func (c Config) Validate() error {
	var errs []error
	switch c.Driver {
	case Auto, Embedded, FalkorDB:
	default:
		errs = append(errs, fmt.Errorf("driver must be %s, %s or %s, got %q", Auto, Embedded, FalkorDB, c.Driver))
	}
	return errors.Join(append(errs, c.Embedded.Validate(), c.Falkor.Validate())...)
}

// Warnings says what of c may not be meant so.
func (c Config) Warnings() []string { return c.Falkor.Warnings() }
