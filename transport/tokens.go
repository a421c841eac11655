package transport

import (
	"bufio"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
)

// tokens are the secrets that let clients in, each with a name. Only their
// sums are kept. Those of the file can be read anew at any time.
type tokens struct {
	given []string
	file  string
	known atomic.Pointer[[]token]
}

type token struct {
	name string
	sum  [sha256.Size]byte
}

func newTokens(given []string, file string) (*tokens, error) {
	t := &tokens{given: given, file: file}
	return t, t.reload()
}

// reload reads the file. After an error the tokens stay as they are.
func (t *tokens) reload() error {
	all := t.given
	if t.file != "" {
		more, err := readTokens(t.file)
		if err != nil {
			return err
		}
		all = append(slices.Clip(all), more...)
	}
	known := make([]token, 0, len(all))
	for i, entry := range all {
		name, secret, named := strings.Cut(entry, ":")
		if !named {
			name, secret = fmt.Sprintf("%d", i+1), entry
		}
		if name, secret = strings.TrimSpace(name), strings.TrimSpace(secret); name == "" || secret == "" {
			return fmt.Errorf("token %d is empty: write name:secret, or the secret alone", i+1)
		}
		known = append(known, token{name, sha256.Sum256([]byte(secret))})
	}
	if len(known) == 0 {
		return fmt.Errorf("there is no token in %s", t.file)
	}
	t.known.Store(&known)
	return nil
}

// readTokens reads a token a line; blank lines and those that start with # do
// not count.
func readTokens(path string) (all []string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("token_file: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if line := strings.TrimSpace(lines.Text()); line != "" && !strings.HasPrefix(line, "#") {
			all = append(all, line)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("token_file %s: %w", path, err)
	}
	return all, nil
}

// owner returns the name of a token. How long that takes tells nothing of the
// tokens there are.
func (t *tokens) owner(secret string) (name string, ok bool) {
	sum := sha256.Sum256([]byte(secret))
	for _, known := range *t.known.Load() {
		if subtle.ConstantTimeCompare(sum[:], known.sum[:]) == 1 {
			name, ok = known.name, true
		}
	}
	return name, ok
}

// certificate is what the server shows of itself. It can be read anew.
type certificate struct {
	cert, key string // paths
	current   atomic.Pointer[tls.Certificate]
}

func loadCertificate(cert, key string) (*certificate, error) {
	c := &certificate{cert: cert, key: key}
	return c, c.reload()
}

func (c *certificate) reload() error {
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fmt.Errorf("tls_cert %s with tls_key %s: %w", c.cert, c.key, err)
	}
	c.current.Store(&pair)
	return nil
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return c.current.Load(), nil
}
