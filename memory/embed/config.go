package embed

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"zapomni/memory/embed/builtin"
)

// The values of Config.Provider.
const (
	Auto    = "auto" // Ollama if it was given an address or a model, else Builtin
	Builtin = "builtin"
	Ollama  = "ollama"
	OpenAI  = "openai"
	None    = "none"
)

// Config says which embedder is asked, and where its vectors are cached.
type Config struct {
	// Provider is Auto, Builtin, Ollama, OpenAI or None.
	Provider string `mapstructure:"provider" env:"ZAPOMNI_EMBEDDING_PROVIDER,EMBEDDING_PROVIDER" usage:"what makes the vectors: builtin (the model in the program), ollama, openai (any server that speaks as OpenAI does), none, or auto: ollama if an address or a model is set for it, else builtin"`
	// Dimensions is the length of a vector that an OpenAI-compatible server is
	// asked for. Zero means as many as the model makes; all others make what
	// they make.
	Dimensions int `mapstructure:"dimensions" env:"VECTOR_DIMENSIONS" usage:"numbers in a vector to ask an OpenAI-compatible server for; 0: as many as its model makes, as with all others"`
	BatchSize  int `mapstructure:"batch_size" usage:"most texts in one request to a server, 1 to 64"`
	// Cache keeps vectors, so that a text is embedded once.
	Cache   bool `mapstructure:"semantic_cache" env:"ENABLE_SEMANTIC_CACHE" usage:"keep the vectors of texts, to embed each once"`
	CacheMB int  `mapstructure:"cache_mb" usage:"most memory for that in megabytes, 1 to 4096"`
	// DiskCacheMB bounds the file that keeps them for the next start.
	DiskCacheMB int `mapstructure:"disk_cache_mb" usage:"most room for that in a file beside the embedded store, where Redis does not do it, in megabytes, 0 (none) to 4096"`

	Ollama OllamaConfig `mapstructure:"ollama" usage:"Embeddings by Ollama"`
	OpenAI OpenAIConfig `mapstructure:"openai" usage:"Embeddings by an OpenAI-compatible server"`
	Redis  RedisConfig  `mapstructure:"redis" usage:"Embedding cache in Redis"`
}

// OllamaConfig says where Ollama is and what it embeds with.
type OllamaConfig struct {
	// BaseURL is where Ollama listens. Empty means that none was set, and then
	// its usual place is meant. So it is with Model.
	BaseURL URL           `mapstructure:"base_url" env:"OLLAMA_BASE_URL" usage:"where Ollama listens, an http:// or https:// URL, shown without what may be secret in it; empty: http://localhost:11434"`
	Model   string        `mapstructure:"model" env:"OLLAMA_EMBEDDING_MODEL" usage:"model that makes the vectors; empty: nomic-embed-text"`
	Timeout time.Duration `mapstructure:"timeout" env:"OLLAMA_EMBEDDING_TIMEOUT" usage:"longest wait for them, 5s to 300s"`
}

const (
	defaultOllama      = "http://localhost:11434"
	defaultOllamaModel = "nomic-embed-text"
	defaultOpenAI      = "https://api.openai.com/v1"
)

// OpenAIConfig says where an OpenAI-compatible server is, and what it embeds
// with.
type OpenAIConfig struct {
	BaseURL URL           `mapstructure:"base_url" env:"OPENAI_BASE_URL" usage:"where /embeddings is, an http:// or https:// URL, shown without what may be secret in it"`
	APIKey  Secret        `mapstructure:"api_key" env:"OPENAI_API_KEY" secret:"true" usage:"key that lets us in; empty: none"`
	Model   string        `mapstructure:"model" env:"OPENAI_EMBEDDING_MODEL" usage:"model that makes the vectors"`
	Timeout time.Duration `mapstructure:"timeout" env:"OPENAI_EMBEDDING_TIMEOUT" usage:"longest wait for them, 5s to 300s"`
}

// RedisConfig describes a cache that several processes share.
type RedisConfig struct {
	Enabled  bool   `mapstructure:"enabled" env:"REDIS_ENABLED" usage:"keep the embedding cache in Redis as well as in memory"`
	Host     string `mapstructure:"host" env:"REDIS_HOST" usage:"where Redis listens"`
	Port     int    `mapstructure:"port" env:"REDIS_PORT" usage:"its port, 1 to 65535"`
	Password Secret `mapstructure:"password" env:"REDIS_PASSWORD" secret:"true" usage:"its password; empty: none"`
	// TTL is how long a vector stays.
	TTL         time.Duration `mapstructure:"ttl" env:"REDIS_TTL_SECONDS" usage:"how long a vector stays, 60s to 604800s"`
	MaxMemoryMB int           `mapstructure:"max_memory_mb" env:"REDIS_MAX_MEMORY_MB" usage:"no more is kept while Redis uses so many megabytes, 100 to 10240"`
}

