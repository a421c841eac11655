package transport

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMisshapen(t *testing.T) {
	const deep, many = "message is nested more than 5 levels deep", "message has more than 20 values"
	for _, tt := range []struct{ name, line, want string }{
		{"as deep as allowed", strings.Repeat("[", 5) + strings.Repeat("]", 5), ""},
		{"one level more", strings.Repeat("[", 6) + strings.Repeat("]", 6), deep},
		{"objects count too", strings.Repeat(`{"a":`, 6) + "1" + strings.Repeat("}", 6), deep},
		{"side by side", strings.Repeat("[],", 10), ""},
		{"inside a string", `["` + strings.Repeat("[", 20) + `\"[[["]`, ""},
		{"a string without end", `["` + strings.Repeat("[", 20), ""},
		{"never closed", strings.Repeat("[", 20), deep},
		{"empty", "", ""},
		{"as many as allowed", "[" + strings.Repeat("0,", 19) + "0]", ""},
		{"one more", "[" + strings.Repeat("0,", 20) + "0]", many},
		{"members", "{" + strings.Repeat(`"a":1,`, 20) + `"b":2}`, many},
		{"lists side by side", strings.Repeat("[],", 11), many},
		{"commas inside a string", `["` + strings.Repeat(",", 40) + `"]`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, misshapen([]byte(tt.line), 5, 20))
		})
	}
}
