package transport

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
)

// authority is an issuer of tokens.
type authority struct {
	*httptest.Server

	key   *ecdsa.PrivateKey
	asked atomic.Int64 // how often for its keys
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	a := &authority{key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/oauth-authorization-server", func(w http.ResponseWriter, _ *http.Request) {
		respond(w, http.StatusOK, encode(map[string]string{"issuer": a.URL, "jwks_uri": a.URL + "/keys"}))
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		a.asked.Add(1)
		respond(w, http.StatusOK, encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: a.key.Public(), KeyID: "k", Algorithm: "ES256", Use: "sig"}}}))
	})
	a.Server = httptest.NewServer(mux)
	t.Cleanup(a.Close)
	return a
}

// token signs claims.
func (a *authority) token(t *testing.T, key any, algorithm jose.SignatureAlgorithm, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: key, KeyID: "k"}}, nil)
	require.NoError(t, err)
	payload, err := json.Marshal(claims)
	require.NoError(t, err)
	signed, err := signer.Sign(payload)
	require.NoError(t, err)
	text, err := signed.CompactSerialize()
	require.NoError(t, err)
	return text
}

func TestIssuerTakesItsOwnTokensOnly(t *testing.T) {
	a := newAuthority(t)
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	const resource = "https://memory.example.org/mcp"
	i := newIssuer(OAuthConfig{Issuer: a.URL, Resource: resource, Scopes: []string{"memory"}})
	good := map[string]any{
		"iss": a.URL, "aud": resource, "sub": "anna", "scope": "profile memory", "exp": time.Now().Add(time.Hour).Unix(),
	}
	changed := func(name string, value any) map[string]any {
		c := maps.Clone(good)
		c[name] = value
		return c
	}
	for _, row := range []struct {
		name  string
		token string
		ok    bool
	}{
		{"good", a.token(t, a.key, jose.ES256, good), true},
		{"of another key", a.token(t, stranger, jose.ES256, good), false},
		{"signed with a secret", a.token(t, []byte("a-secret-that-is-long-enough-for-this"), jose.HS256, good), false},
		{"of another issuer", a.token(t, a.key, jose.ES256, changed("iss", "https://evil.example")), false},
		{"for another server", a.token(t, a.key, jose.ES256, changed("aud", "https://other.example.org")), false},
		{"expired", a.token(t, a.key, jose.ES256, changed("exp", time.Now().Add(-time.Hour).Unix())), false},
		{"not valid yet", a.token(t, a.key, jose.ES256, changed("nbf", time.Now().Add(time.Hour).Unix())), false},
		{"without the scope", a.token(t, a.key, jose.ES256, changed("scope", "memory2 profile")), false},
		{"without a subject", a.token(t, a.key, jose.ES256, changed("sub", "")), false},
		{"no token", "abc", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			subject, err := i.subject(t.Context(), row.token)
			if row.ok {
				require.NoError(t, err)
				require.Equal(t, "anna", subject)
				return
			}
			require.Error(t, err)
			require.Empty(t, subject)
		})
	}
}

func TestIssuerThatCannotBeReachedIsNotAskedForEveryToken(t *testing.T) {
	var asked atomic.Int64
	issuing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusBadGateway)
	}))
	t.Cleanup(issuing.Close)
	i := newIssuer(OAuthConfig{Issuer: issuing.URL, Resource: "https://m"})
	now := time.Now()
	i.now = func() time.Time { return now }
	_, first := i.subject(t.Context(), "x")
	_, second := i.subject(t.Context(), "x")
	require.ErrorContains(t, first, "502 Bad Gateway")
	require.Equal(t, first, second)
	require.Equal(t, int64(2), asked.Load(), "once at each of two addresses")
	now = now.Add(issuerTime)
	_, _ = i.subject(t.Context(), "x")
	require.Equal(t, int64(4), asked.Load())
}

