package memory

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestConfigDefaultsAreValid(t *testing.T) {
	require.NoError(t, Defaults().Validate())
	require.Empty(t, Defaults().Warnings())
}

func TestConfigValidateSaysWhatIsWrong(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"chunk size below", func(c *Config) { c.ChunkSize = 99 }, "max_chunk_size must be between 100 and 2000, got 99"},
		{"chunk size above", func(c *Config) { c.ChunkSize = 2001 }, "max_chunk_size must be between 100 and 2000, got 2001"},
		{"overlap below", func(c *Config) { c.ChunkOverlap = -1 }, "chunk_overlap must be between 0 and 500, got -1"},
		{"overlap as large as a chunk", func(c *Config) { c.ChunkOverlap, c.ChunkSize = 200, 200 }, "chunk_overlap (200) must be less than max_chunk_size (200)"},
		{"text length", func(c *Config) { c.MaxTextLength = 999 }, "max_text_length must be between 1000 and 100000000, got 999"},
		{"search limit", func(c *Config) { c.SearchLimit = 101 }, "search_limit must be between 1 and 100, got 101"},
		{"similarity", func(c *Config) { c.MinSimilarity = 1.5 }, "min_similarity must be between 0 and 1, got 1.5"},
		{"similarity that is no number", func(c *Config) { c.MinSimilarity = math.NaN() }, "min_similarity must be between 0 and 1, got NaN"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := Defaults()
			row.change(&c)
			require.EqualError(t, c.Validate(), row.want)
		})
	}
}

func TestConfigWarnsOfOverlapAboveHalf(t *testing.T) {
	c := Defaults()
	c.ChunkOverlap = 256
	require.Empty(t, c.Warnings())
	c.ChunkOverlap = 257
	require.Equal(t, []string{"chunk_overlap (257) is more than half of max_chunk_size (512)"}, c.Warnings())
}
