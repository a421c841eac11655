package transport

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
)

// authority is an issuer of tokens.
type authority struct {
	*httptest.Server

	key *ecdsa.PrivateKey
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
		respond(w, http.StatusOK, encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k", Algorithm: "ES256", Use: "sig"}}}))
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

func TestIssuerThatSpeaksForAnotherIsNotBelieved(t *testing.T) {
	a := newAuthority(t)
	i := newIssuer(OAuthConfig{Issuer: a.URL + "/", Resource: "https://m"})
	_, err := i.subject(t.Context(), "x")
	require.ErrorContains(t, err, "speaks for another issuer")
}

func TestMetadataAreWhereTheChallengeLeads(t *testing.T) {
	g := &guard{issuer: newIssuer(OAuthConfig{Issuer: "https://id.example.org", Resource: "https://memory.example.org/mcp"})}
	require.Equal(t, "https://memory.example.org/.well-known/oauth-protected-resource/mcp", g.issuer.metadataURL())
	w := httptest.NewRecorder()
	g.metadata().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, metadataPath, nil))
	require.JSONEq(t, `{"resource":"https://memory.example.org/mcp","authorization_servers":["https://id.example.org"],
		"bearer_methods_supported":["header"],"resource_name":"Zapomni"}`, w.Body.String())
}
