package embed

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDefaultsAreValid(t *testing.T) {
	require.NoError(t, Defaults().Validate())
	require.Empty(t, Defaults().Warnings())
	c := Defaults()
	c.Provider = OpenAI
	require.NoError(t, c.Validate())
	require.Empty(t, c.Warnings())
}

func TestValidateSaysWhatIsWrong(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"provider", func(c *Config) { c.Provider = "cohere" }, `provider must be auto, builtin, ollama, openai or none, got "cohere"`},
		{"dimensions", func(c *Config) { c.Dimensions = -1 }, "dimensions must be >= 0, got -1"},
		{"no texts", func(c *Config) { c.BatchSize = 0 }, "batch_size must be between 1 and 64, got 0"},
		{"too many texts", func(c *Config) { c.BatchSize = 65 }, "batch_size must be between 1 and 64, got 65"},
		{"no disk", func(c *Config) { c.DiskCacheMB = -1 }, "disk_cache_mb must be between 0 and 4096, got -1"},
		{"no memory", func(c *Config) { c.CacheMB = 0 }, "cache_mb must be between 1 and 4096, got 0"},
		{"no scheme", func(c *Config) { c.Ollama.BaseURL = "localhost:11434" }, "ollama.base_url must start with http:// or https:// and name a host"},
		{"password in a bad URL", func(c *Config) { c.Ollama.BaseURL = "http://u:sesame@%zz" }, "ollama.base_url must start with http:// or https:// and name a host"},
		{"no host", func(c *Config) { c.Ollama.BaseURL = "http://" }, "ollama.base_url must start with http:// or https:// and name a host"},
		{"port alone", func(c *Config) { c.Ollama.BaseURL = "http://:11434" }, "ollama.base_url must start with http:// or https:// and name a host"},
		{"model", func(c *Config) { c.Ollama.Model = " " }, "ollama.model cannot be empty"},
		{"timeout below", func(c *Config) { c.Ollama.Timeout = 4500 * time.Millisecond }, "ollama.timeout must be between 5 and 300 seconds, got 4.5"},
		{"timeout above", func(c *Config) { c.Ollama.Timeout = 301 * time.Second }, "ollama.timeout must be between 5 and 300 seconds, got 301"},
		{"OpenAI's URL", func(c *Config) { c.Provider, c.OpenAI.BaseURL = OpenAI, "" }, "openai.base_url must start with http:// or https:// and name a host"},
		{"OpenAI's model", func(c *Config) { c.Provider, c.OpenAI.Model = OpenAI, "" }, "openai.model cannot be empty"},
		{"OpenAI's timeout", func(c *Config) { c.Provider, c.OpenAI.Timeout = OpenAI, 0 }, "openai.timeout must be between 5 and 300 seconds, got 0"},
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

func TestValidateLeavesForeignVariablesAlone(t *testing.T) {
	c := Defaults()
	c.OpenAI.BaseURL = "the one of another program"
	require.NoError(t, c.Validate())
}

func TestChosenIsOllamaWhereItIsSet(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"nothing", func(*Config) {}, Builtin},
		{"address", func(c *Config) { c.Ollama.BaseURL = defaultOllama }, Ollama},
		{"model", func(c *Config) { c.Ollama.Model = defaultOllamaModel }, Ollama},
		{"timeout alone", func(c *Config) { c.Ollama.Timeout = 2 * time.Minute }, Builtin},
		{"OpenAI's key alone", func(c *Config) { c.OpenAI.APIKey = "k" }, Builtin},
		{"provider before address", func(c *Config) { c.Provider, c.Ollama.BaseURL = Builtin, defaultOllama }, Builtin},
		{"provider alone", func(c *Config) { c.Provider = Ollama }, Ollama},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := Defaults()
			row.change(&c)
			require.Equal(t, row.want, c.Chosen())
		})
	}
}

func TestWarningsTellOfWhatMayNotBeMeantSo(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(*Config)
		want   []string
	}{
		{"what the built-in model makes", func(c *Config) { c.Dimensions = 384 }, nil},
		{"what it does not make", func(c *Config) { c.Dimensions = 768 }, []string{"dimensions (768) is not asked of builtin, whose vectors have as many as its model makes"}},
		{"what Ollama is not asked for", func(c *Config) { c.Provider, c.Dimensions = Ollama, 768 }, []string{"dimensions (768) is not asked of ollama, whose vectors have as many as its model makes"}},
		{"usual dimensions", func(c *Config) { c.Provider, c.Dimensions = OpenAI, 1024 }, nil},
		{"unusual dimensions", func(c *Config) { c.Provider, c.Dimensions = OpenAI, 500 }, []string{"dimensions (500) is unusual: models make 384, 768, 1024, 1536 or 3072"}},
		{"key on the wire", func(c *Config) { c.Provider, c.OpenAI.BaseURL, c.OpenAI.APIKey = OpenAI, "http://there/v1", "k" }, []string{"openai.api_key goes through the network unencrypted: openai.base_url is not https://"}},
		{"key on this machine", func(c *Config) { c.Provider, c.OpenAI.BaseURL, c.OpenAI.APIKey = OpenAI, "http://127.0.0.1:1/v1", "k" }, nil},
		{"Redis without a cache", func(c *Config) { c.Redis.Enabled, c.Cache = true, false }, []string{"enabled has no effect without semantic_cache"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := Defaults()
			row.change(&c)
			require.Equal(t, row.want, c.Warnings())
		})
	}
}
