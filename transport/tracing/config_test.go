package tracing

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestConfigDefaultsAreValidAndOff(t *testing.T) {
	require.NoError(t, Defaults().Validate())
	require.False(t, Defaults().Enabled)
	require.NoError(t, enabled(Defaults().Endpoint).Validate())
}

func TestConfigValidateSaysWhatIsWrong(t *testing.T) {
	const noURL = "endpoint must be a URL that starts with http:// or https://"
	const noHeader = "headers must be given as name=value, the value escaped as in a URL; number 2 is not"
	for _, row := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"no scheme", func(c *Config) { c.Endpoint = "localhost:4318" }, noURL},
		{"no host", func(c *Config) { c.Endpoint = "http://" }, noURL},
		{"password", func(c *Config) { c.Endpoint = "https://me:secret@example.org" }, "endpoint must have no user, query or fragment: what the collector asks for goes into headers"},
		{"header without value", func(c *Config) { c.Headers = []string{"a=b", "secret"} }, noHeader},
		{"header without name", func(c *Config) { c.Headers = []string{"a=b", "=secret"} }, noHeader},
		{"header badly escaped", func(c *Config) { c.Headers = []string{"a=b", "c=%zz"} }, noHeader},
		{"ratio", func(c *Config) { c.SampleRatio = 1.5 }, "sample_ratio must be between 0 and 1, got 1.5"},
		{"ratio that is none", func(c *Config) { c.SampleRatio = math.NaN() }, "sample_ratio must be between 0 and 1, got NaN"},
		{"name", func(c *Config) { c.ServiceName = "" }, "service_name cannot be empty"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := enabled(Defaults().Endpoint)
			row.change(&c)
			require.EqualError(t, c.Validate(), row.want)
		})
	}
}

func TestConfigIsNotCheckedWhereNothingIsTraced(t *testing.T) {
	c := Defaults()
	c.Endpoint, c.Headers = "localhost:4317", []string{"?"} // as somebody else may have set them
	require.NoError(t, c.Validate())
	require.Empty(t, c.Warnings())
}

func TestConfigDoubtsThePortOfGRPC(t *testing.T) {
	require.Len(t, enabled("http://localhost:4317").Warnings(), 1)
	require.Empty(t, enabled("http://localhost:4318").Warnings())
}
