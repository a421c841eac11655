package db

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestValidateCoversBothBackends(t *testing.T) {
	c := Defaults()
	c.Driver = "mongo"
	c.Embedded.Sync = "never"
	c.Embedded.Path = "m.db"
	c.Falkor.Port = 0
	require.EqualError(t, c.Validate(), `driver must be auto, embedded or falkordb, got "mongo"
sync must be normal or full, got "never"
port must be in range 1-65535, got 0`)
}

func TestChosenIsTheDriverThatIsMeant(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"nothing set", func(*Config) {}, Embedded},
		{"host", func(c *Config) { c.Falkor.Host = "localhost" }, FalkorDB},
		{"URL", func(c *Config) { c.Falkor.URL = "redis://there" }, FalkorDB},
		{"driver before host", func(c *Config) { c.Driver, c.Falkor.Host = Embedded, "there" }, Embedded},
		{"driver without host", func(c *Config) { c.Driver = FalkorDB }, FalkorDB},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := Defaults()
			row.change(&c)
			require.Equal(t, row.want, c.Chosen())
		})
	}
}
