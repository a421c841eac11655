// Package extract holds the settings of extractors, which read entities and
// relations out of texts.
package extract

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Config says which model reads the texts, and how many at a time.
type Config struct {
	Model   string        `mapstructure:"model" env:"OLLAMA_LLM_MODEL" usage:"model that Ollama reads texts with"`
	Timeout time.Duration `mapstructure:"timeout" env:"OLLAMA_LLM_TIMEOUT" usage:"longest wait for it, 10s to 600s"`
	Workers int           `mapstructure:"workers" env:"ENTITY_EXTRACTOR_WORKERS" usage:"texts read at a time, 1 to 20"`
}

// Defaults returns the settings that hold when none is given.
func Defaults() Config {
	return Config{Model: "llama3.1:8b", Timeout: 2 * time.Minute, Workers: 5}
}

// Validate returns all that is wrong with c. Each message starts with the
// name of a setting.
func (c Config) Validate() error {
	var errs []error
	if strings.TrimSpace(c.Model) == "" {
		errs = append(errs, errors.New("model cannot be empty"))
	}
	if c.Timeout < 10*time.Second || c.Timeout > 600*time.Second {
		errs = append(errs, fmt.Errorf("timeout must be between 10 and 600 seconds, got %v", c.Timeout.Seconds()))
	}
	if c.Workers < 1 || c.Workers > 20 {
		errs = append(errs, fmt.Errorf("workers must be between 1 and 20, got %d", c.Workers))
	}
	return errors.Join(errs...)
}
