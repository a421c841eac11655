package falkor

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEndpoint(t *testing.T) {
	for _, row := range []struct {
		name string
		c    Config
		want endpoint
		addr string
	}{
		{"nothing", Config{Port: 6381}, endpoint{host: "localhost", port: 6381}, "localhost:6381"},
		{"settings", Config{Host: "there", Port: 1, User: "u", Password: "p", DB: 2}, endpoint{"there", 1, "u", "p", 2, false}, "there:1"},
		{"IPv6", Config{Host: "::1", Port: 1}, endpoint{host: "::1", port: 1}, "[::1]:1"},
		{"redis", Config{URL: "redis://u:p@there:7/3", Port: 1}, endpoint{"there", 7, "u", "p", 3, false}, "there:7"},
		{"falkor", Config{URL: "falkor://there", Port: 1}, endpoint{host: "there", port: 6379}, "there:6379"},
		{"rediss", Config{URL: "rediss://there:7"}, endpoint{host: "there", port: 7, tls: true}, "there:7"},
		{"falkors", Config{URL: "falkors://there:7?db=4"}, endpoint{host: "there", port: 7, db: 4, tls: true}, "there:7"},
		{"URL without user", Config{URL: "redis://there:7", User: "u", Password: "p", DB: 5}, endpoint{"there", 7, "u", "p", 5, false}, "there:7"},
		{"escaped password", Config{URL: "redis://:p%40ss@there:7"}, endpoint{host: "there", port: 7, password: "p@ss"}, "there:7"},
		{"socket", Config{URL: "unix://u:p@/run/s?db=6"}, endpoint{"/run/s", 0, "u", "p", 6, false}, "/run/s"},
	} {
		t.Run(row.name, func(t *testing.T) {
			e, err := row.c.endpoint()
			require.NoError(t, err)
			require.Equal(t, row.want, e)
			require.Equal(t, row.addr, e.address())
		})
	}
}

func TestWrongURLIsNotRepeated(t *testing.T) {
	for _, url := range []Secret{
		"redis://u:sesame@", "redis://u:sesame@there:x", "redis://u:sesame@there/99", "redis://u:sesame@there/x",
		"redis://u:ses%ame@there", "http://u:sesame@there", "unix://u:sesame@there/s", "unix:", "redis://u:sesame@there?db=-1",
	} {
		t.Run(string(url), func(t *testing.T) {
			c := Defaults()
			c.URL = url
			_, err := c.endpoint()
			require.ErrorIs(t, err, errURL)
			require.NotContains(t, c.Validate().Error(), "sesame")
		})
	}
}
