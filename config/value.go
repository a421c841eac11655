package config

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// convert makes a value of type t out of what a file, a variable or a flag
// holds. Its errors complete the sentence that starts with a setting's name.
func convert(t reflect.Type, v any) (any, error) {
	if reflect.TypeOf(v) == t {
		return v, nil
	}
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return duration(v)
	case t.Kind() == reflect.Int:
		return whole(v)
	case t.Kind() == reflect.Float64:
		return number(v)
	case t.Kind() == reflect.Bool:
		return boolean(v)
	case t.Kind() == reflect.Slice:
		return parts(v)
	default:
		s, ok := v.(string)
		if !ok {
			return nil, errors.New("is not a text: put it in quotes")
		}
		return reflect.ValueOf(s).Convert(t).Interface(), nil
	}
}

func whole(v any) (any, error) {
	switch n := v.(type) {
	case int64:
		v = strconv.FormatInt(n, 10)
	case uint64:
		v = strconv.FormatUint(n, 10)
	case float64: // JSON has no other numbers
		v = strconv.FormatFloat(n, 'f', -1, 64)
	}
	if s, ok := v.(string); ok {
		n, err := strconv.Atoi(strings.TrimSpace(s))
		if err == nil {
			return n, nil
		}
		if errors.Is(err, strconv.ErrRange) {
			return nil, fmt.Errorf("%q is too large", s)
		}
	}
	return nil, fmt.Errorf("%s is not a whole number", quoted(v))
}

func number(v any) (any, error) {
	switch n := v.(type) {
	case int:
		return float64(n), nil
	case int64:
		return float64(n), nil
	case float64:
		if finite(n) {
			return n, nil
		}
	case string:
		f, err := strconv.ParseFloat(strings.TrimSpace(n), 64)
		if err == nil && finite(f) {
			return f, nil
		}
	}
	return nil, fmt.Errorf("%s is not a number", quoted(v))
}

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }

// duration takes a number as seconds, and otherwise what Go writes: "1m30s".
func duration(v any) (any, error) {
	if s, ok := v.(string); ok {
		if d, err := time.ParseDuration(strings.TrimSpace(s)); err == nil {
			return d, nil
		}
	}
	f, err := number(v)
	if err != nil {
		return nil, fmt.Errorf("%s is not a number of seconds or a duration like 1m30s", quoted(v))
	}
	ns := math.Round(f.(float64) * float64(time.Second))
	if math.Abs(ns) >= math.MaxInt64 {
		return nil, fmt.Errorf("%s is too long", quoted(v))
	}
	return time.Duration(ns), nil
}

func boolean(v any) (any, error) {
	switch strings.ToLower(strings.TrimSpace(fmt.Sprint(v))) {
	case "true", "1", "yes", "on":
		return true, nil
	case "false", "0", "no", "off":
		return false, nil
	default:
		return nil, fmt.Errorf("%s is not true or false", quoted(v))
	}
}

// parts takes a list, or a text with commas between its parts.
func parts(v any) (any, error) {
	switch l := v.(type) {
	case string:
		return list(l), nil
	case []any:
		all := make([]string, 0, len(l))
		for _, e := range l {
			s, ok := e.(string)
			if !ok {
				return nil, fmt.Errorf("%s in the list is not a text: put it in quotes", quoted(e))
			}
			all = append(all, s)
		}
		return all, nil
	default:
		return nil, fmt.Errorf("%s is not a list", quoted(v))
	}
}

// list splits at commas and leaves out blanks and empty parts.
func list(s string) []string {
	var parts []string
	for p := range strings.SplitSeq(s, ",") {
		if p = strings.TrimSpace(p); p != "" {
			parts = append(parts, p)
		}
	}
	return parts
}

func quoted(v any) string { return strconv.Quote(fmt.Sprint(v)) }

// text writes a value the way convert reads it.
func text(v any) string {
	switch v := v.(type) {
	case []string:
		return strings.Join(v, ",")
	case time.Duration:
		s := v.String()
		if strings.HasSuffix(s, "m0s") {
			s = strings.TrimSuffix(s, "0s")
		}
		if strings.HasSuffix(s, "h0m") {
			s = strings.TrimSuffix(s, "0m")
		}
		return s
	default:
		return fmt.Sprint(v)
	}
}

// typeName is how flags and docs call a setting's type.
func (s setting) typeName() string {
	switch {
	case s.path:
		return "path"
	case s.typ == reflect.TypeFor[time.Duration]():
		return "duration"
	case s.typ.Kind() == reflect.Slice:
		return "list"
	case s.typ.Kind() == reflect.Float64:
		return "number"
	default:
		return s.typ.Kind().String()
	}
}
