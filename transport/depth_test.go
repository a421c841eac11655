package transport

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDeeper(t *testing.T) {
	for _, tt := range []struct {
		name, line string
		want       bool
	}{
		{"as deep as allowed", strings.Repeat("[", 5) + strings.Repeat("]", 5), false},
		{"one level more", strings.Repeat("[", 6) + strings.Repeat("]", 6), true},
		{"objects count too", strings.Repeat(`{"a":`, 6) + "1" + strings.Repeat("}", 6), true},
		{"side by side", strings.Repeat("[],", 20), false},
		{"inside a string", `["` + strings.Repeat("[", 20) + `\"[[["]`, false},
		{"a string without end", `["` + strings.Repeat("[", 20), false},
		{"never closed", strings.Repeat("[", 20), true},
		{"empty", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, deeper([]byte(tt.line), 5))
		})
	}
}
