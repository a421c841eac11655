// Package secret keeps what nobody should read out of what is printed.
package secret

import (
	"fmt"
	"log/slog"
)

// Redacted is what is shown in the place of a secret.
const Redacted = "[redacted]"

// Text is a text that prints and encodes as Redacted, or as nothing when empty.
// Convert it to a string where it is used, and only there.
type Text string

func (t Text) String() string {
	if t == "" {
		return ""
	}
	return Redacted
}

// GoString keeps the secret out of %#v.
func (t Text) GoString() string { return fmt.Sprintf("%q", t.String()) }

// MarshalText keeps the secret out of JSON and the like.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// LogValue keeps the secret out of logs.
func (t Text) LogValue() slog.Value { return slog.StringValue(t.String()) }
