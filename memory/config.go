package memory

import (
	"errors"
	"fmt"
)

// Config bounds what is kept and how it is recalled. Sizes of texts are in
// characters.
type Config struct {
	// ChunkSize is the most that a chunk holds.
	ChunkSize int `mapstructure:"max_chunk_size" env:"MAX_CHUNK_SIZE" usage:"most characters in a chunk, 100 to 2000"`
	// ChunkOverlap is how much of a chunk the next one repeats.
	ChunkOverlap  int `mapstructure:"chunk_overlap" env:"CHUNK_OVERLAP" usage:"characters that a chunk shares with the one before, 0 to 500 and less than max_chunk_size"`
	MaxTextLength int `mapstructure:"max_text_length" env:"MAX_TEXT_LENGTH" usage:"most characters in a memory, 1000 to 100000000"`
	// SearchLimit is how many hits an answer has when the caller does not say.
	SearchLimit int `mapstructure:"search_limit" env:"SEARCH_LIMIT_DEFAULT" usage:"hits in an answer when the caller does not say, 1 to 100"`
	// MinSimilarity is how near in meaning a memory must be that shares no word
	// with the question: 0 for the opposite, 0.5 for nothing in common, 1 for
	// the same.
	MinSimilarity float64 `mapstructure:"min_similarity" env:"MIN_SIMILARITY_THRESHOLD" usage:"how near in meaning must be what shares no word with the question, 0 to 1: 0.5 is nothing in common"`
	// Fusion is one of the Fusion constants, Alpha the part of meaning in all
	// of them but FusionWeighted.
	Fusion string  `mapstructure:"fusion" env:"ZAPOMNI_FUSION" usage:"how recall by words and by meaning become one: weighted, rrf, rsf or dbsf"`
	Alpha  float64 `mapstructure:"fusion_alpha" env:"ZAPOMNI_FUSION_ALPHA" usage:"part of meaning with rrf, rsf and dbsf, 0 to 1"`
	// TempDir holds files of work under way. Empty means a directory zapomni
	// in the system's one.
	TempDir string `mapstructure:"temp_dir" env:"TEMP_DIR" path:"true" reserved:"true" usage:"files of work under way; empty: zapomni in the system's directory for such files"`
}

// Defaults returns the settings that hold when none is given.
func Defaults() Config {
	return Config{
		ChunkSize:     512,
		ChunkOverlap:  50,
		MaxTextLength: 10_000_000,
		SearchLimit:   10,
		MinSimilarity: 0.5,
		Fusion:        FusionWeighted,
		Alpha:         0.5,
	}
}

// Validate returns all that is wrong with c. Each message starts with the
// name of a setting.
func (c Config) Validate() error {
	var errs []error
	for _, r := range []struct {
		name        string
		v, min, max int
	}{
		{"max_chunk_size", c.ChunkSize, 100, 2000},
		{"chunk_overlap", c.ChunkOverlap, 0, 500},
		{"max_text_length", c.MaxTextLength, 1000, 100_000_000},
		{"search_limit", c.SearchLimit, 1, 100},
	} {
		if r.v < r.min || r.v > r.max {
			errs = append(errs, fmt.Errorf("%s must be between %d and %d, got %d", r.name, r.min, r.max, r.v))
		}
	}
	if c.ChunkOverlap >= c.ChunkSize {
		errs = append(errs, fmt.Errorf("chunk_overlap (%d) must be less than max_chunk_size (%d)", c.ChunkOverlap, c.ChunkSize))
	}
	if !(c.MinSimilarity >= 0 && c.MinSimilarity <= 1) { // so that NaN is refused
		errs = append(errs, fmt.Errorf("min_similarity must be between 0 and 1, got %v", c.MinSimilarity))
	}
	return errors.Join(append(errs, checkFusion(c.Fusion, c.Alpha)...)...)
}

// Warnings says what of c may not be meant so.
func (c Config) Warnings() []string {
	if 2*c.ChunkOverlap > c.ChunkSize {
		return []string{fmt.Sprintf("chunk_overlap (%d) is more than half of max_chunk_size (%d)", c.ChunkOverlap, c.ChunkSize)}
	}
	return nil
}