// Defaults returns the settings that hold when none is given.
func Defaults() Config {
	return Config{
		Provider:  Auto,
		BatchSize: 32,
		Cache:     true,
		CacheMB:   16,

		DiskCacheMB: 32,

		Ollama: OllamaConfig{Timeout: time.Minute},
		OpenAI: OpenAIConfig{BaseURL: defaultOpenAI, Model: "text-embedding-3-small", Timeout: time.Minute},
		Redis: RedisConfig{
			Host:        "localhost",
			Port:        6380,
			TTL:         24 * time.Hour,
			MaxMemoryMB: 1024,
		},
	}
}

// Chosen returns the provider that is meant: Provider itself or, for Auto,
// Ollama if an address or a model was set for it and Builtin otherwise. A key
// for OpenAI alone says nothing: no text goes to a server that was not asked
// for.
func (c Config) Chosen() string {
	switch {
	case c.Provider != Auto:
		return c.Provider
	case c.Ollama.BaseURL != "" || c.Ollama.Model != "":
		return Ollama
	default:
		return Builtin
	}
}

// address is where Ollama listens.
func (c OllamaConfig) address() URL {
	if c.BaseURL == "" {
		return defaultOllama
	}
	return c.BaseURL
}

// model is what Ollama is asked for.
func (c OllamaConfig) model() string {
	if c.Model == "" {
		return defaultOllamaModel
	}
	return strings.TrimSpace(c.Model)
}

// Validate returns all that is wrong with c. Each message starts with the
// name of a setting, and the group where several have that name.
func (c Config) Validate() error {
	var errs []error
	if !slices.Contains([]string{Auto, Builtin, Ollama, OpenAI, None}, c.Provider) {
		errs = append(errs, fmt.Errorf("provider must be %s, %s, %s, %s or %s, got %q", Auto, Builtin, Ollama, OpenAI, None, c.Provider))
	}
	if c.Dimensions < 0 {
		errs = append(errs, fmt.Errorf("dimensions must be >= 0, got %d", c.Dimensions))
	}
	if c.BatchSize < 1 || c.BatchSize > 64 {
		errs = append(errs, fmt.Errorf("batch_size must be between 1 and 64, got %d", c.BatchSize))
	}
	if c.CacheMB < 1 || c.CacheMB > 4096 {
		errs = append(errs, fmt.Errorf("cache_mb must be between 1 and 4096, got %d", c.CacheMB))
	}
	if c.DiskCacheMB < 0 || c.DiskCacheMB > 4096 {
		errs = append(errs, fmt.Errorf("disk_cache_mb must be between 0 and 4096, got %d", c.DiskCacheMB))
	}
	errs = append(errs, validateServer("ollama", c.Ollama.address(), c.Ollama.model(), c.Ollama.Timeout), c.Redis.validate())
	// The variables of OpenAI may be meant for another program.
	if c.Chosen() == OpenAI {
		errs = append(errs, validateServer("openai", c.OpenAI.BaseURL, c.OpenAI.Model, c.OpenAI.Timeout))
	}
	return errors.Join(errs...)
}

func validateServer(group string, base URL, model string, timeout time.Duration) error {
	var errs []error
	// The URL is not repeated: it may hold a password.
	if !base.isWeb() {
		errs = append(errs, fmt.Errorf("%s.base_url must start with http:// or https:// and name a host", group))
	}
	if strings.TrimSpace(model) == "" {
		errs = append(errs, fmt.Errorf("%s.model cannot be empty", group))
	}
	if timeout < 5*time.Second || timeout > 300*time.Second {
		errs = append(errs, fmt.Errorf("%s.timeout must be between 5 and 300 seconds, got %v", group, timeout.Seconds()))
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
	var all []string
	chosen := c.Chosen()
	switch {
	case c.Dimensions == 0:
	case chosen != OpenAI && (chosen != Builtin || c.Dimensions != builtin.New().Dimensions()):
		all = append(all, fmt.Sprintf("dimensions (%d) is not asked of %s, whose vectors have as many as its model makes", c.Dimensions, chosen))
	case chosen == OpenAI && !slices.Contains([]int{384, 768, 1024, 1536, 3072}, c.Dimensions):
		all = append(all, fmt.Sprintf("dimensions (%d) is unusual: models make 384, 768, 1024, 1536 or 3072", c.Dimensions))
	}
	if chosen == OpenAI && c.OpenAI.APIKey != "" && !c.OpenAI.BaseURL.isPrivate() {
		all = append(all, "openai.api_key goes through the network unencrypted: openai.base_url is not https://")
	}
	if c.Redis.Enabled && !c.Cache {
		all = append(all, "enabled has no effect without semantic_cache")
	}
	return all
}

// isPrivate tells whether what goes to u is encrypted, or stays on the machine.
func (u URL) isPrivate() bool {
	parsed, err := url.Parse(string(u))
	if err != nil {
		return false
	}
	ip := net.ParseIP(parsed.Hostname())
	return parsed.Scheme == "https" || parsed.Hostname() == "localhost" || ip.IsLoopback()
}
