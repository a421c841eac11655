package jsonc

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// entry is what the tests put in, below servers.
const entry = `{"command":"/bin/a&b","args":[]}`

func TestSetPutsAMember(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{
			"nothing there", "",
			"{\n  \"servers\": {\n    \"z\": {\n      \"command\": \"/bin/a&b\",\n      \"args\": []\n    }\n  }\n}\n",
		},
		{
			"only a comment", "// mine",
			"// mine\n{\n  \"servers\": {\n    \"z\": {\n      \"command\": \"/bin/a&b\",\n      \"args\": []\n    }\n  }\n}\n",
		},
		{
			"an empty object", "{}\n",
			"{\n  \"servers\": {\n    \"z\": {\n      \"command\": \"/bin/a&b\",\n      \"args\": []\n    }\n  }\n}\n",
		},
		{
			"behind others, indented by tabs", "{\n\t\"servers\": {\n\t\t\"a\": {}\n\t},\n\t\"x\": 1\n}",
			"{\n\t\"servers\": {\n\t\t\"a\": {},\n\t\t\"z\": {\n\t\t\t\"command\": \"/bin/a&b\",\n\t\t\t\"args\": []\n\t\t}\n\t},\n\t\"x\": 1\n}",
		},
		{
			"into an empty object, line ends of Windows and a mark", "\ufeff{\r\n    \"servers\": {}\r\n}\r\n",
			"\ufeff{\r\n    \"servers\": {\r\n        \"z\": {\r\n            \"command\": \"/bin/a&b\",\r\n            \"args\": []\r\n        }\r\n    }\r\n}\r\n",
		},
		{
			"comments and a trailing comma", "{\n  \"servers\": {\n    // first\n    \"a\": {}, // about a\n    // the end\n  },\n}",
			"{\n  \"servers\": {\n    // first\n    \"a\": {}, // about a\n    \"z\": {\n      \"command\": \"/bin/a&b\",\n      \"args\": []\n    },\n    // the end\n  },\n}",
		},
		{
			"a comment without a comma before it", "{\r\n  \"servers\": {\r\n    \"a\": 1 // about a\r\n  }\r\n}",
			"{\r\n  \"servers\": {\r\n    \"a\": 1, // about a\r\n    \"z\": {\r\n      \"command\": \"/bin/a&b\",\r\n      \"args\": []\r\n    }\r\n  }\r\n}",
		},
		{
			"a comment in an empty object", "{\n  \"servers\": {\n    // none yet\n  }\n}",
			"{\n  \"servers\": {\n    // none yet\n    \"z\": {\n      \"command\": \"/bin/a&b\",\n      \"args\": []\n    }\n  }\n}",
		},
		{"all on one line", `{"servers":{"a":{}},"x":1}`, `{"servers":{"a":{},"z":{"command":"/bin/a&b","args":[]}},"x":1}`},
		{"one line, airy", `{"servers": {"a": {}}}`, `{"servers": {"a": {}, "z":{"command":"/bin/a&b","args":[]}}}`},
		{"one line, no servers", `{"x":1}`, `{"x":1,"servers":{"z":{"command":"/bin/a&b","args":[]}}}`},
		{"in the place of another", "{\n  \"servers\": {\n    \"z\": 1, // old\n    \"a\": 2\n  }\n}", "{\n  \"servers\": {\n    \"z\": {\n      \"command\": \"/bin/a&b\",\n      \"args\": []\n    }, // old\n    \"a\": 2\n  }\n}"},
		{"of several the last", `{"servers":{"z":1,"z":2}}`, `{"servers":{"z":1,"z":{"command":"/bin/a&b","args":[]}}}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := Set([]byte(tc.text), json.RawMessage(entry), "servers", "z")
			require.NoError(t, err)
			require.Equal(t, tc.want, string(got))

			value, err := Get(got, "servers", "z")
			require.NoError(t, err)
			require.JSONEq(t, entry, string(value))
		})
	}
}

func TestRemoveTakesOutWhatSetPutIn(t *testing.T) {
	for _, text := range []string{
		"{\n\t\"servers\": {\n\t\t\"a\": {}\n\t},\n\t\"x\": 1\n}",
		"\ufeff{\r\n    \"servers\": {}\r\n}\r\n",
		"{\n  \"servers\": {\n    // first\n    \"a\": {}, // about a\n    // the end\n  },\n}",
		"{\r\n  \"servers\": {\r\n    \"a\": 1 // about a\r\n  }\r\n}",
		`{"servers":{"a":{}},"x":1}`,
		`{"servers": {"a": {}}}`,
		`{"servers":{}}`,
	} {
		set, err := Set([]byte(text), json.RawMessage(entry), "servers", "z")
		require.NoError(t, err)
		got, err := Remove(set, "servers", "z")
		require.NoError(t, err)
		require.Equal(t, text, string(got))
	}
}

func TestRemoveTakesOutAMember(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"the first of several lines", "{\n  \"z\": 1,\n  \"a\": 2\n}", "{\n  \"a\": 2\n}"},
		{"one in the middle, with its comment left", "{\n  \"a\": 1, // about a\n  \"z\": 1, // about z\n  \"b\": 2\n}", "{\n  \"a\": 1, // about a\n  // about z\n  \"b\": 2\n}"},
		{"the last, below a comment", "{\n  \"a\": 1, // about a\n  \"z\": 1\n}", "{\n  \"a\": 1 // about a\n}"},
		{"one that shares its line with the next", "{\n  \"a\": 1, // about a\n  \"z\": 1, \"b\": 2\n}", "{\n  \"a\": 1, // about a\n  \"b\": 2\n}"},
		{"the last before the brace", "{ \"a\": 1,\n  \"z\": 1 }", "{ \"a\": 1\n }"},
		{"the only one, beside a comment", "{\n  // mine\n  \"z\": 1,\n}", "{\n  // mine\n}"},
		{"of commas in front", "{ \"a\": 1\n, \"z\": 1\n}", "{ \"a\": 1\n\n}"},
		{"all of the name", `{"z":1,"a":2,"z":3}`, `{"a":2}`},
		{"none there", `{"a":1}`, `{"a":1}`},
		{"none in an array", `["z"]`, `["z"]`},
		{"nothing at all", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := Remove([]byte(tc.text), "z")
			require.NoError(t, err)
			require.Equal(t, tc.want, string(got))
		})
	}
}

func TestSetRefusesWhatIsNoObjectOnTheWay(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"an array", `{"servers":[]}`, `"servers" is not an object`},
		{"null", `{"servers":null}`, `"servers" is not an object`},
		{"the whole an array", `[]`, `the whole is not an object`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Set([]byte(tc.text), json.RawMessage(entry), "servers", "z")
			require.EqualError(t, err, tc.want)
		})
	}
}

func TestSyntaxErrorsNameTheirPlace(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"cut off", `{"a": {`, "line 1, column 8: a string in double quotes is missing"},
		{"no comma", "{\n  \"ä\": 1 \"b\": 2\n}", `line 2, column 10: a comma or '}' is missing`},
		{"no colon", `{"a" 1}`, "line 1, column 6: a colon is missing after the key"},
		{"no value", `{"a": }`, "line 1, column 7: a value is missing"},
		{"a bare word", `{"a": yes}`, "line 1, column 7: a value is missing"},
		{"single quotes", `{'a': 1}`, "line 1, column 2: a string in double quotes is missing"},
		{"a string without end", "{\"a\": \"b\n}", "line 1, column 7: the string has no end"},
		{"a bad escape", `{"a": "\x"}`, "line 1, column 7: the string has a character or an escape that is not allowed"},
		{"a comment without end", "{} /* ", "line 1, column 4: the comment has no end"},
		{"a second value", "{}\n{}", "line 2, column 1: nothing may follow the value"},
		{"a comma alone", `[,]`, "line 1, column 2: a value is missing"},
		{"too deep", strings.Repeat("[", 2000), "line 1, column 1002: the values are nested too deep"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, try := range []func() error{
				func() error { _, err := Set([]byte(tc.text), json.RawMessage(entry), "z"); return err },
				func() error { _, err := Remove([]byte(tc.text), "z"); return err },
				func() error { _, err := Get([]byte(tc.text), "z"); return err },
			} {
				var syntax *SyntaxError
				err := try()
				require.ErrorAs(t, err, &syntax)
				require.EqualError(t, err, tc.want)
			}
		})
	}
}

// FuzzEditsKeepEverythingElse holds what Set and Remove promise of any JSON
// that encoding/json reads: only the member changes.
func FuzzEditsKeepEverythingElse(f *testing.F) {
	for _, text := range []string{
		`{}`, `{"a":1}`, "{\n\t\"a\" : [1, {\"b\": \"\\u00e9,}\"}],\r\n \"servers\":{ } }", `{"servers":{"z":{},"y":2}}`, " { \"a\" :\n1 } ",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var before map[string]any
		if json.Unmarshal([]byte(text), &before) != nil || before == nil {
			t.Skip("no JSON object")
		}
		set, err := Set([]byte(text), json.RawMessage(entry), "z")
		require.NoError(t, err, text)
		require.Equal(t, with(before, "z"), decode(t, set), "%q became %q", text, set)

		removed, err := Remove(set, "z")
		require.NoError(t, err, text)
		delete(before, "z")
		require.Equal(t, before, decode(t, removed), "%q became %q", set, removed)
	})
}

func with(object map[string]any, key string) map[string]any {
	all := maps.Clone(object)
	all[key] = map[string]any{"command": "/bin/a&b", "args": []any{}}
	return all
}

func decode(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var v map[string]any
	require.NoError(t, json.Unmarshal(text, &v), "%q", text)
	return v
}
