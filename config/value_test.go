package config

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestConvertReads(t *testing.T) {
	for _, row := range []struct {
		name     string
		in, want any
	}{
		{"whole number", "12", 12},
		{"whole number with blanks", " 12 ", 12},
		{"whole number of a file", int64(12), 12},
		{"whole number of JSON", float64(12), 12},
		{"number", "0.5", 0.5},
		{"whole number for a number", 3, 3.0},
		{"true", "TRUE", true},
		{"yes", "Yes", true},
		{"on", "on", true},
		{"1", "1", true},
		{"1 of a file", 1, true},
		{"false", "False", false},
		{"no", "no", false},
		{"off", "OFF", false},
		{"0", "0", false},
		{"seconds", "10.0", 10 * time.Second},
		{"seconds of a file", 30, 30 * time.Second},
		{"part of a second", "0.1", 100 * time.Millisecond},
		{"part of a second of a file", 2.5, 2500 * time.Millisecond},
		{"negative seconds", "-1", -time.Second},
		{"duration", "1m30s", 90 * time.Second},
		{"list", " a, b ,,c", []string{"a", "b", "c"}},
		{"list of a file", []any{"a", "b"}, []string{"a", "b"}},
		{"text with blanks", " a ", " a "},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := convert(reflect.TypeOf(row.want), row.in)
			require.NoError(t, err)
			require.Equal(t, row.want, got)
		})
	}
}

func TestConvertRefuses(t *testing.T) {
	for _, row := range []struct {
		name string
		in   any
		like any // a value of the type that is wanted
		want string
	}{
		{"word for a whole number", "ten", 0, `"ten" is not a whole number`},
		{"fraction for a whole number", 10.5, 0, `"10.5" is not a whole number`},
		{"too large", "99999999999999999999", 0, `"99999999999999999999" is too large`},
		{"infinite", "Inf", 0.0, `"Inf" is not a number`},
		{"list for a number", []any{1}, 0.0, `"[1]" is not a number`},
		{"word for a bool", "ja", false, `"ja" is not true or false`},
		{"infinite duration", "inf", time.Duration(0), `"inf" is not a number of seconds or a duration like 1m30s`},
		{"longest duration exceeded", "1e300", time.Duration(0), `"1e300" is too long`},
		{"number for a text", 5, "", "is not a text: put it in quotes"},
		{"number for a list", 5, []string{}, `"5" is not a list`},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := convert(reflect.TypeOf(row.like), row.in)
			require.EqualError(t, err, row.want)
		})
	}
}

func TestTextWritesDurationsShort(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"0s": 0, "100ms": 100 * time.Millisecond, "10s": 10 * time.Second, "1m": time.Minute,
		"1m1s": 61 * time.Second, "10m": 10 * time.Minute, "24h": 24 * time.Hour, "1h1m": 61 * time.Minute,
	} {
		require.Equal(t, want, text(d))
	}
}
