// Package config gathers the settings of all rooms and reads them from the
// command line, the environment, files and defaults.
//
// Each room owns its settings: a struct with a default, a line of usage and a
// check for each. This package walks the structs, so that a field added in a
// room has a key, a variable and its row in docs/configuration.md without a
// change here. Load reports everything that is wrong at once, and names where
// each wrong value came from. Secrets do not appear in what a Config prints,
// logs or reports.
package config

import (
	"log/slog"
	"strings"

	"zapomni/db"
	"zapomni/memory"
	"zapomni/memory/embed"
	"zapomni/memory/extract"
	"zapomni/server"
	"zapomni/transport"
	"zapomni/transport/tracing"
)

// Config is one field for each room.
type Config struct {
	DB        db.Config        `mapstructure:"db" usage:"Store"`
	Memory    memory.Config    `mapstructure:"memory" usage:"Memories and recall"`
	Embed     embed.Config     `mapstructure:"embed" usage:"Vectors"`
	Extract   extract.Config   `mapstructure:"extract" reserved:"true" usage:"Entities"`
	Server    server.Config    `mapstructure:"server" usage:"Tools and answers"`
	Transport transport.Config `mapstructure:"transport" usage:"Transport"`
	Tracing   tracing.Config   `mapstructure:"tracing" usage:"Traces"`
	Log       Log              `mapstructure:"log" usage:"Log"`
}

// Defaults returns the settings that hold when none is given. The data
// directory and the database file are empty until Load finds their place.
func Defaults() Config {
	return Config{
		DB:        db.Defaults(),
		Memory:    memory.Defaults(),
		Embed:     embed.Defaults(),
		Extract:   extract.Defaults(),
		Server:    server.Defaults(),
		Transport: transport.Defaults(),
		Tracing:   tracing.Defaults(),
		Log:       logDefaults(),
	}
}

// String lists the settings that differ from their defaults, without secrets.
func (c Config) String() string {
	var parts []string
	for _, a := range c.changed() {
		parts = append(parts, a.Key+"="+a.Value.String())
	}
	return strings.Join(parts, " ")
}

// GoString is String, so that %#v tells no secret either.
func (c Config) GoString() string { return c.String() }

// LogValue is a group of the settings that differ from their defaults,
// without secrets.
func (c Config) LogValue() slog.Value { return slog.GroupValue(c.changed()...) }

func (c Config) changed() []slog.Attr {
	defaults := Defaults()
	var attrs []slog.Attr
	for _, s := range settings() {
		v := s.shown(&c)
		if s.secret && v != "" {
			v = "[redacted]"
		}
		if v != s.shown(&defaults) {
			attrs = append(attrs, slog.String(s.key, v))
		}
	}
	return attrs
}
