// Package embed holds the settings of embedders, which make vectors of texts,
// and of the cache over them.
package embed

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Config says which embedder is asked, and where its vectors are cached.
type Config struct {
	// Dimensions is the length of a vector.
	Dimensions int `mapstructure:"dimensions" env:"VECTOR_DIMENSIONS" usage:"numbers in a vector; usual are 384, 768, 1024, 1536 and 3072"`
	// Cache keeps vectors, so that a text is embedded once.
	Cache bool `mapstructure:"semantic_cache" env:"ENABLE_SEMANTIC_CACHE" usage:"keep the vectors of texts, to embed each once"`

	Ollama OllamaConfig `mapstructure:"ollama" usage:"Embeddings by Ollama"`
	Redis  RedisConfig  `mapstructure:"redis" usage:"Embedding cache in Redis"`
}

// OllamaConfig says where Ollama is and what it embeds with.
type OllamaConfig struct {
	BaseURL string        `mapstructure:"base_url" env:"OLLAMA_BASE_URL" usage:"where Ollama listens, an http:// or https:// URL"`
	Model   string        `mapstructure:"model" env:"OLLAMA_EMBEDDING_MODEL" usage:"model that makes the vectors"`
	Timeout time.Duration `mapstructure:"timeout" env:"OLLAMA_EMBEDDING_TIMEOUT" usage:"longest wait for them, 5s to 300s"`
}

// RedisConfig describes a cache that several processes share.
type RedisConfig struct {
	Enabled bool   `mapstructure:"enabled" env:"REDIS_ENABLED" usage:"keep the embedding cache in Redis"`
	Host    string `mapstructure:"host" env:"REDIS_HOST" usage:"where Redis listens"`
	Port    int    `mapstructure:"port" env:"REDIS_PORT" usage:"its port, 1 to 65535"`
	// TTL is how long a vector stays.
	TTL         time.Duration `mapstructure:"ttl" env:"REDIS_TTL_SECONDS" usage:"how long a vector stays, 60s to 604800s"`
	MaxMemoryMB int           `mapstructure:"max_memory_mb" env:"REDIS_MAX_MEMORY_MB" usage:"most room for the cache in megabytes, 100 to 10240"`
}

// Defaults returns the settings that hold when none is given.
func Defaults() Config {
	return Config{
		Dimensions: 768,
		Cache:      true,
		Ollama: OllamaConfig{
			BaseURL: "http://localhost:11434",
			Model:   "nomic-embed-text",
			Timeout: time.Minute,
		},
		Redis: RedisConfig{
			Host:        "localhost",
			Port:        6380,
			TTL:         24 * time.Hour,
			MaxMemoryMB: 1024,
		},
	}
}

// Validate returns all that is wrong with c. Each message starts with the
// name of a setting.
func (c Config) Validate() error {
	var errs []error
	if c.Dimensions < 1 {
		errs = append(errs, fmt.Errorf("dimensions must be >= 1, got %d", c.Dimensions))
	}
	return errors.Join(append(errs, c.Ollama.validate(), c.Redis.validate())...)
}

func (c OllamaConfig) validate() error {
	var errs []error
	// The URL is not repeated: it may hold a password.
	u, err := url.Parse(c.BaseURL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		errs = append(errs, errors.New("base_url must start with http:// or https:// and name a host"))
	}
	if strings.TrimSpace(c.Model) == "" {
		errs = append(errs, errors.New("model cannot be empty"))
	}
	if c.Timeout < 5*time.Second || c.Timeout > 300*time.Second {
		errs = append(errs, fmt.Errorf("timeout must be between 5 and 300 seconds, got %v", c.Timeout.Seconds()))
	}
	return errors.Join(errs...)
}

func (c RedisConfig) validate() error {
	var errs []error
	if strings.TrimSpace(c.Host) == "" {
		errs = append(errs, errors.New("host cannot be empty"))
	}
	if c.Port < 1 || c.Port > 65535 {
		errs = append(errs, fmt.Errorf("port must be between 1 and 65535, got %d", c.Port))
	}
	if c.TTL < time.Minute || c.TTL > 7*24*time.Hour {
		errs = append(errs, fmt.Errorf("ttl must be between 60 and 604800 seconds, got %v", c.TTL.Seconds()))
	}
	if c.MaxMemoryMB < 100 || c.MaxMemoryMB > 10240 {
		errs = append(errs, fmt.Errorf("max_memory_mb must be between 100 and 10240, got %d", c.MaxMemoryMB))
	}
	return errors.Join(errs...)
}

// Warnings says what of c may not be meant so.
func (c Config) Warnings() []string {
	if !slices.Contains([]int{384, 768, 1024, 1536, 3072}, c.Dimensions) {
		return []string{fmt.Sprintf("dimensions (%d) is unusual: models make 384, 768, 1024, 1536 or 3072", c.Dimensions)}
	}
	return nil
}
