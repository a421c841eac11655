package server

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestConfigDefaultsAreValid(t *testing.T) {
	require.NoError(t, Defaults().Validate())
}

func TestConfigValidateSaysEverythingThatIsWrong(t *testing.T) {
	require.EqualError(t, Config{MaxResultBytes: 999, MaxConcurrentTasks: 33}.Validate(),
		`max_result_bytes must be >= 1000, got 999
max_concurrent_tasks must be between 1 and 32, got 33`)
}
