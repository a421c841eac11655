// Package cypher writes parameters as literals in front of the text of a
// Cypher query, the one way in which FalkorDB takes them.
//
// What goes in comes out: a string arrives byte for byte, whatever it holds,
// and can never end early and become part of the query. Values that the
// server would cut, alter or fail on are refused with a [ParamError]. Floats
// arrive exactly, but the server answers with no more than 15 digits of them.
package cypher

import (
	"strings"
	"unicode/utf8"
)

// Param is one parameter of a query, which the text calls $name.
type Param struct {
	// Name is an ASCII letter or underscore, then letters, digits and
	// underscores.
	Name string
	// Value is nil, a bool, int, int64, float64, string or time.Time, a
	// []string, []int64, []float32, []any, Map, []Map or map[string]any, and
	// may be nested 32 deep. A time arrives as the microseconds since 1970.
	// A nil slice is an empty list, and a nil map an empty map.
	Value any
}

// P returns the parameter $name.
func P(name string, value any) Param { return Param{Name: name, Value: value} }

// Map is a map value that keeps its order, which is cheaper than a Go map.
// Keys are valid UTF-8, not empty, hold neither a backtick nor a NUL, and
// stand once.
type Map []Param

// ParamError says which parameter cannot be sent, and why. It never holds the
// value.
type ParamError struct {
	Name string // of the parameter
	// At leads to the value inside the parameter: "[3].text". It is empty for
	// the parameter itself.
	At  string
	Why string // "not valid UTF-8"
}

func (e *ParamError) Error() string { return "parameter " + e.Name + e.At + ": " + e.Why }

// isName says whether s may be the name of a parameter.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// keyFault says why s may not be the key of a map, or nothing.
func keyFault(s string) string {
	switch {
	case s == "":
		return "empty key"
	case !utf8.ValidString(s):
		return "key is not valid UTF-8"
	case strings.IndexByte(s, 0) >= 0:
		return "key holds a NUL"
	case strings.IndexByte(s, '`') >= 0:
		return "key holds a backtick"
	}
	return ""
}

// twice returns the index of the first of params whose name stood before, or
// -1. The server would keep one of the two without a word.
func twice(params []Param) int {
	if len(params) <= 32 {
		for i := range params {
			for j := range i {
				if params[i].Name == params[j].Name {
					return i
				}
			}
		}
		return -1
	}
	seen := make(map[string]struct{}, len(params))
	for i := range params {
		if _, ok := seen[params[i].Name]; ok {
			return i
		}
		seen[params[i].Name] = struct{}{}
	}
	return -1
}