func TestIssuerIsNotAskedForItsKeysByEveryForgedToken(t *testing.T) {
	a := newAuthority(t)
	forger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	const resource = "https://memory.example.org/mcp"
	i := newIssuer(OAuthConfig{Issuer: a.URL, Resource: resource})
	now := time.Now()
	i.now = func() time.Time { return now }
	claims := map[string]any{"iss": a.URL, "aud": resource, "sub": "anna", "exp": time.Now().Add(time.Hour).Unix()}
	forged := a.token(t, forger, jose.ES256, claims)
	for range 20 {
		_, err := i.subject(t.Context(), forged)
		require.Error(t, err)
	}
	require.Equal(t, int64(1), a.asked.Load())
	_, err = i.subject(t.Context(), a.token(t, a.key, jose.ES256, claims))
	require.NoError(t, err)
	a.key = forger // the issuer has a new key
	now = now.Add(issuerTime)
	_, err = i.subject(t.Context(), forged)
	require.NoError(t, err)
	require.Equal(t, int64(2), a.asked.Load())
}

func TestTokenOfAnotherIssuerDoesNotFillTheLog(t *testing.T) {
	a := newAuthority(t)
	var log bytes.Buffer
	config := httpDefaults()
	config.OAuth = OAuthConfig{Issuer: a.URL, Resource: "https://m"}
	web, err := NewHTTP(chatty(), config, HTTPOptions{}, slog.New(slog.NewTextHandler(&log, nil)))
	require.NoError(t, err)
	t.Cleanup(web.giveUp)
	token := a.token(t, a.key, jose.ES256, map[string]any{"iss": strings.Repeat("x", 40_000), "exp": time.Now().Add(time.Hour).Unix()})
	require.Equal(t, http.StatusUnauthorized, asked(t, web.server.Handler, "", ping, "Authorization", "Bearer "+token).Code)
	require.Contains(t, log.String(), "token_refused")
	require.Less(t, log.Len(), 1000)
}

func TestIssuerThatSpeaksForAnotherIsNotBelieved(t *testing.T) {
	a := newAuthority(t)
	i := newIssuer(OAuthConfig{Issuer: a.URL + "/", Resource: "https://m"})
	_, err := i.subject(t.Context(), "x")
	require.ErrorContains(t, err, "speaks for another issuer")
}

// strict returns the handler of a server that takes the tokens of an issuer.
func strict(t *testing.T, c OAuthConfig) http.Handler {
	t.Helper()
	config := httpDefaults()
	config.OAuth, config.AllowedHosts = c, []string{"memory.example.org", "localhost"}
	web, err := NewHTTP(chatty(), config, HTTPOptions{}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(web.giveUp)
	return web.server.Handler
}

func TestMetadataAreWhereTheChallengeLeads(t *testing.T) {
	for _, resource := range []string{"https://memory.example.org", "https://memory.example.org/mcp", "https://memory.example.org/of/anna/mcp"} {
		t.Run(resource, func(t *testing.T) {
			h := strict(t, OAuthConfig{Issuer: "https://id.example.org", Resource: resource})
			refused := asked(t, h, "", ping)
			require.Equal(t, http.StatusUnauthorized, refused.Code)
			at, ok := strings.CutPrefix(refused.Header().Get("WWW-Authenticate"), `Bearer resource_metadata="`)
			require.True(t, ok)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, strings.TrimSuffix(at, `"`), nil))
			require.JSONEq(t, `{"resource":"`+resource+`","authorization_servers":["https://id.example.org"],
				"bearer_methods_supported":["header"],"resource_name":"Zapomni"}`, w.Body.String())
		})
	}
}

func TestTokenWithoutTheScopeIsToldWhichItNeeds(t *testing.T) {
	a := newAuthority(t)
	const resource = "https://memory.example.org/mcp"
	h := strict(t, OAuthConfig{Issuer: a.URL, Resource: resource, Scopes: []string{"memory", "recall"}})
	claims := map[string]any{"iss": a.URL, "aud": resource, "sub": "anna", "scope": "memory", "exp": time.Now().Add(time.Hour).Unix()}
	w := asked(t, h, "", ping, "Authorization", "Bearer "+a.token(t, a.key, jose.ES256, claims))
	require.Equal(t, http.StatusForbidden, w.Code)
	require.Equal(t, `Bearer resource_metadata="https://memory.example.org/.well-known/oauth-protected-resource/mcp", error="insufficient_scope", scope="memory recall"`,
		w.Header().Get("WWW-Authenticate"))
}
