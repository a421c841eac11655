package transport

import (
	"bytes"
	"encoding/json"
	"strings"
)

// span is a part of a line: line[start:end].
type span struct{ start, end int }

func (s span) of(line []byte) []byte { return line[s.start:s.end] }

// members gives the members of the JSON object at line[at:] to each, in order,
// until each returns false: the key without its quotes, and the value. It
// stops at what cannot be a member. It looks at no more than it needs to tell
// members apart, so a line that it reads to the end may not be JSON.
func members(line []byte, at int, each func(key, value span) bool) {
	i := skipBlank(line, at)
	if i == len(line) || line[i] != '{' {
		return
	}
	i = skipBlank(line, i+1)
	for i < len(line) && line[i] == '"' {
		end := skipString(line, i)
		if end < 0 {
			return
		}
		key := span{i + 1, end - 1}
		i = skipBlank(line, end)
		if i == len(line) || line[i] != ':' {
			return
		}
		value := span{start: skipBlank(line, i+1)}
		if value.end = skipValue(line, value.start); value.end < 0 || !each(key, value) {
			return
		}
		i = skipBlank(line, value.end)
		if i == len(line) || line[i] != ',' {
			return
		}
		i = skipBlank(line, i+1)
	}
}

func skipBlank(line []byte, i int) int {
	for i < len(line) && (line[i] == ' ' || line[i] == '\t' || line[i] == '\r' || line[i] == '\n') {
		i++
	}
	return i
}

// skipString returns the place after the string that opens at line[i], or -1.
func skipString(line []byte, i int) int {
	for j := i + 1; ; j++ {
		k := bytes.IndexByte(line[j:], '"')
		if k < 0 {
			return -1
		}
		j += k
		escapes := 0
		for line[j-1-escapes] == '\\' { // ends at the opening quote
			escapes++
		}
		if escapes%2 == 0 {
			return j + 1
		}
	}
}

// skipValue returns the place after the value that begins at line[i], or -1.
func skipValue(line []byte, i int) int {
	depth := 0
	for i < len(line) {
		switch line[i] {
		case '"':
			if i = skipString(line, i); i < 0 {
				return -1
			}
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		case ',', ':', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return -1
			}
			i++
			continue
		default:
			i = skipWord(line, i)
		}
		if depth == 0 {
			return i
		}
		if depth < 0 {
			return -1
		}
	}
	return -1
}

// skipWord passes over a number, true, false or null.
func skipWord(line []byte, i int) int {
	for i < len(line) {
		switch line[i] {
		case ',', ':', '"', '{', '}', '[', ']', ' ', '\t', '\r', '\n':
			return i
		}
		i++
	}
	return i
}

// same reports whether a key, as it stands in the line, names the field as
// encoding/json would match it: in any case, and with any of it escaped.
func same(key []byte, field string) bool {
	for _, c := range key {
		if c == '\\' || c >= 0x80 {
			return strings.EqualFold(unquoted(key), field)
		}
	}
	return len(key) == len(field) && strings.EqualFold(string(key), field)
}

// unquoted decodes the inside of a JSON string; it is empty for a broken one.
func unquoted(inside []byte) string {
	if bytes.IndexByte(inside, '\\') < 0 {
		return string(inside)
	}
	quoted := make([]byte, 0, len(inside)+2)
	quoted = append(append(append(quoted, '"'), inside...), '"')
	var s string
	if json.Unmarshal(quoted, &s) != nil {
		return ""
	}
	return s
}
