package embed

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDefaultsAreValid(t *testing.T) {
	require.NoError(t, Defaults().Validate())
	require.Empty(t, Defaults().Warnings())
}

func TestValidateSaysWhatIsWrong(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"dimensions", func(c *Config) { c.Dimensions = 0 }, "dimensions must be >= 1, got 0"},
		{"no scheme", func(c *Config) { c.Ollama.BaseURL = "localhost:11434" }, "base_url must start with http:// or https:// and name a host"},
		{"password in a bad URL", func(c *Config) { c.Ollama.BaseURL = "http://u:sesame@%zz" }, "base_url must start with http:// or https:// and name a host"},
		{"no host", func(c *Config) { c.Ollama.BaseURL = "http://" }, "base_url must start with http:// or https:// and name a host"},
		{"port alone", func(c *Config) { c.Ollama.BaseURL = "http://:11434" }, "base_url must start with http:// or https:// and name a host"},
		{"model", func(c *Config) { c.Ollama.Model = " " }, "model cannot be empty"},
		{"timeout below", func(c *Config) { c.Ollama.Timeout = 4500 * time.Millisecond }, "timeout must be between 5 and 300 seconds, got 4.5"},
		{"timeout above", func(c *Config) { c.Ollama.Timeout = 301 * time.Second }, "timeout must be between 5 and 300 seconds, got 301"},
		{"Redis host", func(c *Config) { c.Redis.Host = "" }, "host cannot be empty"},
		{"Redis port", func(c *Config) { c.Redis.Port = 65536 }, "port must be between 1 and 65535, got 65536"},
		{"time to live", func(c *Config) { c.Redis.TTL = 59 * time.Second }, "ttl must be between 60 and 604800 seconds, got 59"},
		{"room", func(c *Config) { c.Redis.MaxMemoryMB = 99 }, "max_memory_mb must be between 100 and 10240, got 99"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := Defaults()
			row.change(&c)
			require.EqualError(t, c.Validate(), row.want)
		})
	}
}

func TestWarningsTellOfUnusualDimensions(t *testing.T) {
	c := Defaults()
	for _, n := range []int{384, 768, 1024, 1536, 3072} {
		c.Dimensions = n
		require.Empty(t, c.Warnings())
	}
	c.Dimensions = 500
	require.Len(t, c.Warnings(), 1)
}
