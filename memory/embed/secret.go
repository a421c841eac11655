package embed

import (
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	"zapomni/memory/secret"
)

// Secret is a text that prints and encodes as "[redacted]".
type Secret = secret.Text

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
		return secret.Redacted
	}
	shown := parsed.Host + parsed.EscapedPath()
	if parsed.User != nil {
		shown = secret.Redacted + "@" + shown
	}
	if parsed.RawQuery != "" || parsed.Fragment != "" {
		shown += "?" + secret.Redacted
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
