package server

import (
	"errors"
	"fmt"
)

// Config bounds the answers and says which tools are offered.
type Config struct {
	// MaxResultBytes bounds the text of one answer, unless the caller asks
	// for more.
	MaxResultBytes     int  `mapstructure:"max_result_bytes" usage:"most bytes in an answer unless the caller asks for more, at least 1000"`
	HybridSearch       bool `mapstructure:"hybrid_search" env:"ENABLE_HYBRID_SEARCH" usage:"search by meaning as well as by words; without it nothing is embedded"`
	KnowledgeGraph     bool `mapstructure:"knowledge_graph" env:"ENABLE_KNOWLEDGE_GRAPH" reserved:"true" usage:"offer the tools of the knowledge graph"`
	CodeIndexing       bool `mapstructure:"code_indexing" env:"ENABLE_CODE_INDEXING" reserved:"true" usage:"offer the tools that read source code"`
	MaxConcurrentTasks int  `mapstructure:"max_concurrent_tasks" env:"MAX_CONCURRENT_TASKS" reserved:"true" usage:"long tasks under way at a time, 1 to 32"`
}

// Defaults returns the settings that hold when none is given.
func Defaults() Config {
	return Config{
		MaxResultBytes:     20_000,
		HybridSearch:       true,
		KnowledgeGraph:     true,
		CodeIndexing:       true,
		MaxConcurrentTasks: 4,
	}
}

// Validate returns all that is wrong with c. Each message starts with the
// name of a setting.
func (c Config) Validate() error {
	var errs []error
	if c.MaxResultBytes < 1000 {
		errs = append(errs, fmt.Errorf("max_result_bytes must be >= 1000, got %d", c.MaxResultBytes))
	}
	if c.MaxConcurrentTasks < 1 || c.MaxConcurrentTasks > 32 {
		errs = append(errs, fmt.Errorf("max_concurrent_tasks must be between 1 and 32, got %d", c.MaxConcurrentTasks))
	}
	return errors.Join(errs...)
}
