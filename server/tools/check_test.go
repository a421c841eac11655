package tools

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/mark3labs/mcp-go/mcp"
	"github.com/stretchr/testify/require"
)

func TestWrongArgumentsAreNamed(t *testing.T) {
	id := `"memory_id":"` + string(someID) + `"`
	for _, c := range []struct{ name, tool, args, want string }{
		{"missing", "add_memory", `{}`, "'text' is a required property"},
		{"missing second", "delete_memory", `{` + id + `}`, "'confirm' is a required property"},
		{"empty", "add_memory", `{"text":""}`, "'' should be non-empty"},
		{"too long", "search_memory", `{"query":"` + strings.Repeat("é", 1001) + `"}`, "'" + strings.Repeat("é", 60) + "…' is too long"},
		{"below", "search_memory", `{"query":"x","limit":0}`, "0 is less than the minimum of 1"},
		{"above", "search_memory", `{"query":"x","limit":101}`, "101 is greater than the maximum of 100"},
		{"far above", "search_memory", `{"query":"x","limit":1e300}`, "1e300 is greater than the maximum of 100"},
		{"word for a number", "search_memory", `{"query":"x","limit":"ten"}`, "'ten' is not of type 'integer'"},
		{"fraction", "search_memory", `{"query":"x","limit":1.5}`, "1.5 is not of type 'integer'"},
		{"boolean for a number", "search_memory", `{"query":"x","limit":true}`, "True is not of type 'integer'"},
		{"number for a boolean", "delete_memory", `{` + id + `,"confirm":1}`, "1 is not of type 'boolean'"},
		{"null for what is required", "add_memory", `{"text":null}`, "None is not of type 'string'"},
		{"number for text", "add_memory", `{"text":5}`, "5 is not of type 'string'"},
		{"list for text", "add_memory", `{"text":["a","b"]}`, "['a', …] is not of type 'string'"},
		{"lists within a list", "add_memory", `{"text":[["a"]]}`, "[[…]] is not of type 'string'"},
		{"object within a list", "add_memory", `{"text":[{"a":1}]}`, "[{…}] is not of type 'string'"},
		{"empty list", "add_memory", `{"text":[]}`, "[] is not of type 'string'"},
		{"empty object", "add_memory", `{"text":{}}`, "{} is not of type 'string'"},
		{"both quotes", "create_workspace", `{"workspace_id":"'\"","name":"n"}`, `'\'"' does not match '^[a-zA-Z0-9_-]+$'`},
		{"object for text", "add_memory", `{"text":{"a":1}}`, "{… 1 keys} is not of type 'string'"},
		{"text for an object", "add_memory", `{"text":"x","metadata":"y"}`, "'y' is not of type 'object'"},
		{"within metadata", "add_memory", `{"text":"x","metadata":{"tags":"y"}}`, "'y' is not of type 'array'"},
		{"within a list", "add_memory", `{"text":"x","metadata":{"tags":["y",false]}}`, "False is not of type 'string'"},
		{"extra", "add_memory", `{"text":"x","id":1}`, "Additional properties are not allowed ('id' was unexpected)"},
		{"two extra", "get_stats", `{"b":1,"a":2}`, "Additional properties are not allowed ('a', 'b' were unexpected)"},
		{"many extra", "get_stats", `{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1}`, "Additional properties are not allowed ('a', 'b', 'c', 'd', 'e', … were unexpected)"},
		{"case matters", "add_memory", `{"Text":"x"}`, "'text' is a required property"},
		{"extra filter", "search_memory", `{"query":"x","filters":{"tag":"y"}}`, "Additional properties are not allowed ('tag' was unexpected)"},
		{"pattern", "create_workspace", `{"workspace_id":"a@b","name":"n"}`, "'a@b' does not match '^[a-zA-Z0-9_-]+$'"},
		{"none of the values", "search_memory", `{"query":"x","mode":"both"}`, "'both' is not one of ['hybrid', 'words', 'meaning']"},
		{"pattern and a line end", "create_workspace", `{"workspace_id":"a\n","name":"n"}`, `'a\n' does not match '^[a-zA-Z0-9_-]+$'`},
		{"not an object", "get_stats", `[1,2]`, "[1, …] is not of type 'object'"},
		{"quote within", "get_stats", `"it's"`, `"it's" is not of type 'object'`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := call(t, &fake{}, in("default"), c.tool, c.args)
			var refusal *RefusalError
			require.ErrorAs(t, err, &refusal)
			require.True(t, refusal.Bare)
			require.Equal(t, "Input validation error: "+c.want, refusal.Text)
		})
	}
}

func TestSearchRefusesUnknownArgumentsInItsOwnWords(t *testing.T) {
	_, err := call(t, &fake{}, in("default"), "search_memory", `{"query":"x","top_k":5}`)
	require.EqualError(t, err, "Invalid input - top_k: Extra inputs are not permitted")
}

