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

// tokens are the secrets that let clients in. Only their sums are kept. Those
// of the file can be read anew at any time.
type tokens struct {
	given []string
	file  string
	known atomic.Pointer[[]*caller]
}

// caller is whom the guard lets in: by a token of ours there is one for each
// token, for as long as that is known.
type caller struct {
	name string            // whose sessions they may use; empty where no token is asked for
	sum  [sha256.Size]byte // of their token
	ours bool              // it is one of the tokens
}

// newCaller returns who has a token. One without a name is named after itself,
// and not after its place, which others may take.
func newCaller(name, secret string) *caller {
	c := &caller{name: "token:" + name, sum: sha256.Sum256([]byte(secret)), ours: true}
	if name == "" {
		c.name = fmt.Sprintf("secret:%x", c.sum[:8])
	}
	return c
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
	known := make([]*caller, 0, len(all))
	for i, entry := range all {
		name, secret, named := strings.Cut(entry, ":")
		if !named {
			name, secret = "", entry
		}
		name, secret = strings.TrimSpace(name), strings.TrimSpace(secret)
		if named && name == "" || secret == "" {
			return fmt.Errorf("token %d is empty: write name:secret, or the secret alone", i+1)
		}
		known = append(known, t.again(newCaller(name, secret)))
	}
	if len(known) == 0 {
		return fmt.Errorf("there is no token in %s", t.file)
	}
	t.known.Store(&known)
	return nil
}

// again returns the caller that has been known by now, if it is the same.
func (t *tokens) again(c *caller) *caller {
	if before := t.known.Load(); before != nil {
		for _, known := range *before {
			if *known == *c {
				return known
			}
		}
	}
	return c
}

// hold reports whether the token of a caller is one of them still.
func (t *tokens) hold(c *caller) bool { return slices.Contains(*t.known.Load(), c) }

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

// bearer returns who has a token, nil for nobody. How long that takes tells
// nothing of the tokens there are.
func (t *tokens) bearer(secret string) *caller {
	var bearer *caller
	sum := sha256.Sum256([]byte(secret))
	for _, known := range *t.known.Load() {
		if subtle.ConstantTimeCompare(sum[:], known.sum[:]) == 1 {
			bearer = known
		}
	}
	return bearer
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
