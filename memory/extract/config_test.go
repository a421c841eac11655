package extract

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDefaultsAreValid(t *testing.T) {
	require.NoError(t, Defaults().Validate())
}

func TestValidateSaysEverythingThatIsWrong(t *testing.T) {
	require.EqualError(t, Config{Timeout: 9 * time.Second, Workers: 21}.Validate(),
		`model cannot be empty
timeout must be between 10 and 600 seconds, got 9
workers must be between 1 and 20, got 21`)
}
