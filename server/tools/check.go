package tools

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/jsonschema-go/jsonschema"
)

// checker holds arguments against a schema and says what is wrong in the words
// that clients of this server know. A null stands for an optional field left
// out. Formats are not checked.
type checker struct {
	schema   *jsonschema.Schema
	patterns map[string]*regexp.Regexp
}

func newChecker(s *jsonschema.Schema) (*checker, error) {
	c := &checker{schema: s, patterns: make(map[string]*regexp.Regexp)}
	return c, c.compile(s)
}

func (c *checker) compile(s *jsonschema.Schema) error {
	if s.Pattern != "" {
		p, err := regexp.Compile(s.Pattern)
		if err != nil {
			return fmt.Errorf("pattern %s: %w", s.Pattern, err)
		}
		c.patterns[s.Pattern] = p
	}
	for _, p := range s.Properties {
		if err := c.compile(p); err != nil {
			return err
		}
	}
	if s.Items != nil {
		return c.compile(s.Items)
	}
	return nil
}

// wrong returns the first thing that is wrong with v, or nothing. v is JSON
// decoded with its numbers as they were written.
func (c *checker) wrong(v any) string { return c.value(c.schema, v) }

func (c *checker) value(s *jsonschema.Schema, v any) string {
	if s.Type != "" && !isA(s.Type, v) {
		return fmt.Sprintf("%s is not of type '%s'", quoted(v), s.Type)
	}
	switch v := v.(type) {
	case string:
		return c.text(s, v)
	case json.Number:
		return number(s, v)
	case map[string]any:
		return c.object(s, v)
	case []any:
		return c.array(s, v)
	}
	return ""
}

func (c *checker) text(s *jsonschema.Schema, v string) string {
	n := utf8.RuneCountInString(v)
	switch {
	case s.MinLength != nil && n < *s.MinLength:
		if n == 0 {
			return "'' should be non-empty"
		}
		return quoted(v) + " is too short"
	case s.MaxLength != nil && n > *s.MaxLength:
		return quoted(v) + " is too long"
	case s.Pattern != "" && !c.patterns[s.Pattern].MatchString(v):
		return fmt.Sprintf("%s does not match '%s'", quoted(v), s.Pattern)
	case s.Enum != nil && !slices.Contains(s.Enum, any(v)):
		return fmt.Sprintf("%s is not one of %s", quoted(v), choices(s.Enum))
	}
	return ""
}

// choices writes values as ['a', 'b'].
func choices(values []any) string {
	quotes := make([]string, len(values))
	for i, v := range values {
		quotes[i] = fmt.Sprintf("'%v'", v)
	}
	return "[" + strings.Join(quotes, ", ") + "]"
}

func number(s *jsonschema.Schema, v json.Number) string {
	f := floatOf(v)
	switch {
	case s.Minimum != nil && f < *s.Minimum:
		return fmt.Sprintf("%s is less than the minimum of %s", quoted(v), plain(*s.Minimum))
	case s.Maximum != nil && f > *s.Maximum:
		return fmt.Sprintf("%s is greater than the maximum of %s", quoted(v), plain(*s.Maximum))
	}
	return ""
}

func (c *checker) array(s *jsonschema.Schema, v []any) string {
	if s.Items == nil {
		return ""
	}
	for _, item := range v {
		if wrong := c.value(s.Items, item); wrong != "" {
			return wrong
		}
	}
	return ""
}

func (c *checker) object(s *jsonschema.Schema, v map[string]any) string {
	for _, name := range s.Required {
		if _, ok := v[name]; !ok {
			return fmt.Sprintf("'%s' is a required property", name)
		}
	}
	if closed(s) {
		if extra := unknown(s, v); len(extra) > 0 {
			return unexpected(extra)
		}
	}
	for _, name := range s.PropertyOrder {
		field, ok := v[name]
		if !ok || field == nil && !slices.Contains(s.Required, name) {
			continue
		}
		if wrong := c.value(s.Properties[name], field); wrong != "" {
			return wrong
		}
	}
	return ""
}

// extra returns an argument that the schema does not know, where the schema
// itself does not forbid it.
func (c *checker) extra(v any) (string, bool) {
	object, _ := v.(map[string]any)
	extra := unknown(c.schema, object)
	if len(extra) == 0 {
		return "", false
	}
	return extra[0], true
}

// writeWholeNumbers rewrites, in place, whole numbers written in a way that Go
// does not take for an integer: 10.0, 1e2. It says whether there were any.
func (c *checker) writeWholeNumbers(v any) bool { return wholeNumbers(c.schema, v) }

func wholeNumbers(s *jsonschema.Schema, v any) bool {
	object, _ := v.(map[string]any)
	changed := false
	for name, p := range s.Properties {
		switch field := object[name].(type) {
		case map[string]any:
			changed = wholeNumbers(p, field) || changed
		case json.Number:
			if _, err := strconv.ParseInt(field.String(), 10, 64); p.Type == "integer" && err != nil {
				object[name] = json.Number(plain(floatOf(field)))
				changed = true
			}
		}
	}
	return changed
}

// closed tells whether s forbids what it does not list. The schema that lets
// nothing through is written as the denial of everything.
func closed(s *jsonschema.Schema) bool {
	return s.AdditionalProperties != nil && s.AdditionalProperties.Not != nil
}

// unknown returns the names in v that s does not list, in order.
func unknown(s *jsonschema.Schema, v map[string]any) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(v)) {
		if _, ok := s.Properties[name]; !ok {
			names = append(names, name)
		}
	}
	return names
}

func unexpected(names []string) string {
	const most = 5
	all := make([]string, 0, most)
	for _, name := range names[:min(most, len(names))] {
		all = append(all, quoted(name))
	}
	if len(names) > most {
		all = append(all, "…")
	}
	verb := "was"
	if len(names) > 1 {
		verb = "were"
	}
	return fmt.Sprintf("Additional properties are not allowed (%s %s unexpected)", strings.Join(all, ", "), verb)
}

func isA(kind string, v any) bool {
	switch v := v.(type) {
	case string:
		return kind == "string"
	case bool:
		return kind == "boolean"
	case json.Number:
		return kind == "number" || kind == "integer" && isWhole(v)
	case map[string]any:
		return kind == "object"
	case []any:
		return kind == "array"
	default:
		return false
	}
}

func isWhole(n json.Number) bool {
	f := floatOf(n)
	return f == math.Trunc(f) && !math.IsInf(f, 0)
}

// plain writes a number without an exponent.
func plain(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// floatOf returns an infinity for what is too large.
func floatOf(n json.Number) float64 {
	f, _ := strconv.ParseFloat(n.String(), 64) // which fails in no other way
	return f
}
