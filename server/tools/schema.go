package tools

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
)

// rule narrows a schema that was read off a struct. A field within an object
// is named by its path: "filters.date_from".
type rule func(*jsonschema.Schema)

// schemaOf reads the schema of T and narrows it.
func schemaOf[T any](rules []rule) *jsonschema.Schema {
	s, err := jsonschema.For[T](nil)
	if err != nil {
		panic(fmt.Sprintf("no schema: %v", err))
	}
	tidy(s)
	for _, r := range rules {
		r(s)
	}
	return s
}

// tidy turns what Go can hold into what a caller should send: a slice may be
// nil, but lists of types confuse some clients, so an array is an array.
func tidy(s *jsonschema.Schema) {
	if len(s.Types) == 2 && s.Types[0] == "null" {
		s.Type, s.Types = s.Types[1], nil
	}
	if s.Type == "object" && s.Properties == nil {
		s.Properties = map[string]*jsonschema.Schema{} // some clients insist on it
	}
	for _, p := range s.Properties {
		tidy(p)
	}
	if s.Items != nil {
		tidy(s.Items)
	}
}

// length bounds a string, in code points.
func length(field string, least, most int) rule {
	return func(s *jsonschema.Schema) {
		f := at(s, field)
		if least > 0 {
			f.MinLength = &least
		}
		f.MaxLength = &most
	}
}

// between bounds a number.
func between(field string, least, most int) rule {
	return func(s *jsonschema.Schema) {
		f := at(s, field)
		f.Minimum, f.Maximum = new(float64(least)), new(float64(most))
	}
}

// oneOf asks a string to be one of values.
func oneOf[T ~string](field string, values ...T) rule {
	return func(s *jsonschema.Schema) {
		f := at(s, field)
		for _, v := range values {
			f.Enum = append(f.Enum, string(v))
		}
	}
}

// matching asks a string to match a regular expression.
func matching(field, pattern string) rule {
	return func(s *jsonschema.Schema) { at(s, field).Pattern = pattern }
}

// format says what a string is meant to be. It is a hint, and not checked.
func format(field, name string) rule {
	return func(s *jsonschema.Schema) { at(s, field).Format = name }
}

// fallback says what a field is when it is left out.
func fallback(field string, value any) rule {
	raw, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("default of %s: %v", field, err))
	}
	return func(s *jsonschema.Schema) { at(s, field).Default = raw }
}

// known lists the fields of T among those that a free object may have.
func known[T any](field string) rule {
	return func(s *jsonschema.Schema) {
		f := at(s, field)
		of := schemaOf[T](nil)
		f.Properties, f.PropertyOrder, f.Required = of.Properties, of.PropertyOrder, of.Required
	}
}

// open leaves unknown arguments out of the schema. They are refused all the
// same, in other words.
func open(s *jsonschema.Schema) { s.AdditionalProperties = nil }

// at returns the schema of a field. It panics if there is none, at start.
func at(s *jsonschema.Schema, field string) *jsonschema.Schema {
	for name := range strings.SplitSeq(field, ".") {
		if s = s.Properties[name]; s == nil {
			panic(fmt.Sprintf("no field %s", field))
		}
	}
	return s
}
