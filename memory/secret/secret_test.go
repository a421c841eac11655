package secret_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory/secret"
)

func TestASecretIsNeverShown(t *testing.T) {
	s := secret.Text("sesame")
	held := struct{ Key secret.Text }{s}
	encoded, err := json.Marshal(held)
	require.NoError(t, err)
	var logged strings.Builder
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("settings_loaded", "config", s, "detail", held)
	for _, shown := range []string{
		fmt.Sprintf("%v %+v %#v %q %s", s, s, s, s, s), fmt.Sprintf("%v %+v %#v", held, held, held), string(encoded), logged.String(),
	} {
		require.NotContains(t, shown, "sesame")
		require.Contains(t, shown, "[redacted]")
	}
	require.NotContains(t, fmt.Sprintf("%x %X", s, s), "736573616d65")
}

func TestThatThereIsNoSecretIsShown(t *testing.T) {
	require.Empty(t, secret.Text("").String())
}
