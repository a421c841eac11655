package transport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// metadataPath is where RFC 9728 has clients look for who gives out tokens.
const metadataPath = "/.well-known/oauth-protected-resource"

// issuerTime bounds a request to the issuer, and is how long one that cannot be
// reached is left alone.
const issuerTime = 5 * time.Second

var errScope = errors.New("the token has no scope")

// OAuthConfig says whose tokens are taken beside those of our own. Without an
// issuer there are none.
type OAuthConfig struct {
	Issuer string `mapstructure:"issuer" usage:"URL of the server whose OAuth tokens are taken; empty: none"`
	// Audience is what a token has to be made out to.
	Audience string   `mapstructure:"audience" usage:"audience that a token must name; empty: the resource"`
	Resource string   `mapstructure:"resource" usage:"URL that clients know this server by, like https://memory.example.org/mcp"`
	JWKSURL  string   `mapstructure:"jwks_url" usage:"where the issuer's keys are; empty: where its metadata say"`
	Scopes   []string `mapstructure:"scopes" usage:"scopes that a token must have, separated by commas"`
}

func (c OAuthConfig) validate() error {
	if c.Issuer == "" {
		return nil
	}
	var errs []error
	if !strings.HasPrefix(c.Issuer, "https://") && !strings.HasPrefix(c.Issuer, "http://") {
		errs = append(errs, fmt.Errorf("issuer must start with https:// or http://, got %q", c.Issuer))
	}
	if c.Resource == "" {
		errs = append(errs, errors.New("resource must be given with an issuer: the URL that clients know this server by"))
	}
	return errors.Join(errs...)
}

// issuer checks tokens against the keys of who gives them out. The keys are
// fetched when the first token comes, and again when one is signed by a key
// that is not known, though not at once.
type issuer struct {
	config OAuthConfig
	client *http.Client

	now func() time.Time

	mu       sync.Mutex
	verifier *oidc.IDTokenVerifier
	failure  error // why there was none when the keys were looked for last
	failed   time.Time
}

func newIssuer(c OAuthConfig) *issuer {
	if c.Audience == "" {
		c.Audience = c.Resource
	}
	return &issuer{config: c, client: &http.Client{Timeout: issuerTime}, now: time.Now}
}

// subject returns whom a token speaks for.
func (i *issuer) subject(ctx context.Context, token string) (string, error) {
	verifier, err := i.ready(ctx)
	if err != nil {
		return "", err
	}
	t, err := verifier.Verify(oidc.ClientContext(ctx, i.client), token)
	if err != nil {
		return "", fmt.Errorf("verify: %w", err)
	}
	var claims struct {
		Scope string `json:"scope"`
	}
	if err := t.Claims(&claims); err != nil {
		return "", fmt.Errorf("read claims: %w", err)
	}
	has := map[string]bool{}
	for scope := range strings.FieldsSeq(claims.Scope) {
		has[scope] = true
	}
	for _, scope := range i.config.Scopes {
		if !has[scope] {
			return "", fmt.Errorf("%w %s", errScope, scope)
		}
	}
	if t.Subject == "" {
		return "", errors.New("the token names no subject")
	}
	return t.Subject, nil
}

// ready returns the verifier, and finds the issuer's keys when first asked.
func (i *issuer) ready(ctx context.Context) (*oidc.IDTokenVerifier, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.verifier != nil || i.failure != nil && i.now().Sub(i.failed) < issuerTime {
		return i.verifier, i.failure
	}
	// The keys outlive the request that asked for them first.
	ctx = context.WithoutCancel(ctx)
	lasting := oidc.ClientContext(ctx, i.client)
	checks := &oidc.Config{ClientID: i.config.Audience, SupportedSigningAlgs: []string{
		oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA,
	}}
	url := i.config.JWKSURL
	if url == "" {
		var err error
		if url, err = i.discover(lasting); err != nil {
			i.failure, i.failed = err, i.now()
			return nil, err
		}
	}
	i.failure = nil
	seldom := &http.Client{Timeout: issuerTime, Transport: &seldom{now: i.now}}
	i.verifier = oidc.NewVerifier(i.config.Issuer, oidc.NewRemoteKeySet(oidc.ClientContext(ctx, seldom), url), checks)
	return i.verifier, nil
}

// seldom lets one request out in issuerTime: any token that nobody has signed
// with a known key, as everyone can make them, asks for the keys once more.
type seldom struct {
	now func() time.Time

	mu   sync.Mutex
	last time.Time
}

var errSeldom = errors.New("the issuer has just been asked")

// RoundTrip is for [http.Client].
func (s *seldom) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	now := s.now()
	early := now.Sub(s.last) < issuerTime
	if !early {
		s.last = now
	}
	s.mu.Unlock()
	if early {
		return nil, errSeldom
	}
	return http.DefaultTransport.RoundTrip(r)
}

// discover asks the issuer where its keys are: as OpenID Connect has it, then
// as RFC 8414 does.
func (i *issuer) discover(ctx context.Context) (string, error) {
	var errs []error
	for _, path := range []string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"} {
		url, err := i.keysAt(ctx, strings.TrimSuffix(i.config.Issuer, "/")+path)
		if err == nil {
			return url, nil
		}
		errs = append(errs, err)
	}
	return "", fmt.Errorf("find the keys of %s: %w", i.config.Issuer, errors.Join(errs...))
}

func (i *issuer) keysAt(ctx context.Context, url string) (keys string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := i.client.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", url, response.Status)
	}
	var m struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(nil, response.Body, 1<<20)).Decode(&m); err != nil {
		return "", fmt.Errorf("%s: %w", url, err)
	}
	if m.Issuer != i.config.Issuer {
		return "", fmt.Errorf("%s speaks for another issuer, %q", url, m.Issuer)
	}
	if m.Keys == "" {
		return "", fmt.Errorf("%s names no jwks_uri", url)
	}
	return m.Keys, nil
}

// metadataURL is where a client finds the metadata.
func (i *issuer) metadataURL() string {
	scheme, rest, _ := strings.Cut(i.config.Resource, "://")
	host, path, _ := strings.Cut(rest, "/")
	url := scheme + "://" + host + metadataPath
	if path != "" {
		url += "/" + path
	}
	return url
}

// metadata returns the document of RFC 9728, nil where there is no issuer.
func (g *guard) metadata() http.Handler {
	if g.issuer == nil {
		return nil
	}
	c := g.issuer.config
	document := map[string]any{
		"resource": c.Resource, "authorization_servers": []string{c.Issuer},
		"bearer_methods_supported": []string{"header"}, "resource_name": "Zapomni",
	}
	if len(c.Scopes) > 0 {
		document["scopes_supported"] = c.Scopes
	}
	encoded := encode(document)
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { respond(w, http.StatusOK, encoded) })
}
