package tools

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// quotedLength bounds, in code points, how much of a caller's own value is said
// back to it.
const quotedLength = 60

// quoted writes a value of the caller's into a message, shortened.
func quoted(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case string:
		return quotedText(v)
	case json.Number:
		return short(v.String())
	case []any:
		if len(v) == 0 {
			return "[]"
		}
		return "[" + quotedItem(v[0]) + more(len(v)) + "]"
	case map[string]any:
		if len(v) == 0 {
			return "{}"
		}
		return fmt.Sprintf("{… %d keys}", len(v))
	default:
		return fmt.Sprintf("%T", v)
	}
}

// quotedItem keeps what is nested from nesting further.
func quotedItem(v any) string {
	switch v.(type) {
	case []any:
		return "[…]"
	case map[string]any:
		return "{…}"
	}
	return quoted(v)
}

func more(n int) string {
	if n > 1 {
		return ", …"
	}
	return ""
}

// quotedText puts s between quotes on one line.
func quotedText(s string) string {
	mark := "'"
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		mark = `"`
	}
	var b strings.Builder
	b.WriteString(mark)
	for _, r := range short(s) {
		switch {
		case r == '\\' || string(r) == mark:
			b.WriteRune('\\')
			b.WriteRune(r)
		case unicode.IsControl(r):
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		default:
			b.WriteRune(r)
		}
	}
	b.WriteString(mark)
	return b.String()
}

// short cuts what is too long to be said back.
func short(s string) string { return cut(s, quotedLength, "…") }

// cut returns the first n code points of s, with mark behind them if there are
// more.
func cut(s string, n int, mark string) string {
	if len(s) <= n {
		return s
	}
	at := 0
	for range n {
		if at >= len(s) {
			return s
		}
		_, size := utf8.DecodeRuneInString(s[at:])
		at += size
	}
	if at >= len(s) {
		return s
	}
	return s[:at] + mark
}
