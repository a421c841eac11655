package config

import (
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

func TestFlagsAreOnTheCommandsTheyBelongTo(t *testing.T) {
	names := func(register func(*pflag.FlagSet)) (all []string) {
		fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
		register(fs)
		fs.VisitAll(func(f *pflag.Flag) { all = append(all, f.Name) })
		return all
	}
	require.Equal(t, []string{"config", "data-dir", "db-driver", "db-sync", "log-file", "log-format", "log-level"}, names(Flags))
	require.Equal(t, []string{
		"cors-origins", "host", "insecure-no-auth", "port", "tls-cert", "tls-key", "token-file", "transport",
	}, names(ServeFlags))
}

func TestFlagsRefuseBadValuesAtOnce(t *testing.T) {
	for _, row := range []struct {
		name string
		args []string
		want string // the end of the message
	}{
		{"type", []string{"--port", "http"}, `"http" is not a whole number`},
		{"range", []string{"--port", "70000"}, "port must be between 1 and 65535, got 70000"},
		{"choice", []string{"--transport", "carrier-pigeon"}, `type must be stdio, sse or http, got "carrier-pigeon"`},
		{"empty", []string{"--host", " "}, "host cannot be empty"},
		{"level", []string{"--log-level", "loud"}, `level must be DEBUG, INFO, WARNING, ERROR or CRITICAL, got "loud"`},
		{"sync", []string{"--db-sync", "never"}, `sync must be normal or full, got "never"`},
		{"driver", []string{"--db-driver", "mongo"}, `driver must be auto, embedded or falkordb, got "mongo"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
			Flags(fs)
			ServeFlags(fs)
			require.ErrorContains(t, fs.Parse(row.args), `flag: `+row.want)
		})
	}
}

func TestFlagsShowTheirDefaults(t *testing.T) {
	fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
	ServeFlags(fs)
	require.Equal(t, "8000", fs.Lookup("port").DefValue)
	require.Contains(t, fs.FlagUsages(), "--port int")
}

func TestLoadTakesFlagsOfEveryType(t *testing.T) {
	c, _, err := given{flags: []string{
		"--port", "9000", "--cors-origins", "http://a, http://b", "--host", "localhost", "--data-dir", "~/m", "--log-file", "",
	}, environ: []string{"LOG_FILE=/x"}}.load(t)
	require.NoError(t, err)
	require.Equal(t, 9000, c.Transport.HTTP.Port)
	require.Equal(t, []string{"http://a", "http://b"}, c.Transport.HTTP.CORSOrigins)
	require.Equal(t, "localhost", c.Transport.HTTP.Host)
	require.Empty(t, c.Log.File, "an empty flag counts before a variable")
}

func TestLoadReadsNumbersOfFlagsAsThoseOfVariables(t *testing.T) {
	for _, number := range []string{"010000", " 10000 "} {
		flag, _, err := given{flags: []string{"--port", number}}.load(t)
		require.NoError(t, err)
		variable, _, err := given{environ: []string{"SSE_PORT=" + number}}.load(t)
		require.NoError(t, err)
		require.Equal(t, [2]int{10000, 10000}, [2]int{flag.Transport.HTTP.Port, variable.Transport.HTTP.Port})
	}
}
