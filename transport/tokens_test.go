package transport

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTokensHaveNames(t *testing.T) {
	k, err := newTokens([]string{"anna:one", " two ", "bert: with:colon"}, "")
	require.NoError(t, err)
	for secret, want := range map[string]string{"one": "token:anna", "two": "secret:3fc4ccfe745870e2", "with:colon": "token:bert"} {
		c := k.bearer(secret)
		require.NotNil(t, c, secret)
		require.Equal(t, want, c.name)
	}
	for _, secret := range []string{"anna:one", "", "One"} {
		require.Nil(t, k.bearer(secret), secret)
	}
}

func TestTokensThatAreNoneAreRefused(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	require.NoError(t, os.WriteFile(empty, []byte("# nobody\n\n"), 0o600))
	for _, row := range []struct {
		name  string
		given []string
		file  string
		want  string
	}{
		{"no secret", []string{"one", "anna:"}, "", "token 2 is empty"},
		{"no name", []string{":secret"}, "", "token 1 is empty"},
		{"no file", nil, filepath.Join(dir, "nowhere"), "token_file: open"},
		{"an empty file", nil, empty, "there is no token in " + empty},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := newTokens(row.given, row.file)
			require.ErrorContains(t, err, row.want)
		})
	}
}

func TestHostNameIsWithoutThePort(t *testing.T) {
	for host, want := range map[string]string{
		"localhost": "localhost", "LocalHost:80": "localhost", "127.0.0.1:1": "127.0.0.1", "[::1]:80": "::1", "[::1]": "::1", "::1": "::1", "": "",
	} {
		require.Equal(t, want, hostName(host), host)
	}
}
