package embed

import (
	"fmt"
	"log/slog"
	"net/url"
	"strings"
)

const redacted = "[redacted]"

// Secret is a text that prints and encodes as "[redacted]", or as nothing
// when empty. Convert it to a string where it is used, and only there.
type Secret string

func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString keeps the secret out of %#v.
func (s Secret) GoString() string { return fmt.Sprintf("%q", s.String()) }

// MarshalText keeps the secret out of JSON and the like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue keeps the secret out of logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// URL is an address of a server. It prints and encodes without what may be
// secret in it: user, password, query. Convert it to a string where it is
// used, and only there.
type URL string

func (u URL) String() string {
	if u == "" {
		return ""
	}
	parsed, err := url.Parse(u.trimmed())
	if err != nil || parsed.Opaque != "" {
		return redacted
	}
	shown := parsed.Host + parsed.EscapedPath()
	if parsed.User != nil {
		shown = redacted + "@" + shown
	}
	if parsed.RawQuery != "" || parsed.Fragment != "" {
		shown += "?" + redacted
	}
	return parsed.Scheme + "://" + shown
}

// GoString keeps what is secret out of %#v.
func (u URL) GoString() string { return fmt.Sprintf("%q", u.String()) }

// MarshalText keeps what is secret out of JSON and the like.
func (u URL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// LogValue keeps what is secret out of logs.
func (u URL) LogValue() slog.Value { return slog.StringValue(u.String()) }

// trimmed is the address that paths are added to.
func (u URL) trimmed() string { return strings.TrimRight(string(u), "/") }

// isWeb tells whether u is an http:// or https:// address of a host.
func (u URL) isWeb() bool {
	parsed, err := url.Parse(string(u))
	return err == nil && (parsed.Scheme == "http" || parsed.Scheme == "https") && parsed.Hostname() != ""
}
