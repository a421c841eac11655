package embedded

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDefaultsNeedAPathAlone(t *testing.T) {
	c := Defaults()
	require.EqualError(t, c.Validate(), "path must not be empty")
	c.Path = "m.db"
	require.NoError(t, c.Validate())
}

func TestValidateSaysEverythingThatIsWrong(t *testing.T) {
	require.EqualError(t, Config{Path: "m.db", Sync: "off", BusyTimeout: -1, Readers: 65}.Validate(),
		`sync must be normal or full, got "off"
busy_timeout must be > 0, got -1ns
readers must be between 1 and 64, got 65`)
}
