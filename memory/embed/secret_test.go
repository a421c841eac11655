package embed

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestURLShowsNothingSecret(t *testing.T) {
	for _, row := range []struct{ name, url, want string }{
		{"plain", "http://there:11434", "http://there:11434"},
		{"slash at the end", "https://there/v1/", "https://there/v1"},
		{"password", "http://u:sesame@there/v1", "http://[redacted]@there/v1"},
		{"token for a user", "http://sesame@there", "http://[redacted]@there"},
		{"query", "http://there/v1?key=sesame", "http://there/v1?[redacted]"},
		{"fragment", "http://there/#sesame", "http://there/?[redacted]"},
		{"no URL", "http://u:sesame@%zz", "[redacted]"},
		{"no host", "sesame:open", "[redacted]"},
		{"empty", "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			u := URL(row.url)
			require.Equal(t, row.want, u.String())
			encoded, err := json.Marshal(u)
			require.NoError(t, err)
			log, logged := recorded()
			log.Info("settings_loaded", "config", u)
			for _, shown := range []string{
				string(encoded), logged.String(),
				fmt.Sprintf("%v %+v %#v %q %x", u, u, u, u, u), fmt.Sprintf("%+v %#v", OllamaConfig{BaseURL: u}, OllamaConfig{BaseURL: u}),
			} {
				require.NotContains(t, shown, "sesame")
				require.NotContains(t, shown, "736573616d65")
			}
		})
	}
}
