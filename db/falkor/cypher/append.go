package cypher

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxDepth bounds the nesting of a value. The server's parser recurses, and
// its stack ends somewhere above.
const (
	maxDepth = 32
	tooDeep  = "nested more than 32 deep"
)

// Append appends the query text with its parameters in front of it to dst:
// CYPHER a=1 b='x' MATCH … It allocates only to let dst grow, and for a
// map[string]any, which it sorts. The text is sent as it is: no part of it
// may come from a user.
//
// The error is a [*ParamError]. Then dst comes back as it was.
func Append(dst []byte, text string, params ...Param) ([]byte, error) {
	start := len(dst)
	if i := twice(params); i >= 0 {
		return dst, &ParamError{Name: params[i].Name, Why: "given twice"}
	}
	if len(params) > 0 {
		dst = append(dst, "CYPHER "...)
	}
	for i := range params {
		p := &params[i]
		if !isName(p.Name) {
			return dst[:start], &ParamError{Name: strconv.Quote(p.Name), Why: "not a name"}
		}
		dst = append(dst, p.Name...)
		dst = append(dst, '=')
		var bad *ParamError
		if dst, bad = appendValue(dst, p.Value, 0); bad != nil {
			bad.Name = p.Name
			return dst[:start], bad
		}
		dst = append(dst, ' ')
	}
	return append(dst, text...), nil
}

// refuse says why a value cannot be sent. The path and the name are added on
// the way out, so that they cost nothing where all is well.
func refuse(dst []byte, why string) ([]byte, *ParamError) { return dst, &ParamError{Why: why} }

func appendValue(dst []byte, value any, depth int) ([]byte, *ParamError) {
	switch v := value.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case int:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(dst, v, 10), nil
	case float64:
		return appendFloat64(dst, v)
	case string:
		return appendString(dst, v)
	case time.Time:
		return strconv.AppendInt(dst, v.UnixMicro(), 10), nil
	}
	if depth == maxDepth {
		return refuse(dst, tooDeep)
	}
	switch v := value.(type) {
	case []float32:
		return appendList(dst, v, appendFloat32)
	case []string:
		return appendList(dst, v, appendString)
	case []int64:
		return appendList(dst, v, appendInt)
	case []any:
		return appendList(dst, v, func(dst []byte, e any) ([]byte, *ParamError) {
			return appendValue(dst, e, depth+1)
		})
	case []Map:
		if depth+1 == maxDepth {
			return refuse(dst, tooDeep)
		}
		return appendList(dst, v, func(dst []byte, e Map) ([]byte, *ParamError) {
			return appendMap(dst, e, depth+1)
		})
	case Map:
		return appendMap(dst, v, depth)
	case map[string]any:
		return appendMap(dst, sorted(v), depth)
	}
	return refuse(dst, fmt.Sprintf("cannot send a %T", value))
}

func appendInt(dst []byte, n int64) ([]byte, *ParamError) { return strconv.AppendInt(dst, n, 10), nil }

// appendList writes each element with one.
func appendList[E any](dst []byte, list []E, one func([]byte, E) ([]byte, *ParamError)) ([]byte, *ParamError) {
	dst = append(dst, '[')
	for i := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		var bad *ParamError
		if dst, bad = one(dst, list[i]); bad != nil {
			bad.At = "[" + strconv.Itoa(i) + "]" + bad.At
			return dst, bad
		}
	}
	return append(dst, ']'), nil
}

func appendMap(dst []byte, m Map, depth int) ([]byte, *ParamError) {
	if i := twice(m); i >= 0 {
		return refuse(dst, "key "+strconv.Quote(m[i].Name)+" stands twice")
	}
	dst = append(dst, '{')
	for i := range m {
		if i > 0 {
			dst = append(dst, ',')
		}
		key := m[i].Name
		if why := keyFault(key); why != "" {
			return refuse(dst, why)
		}
		dst = append(dst, '`')
		dst = append(dst, key...)
		dst = append(dst, '`', ':')
		var bad *ParamError
		if dst, bad = appendValue(dst, m[i].Value, depth+1); bad != nil {
			bad.At = "." + key + bad.At
			return dst, bad
		}
	}
	return append(dst, '}'), nil
}

// sorted returns m in the order of its keys, so that equal maps give equal
// texts.
func sorted(m map[string]any) Map {
	list := make(Map, 0, len(m))
	for key, value := range m {
		list = append(list, Param{key, value})
	}
	slices.SortFunc(list, func(a, b Param) int { return strings.Compare(a.Name, b.Name) })
	return list
}