func TestAMessageNeverEchoesALongValue(t *testing.T) {
	long := strings.Repeat("x", 1_000_000)
	for name, args := range map[string]string{
		"text":   `{"query":"` + long + `"}`,
		"number": `{"query":` + strings.Repeat("1", 1_000_000) + `}`,
		"name":   `{"query":"x","` + long + `":1}`,
		"list":   `{"query":["` + long + `"]}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := call(t, &fake{}, in("default"), "search_memory", args)
			require.Error(t, err)
			require.Less(t, len(err.Error()), 300)
		})
	}
}

func TestLengthIsCountedInCodePoints(t *testing.T) {
	_, err := call(t, &fake{}, in("default"), "search_memory", `{"query":"`+strings.Repeat("🙂", 1000)+`"}`)
	require.NoError(t, err)
}

// The check knows some of JSON Schema's words; a schema with another one would
// promise what is not held.
func TestSchemasSayOnlyWhatIsChecked(t *testing.T) {
	checked := []string{
		"type", "properties", "items", "required", "additionalProperties", "minLength", "maxLength",
		"minimum", "maximum", "pattern", "enum", "default", "description", "format",
	}
	var walk func(t *testing.T, schema map[string]any)
	walk = func(t *testing.T, schema map[string]any) {
		for word := range schema {
			require.Contains(t, checked, word)
		}
		require.IsType(t, "", schema["type"], "a list of types confuses clients")
		if kind := schema["type"]; kind == "integer" {
			require.Contains(t, schema, "minimum")
			require.Contains(t, schema, "maximum")
		}
		properties, _ := schema["properties"].(map[string]any)
		for _, p := range properties {
			walk(t, p.(map[string]any))
		}
		if items, ok := schema["items"].(map[string]any); ok {
			walk(t, items)
		}
	}
	for _, tool := range All(&fake{}, in("default"), Options{}) {
		t.Run(tool.Tool.Name, func(t *testing.T) {
			var schema map[string]any
			require.NoError(t, json.Unmarshal(tool.Tool.RawInputSchema, &schema))
			require.Equal(t, "object", schema["type"])
			require.Contains(t, schema, "properties")
			walk(t, schema)
		})
	}
}

// FuzzArguments sends anything to any tool: it must be refused exactly when a
// validator of the library refuses it, and nothing may panic.
func FuzzArguments(f *testing.F) {
	for tool := range uint8(10) {
		for _, args := range []string{
			`{}`, `null`, `[]`, `"x"`, `{"text":"a","metadata":{"tags":["b",1],"timestamp":null}}`,
			`{"query":"a","limit":10.0,"filters":{"tags":[],"date_to":"2024-01-01"}}`,
			`{"query":"a","limit":-0.0,"max_tokens":1e2,"full":null}`, `{"query":"\ud83d\ude42","limit":"ten"}`,
			`{"memory_id":"x","confirm":true}`, `{"confirm_phrase":""}`, `{"workspace_id":"a_B","name":"n","description":null}`,
		} {
			f.Add(tool, []byte(args))
		}
	}
	tools := All(&fake{}, in("default"), Options{})
	resolved := make([]*jsonschema.Resolved, len(tools))
	for i, tool := range tools {
		resolved[i] = resolve(f, tool.Tool.RawInputSchema)
	}
	f.Fuzz(func(t *testing.T, n uint8, args []byte) {
		i := int(n) % len(tools)
		var plain any
		if !utf8.Valid(args) || json.Unmarshal(args, &plain) != nil || len(bytes.TrimSpace(args)) == 0 {
			return
		}
		if plain == nil {
			plain = map[string]any{}
		}
		withoutNulls(resolved[i].Schema(), plain)
		r := mcp.CallToolRequest{Params: mcp.CallToolParams{RawArguments: args}}
		_, err := tools[i].Handler(t.Context(), r)
		var refusal *RefusalError
		refused := errors.As(err, &refusal) && strings.HasPrefix(refusal.Text, "Input validation error: ")
		if errors.As(err, &refusal) && strings.Contains(refusal.Text, "is not valid UTF-8") {
			return
		}
		require.Equal(t, resolved[i].Validate(plain) != nil, refused, "%s: %v", tools[i].Tool.Name, err)
		require.True(t, err == nil || errors.As(err, &refusal), "%v", err)
	})
}

func resolve(t testing.TB, raw json.RawMessage) *jsonschema.Resolved {
	t.Helper()
	var s jsonschema.Schema
	require.NoError(t, json.Unmarshal(raw, &s))
	resolved, err := s.Resolve(&jsonschema.ResolveOptions{ValidateDefaults: true})
	require.NoError(t, err)
	return resolved
}

// withoutNulls takes away the nulls that stand for optional fields left out.
func withoutNulls(s *jsonschema.Schema, v any) {
	object, _ := v.(map[string]any)
	for name, p := range s.Properties {
		if value, ok := object[name]; ok && value == nil && !slices.Contains(s.Required, name) {
			delete(object, name)
			continue
		}
		withoutNulls(p, object[name])
	}
}
