// Package jsonc changes single values within JSON texts that people and
// programs wrote, and leaves every other byte as it is: order, indentation,
// line ends, comments and commas after the last element included.
//
// A text that is not JSON, comments aside, is refused with a SyntaxError.
package jsonc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Get returns the value at path, as it stands in text; nil if there is none.
func Get(text []byte, path ...string) (json.RawMessage, error) {
	v, ok, err := parse(text)
	if err != nil || !ok {
		return nil, err
	}
	for _, key := range path {
		i := v.last(key)
		if i < 0 {
			return nil, nil
		}
		v = v.members[i].value
	}
	return text[v.start:v.end], nil
}

// Set returns text with the value at path, in the style of text. Objects that
// are missing on the way are made, one that is something else is an error. A
// text of nothing but blanks and comments becomes an object.
func Set(text []byte, to json.RawMessage, path ...string) ([]byte, error) {
	root, ok, err := parse(text)
	if err != nil {
		return nil, err
	}
	s := styleOf(text, root)
	if !ok {
		made, err := s.format(nested(to, path), "")
		if err != nil {
			return nil, err
		}
		return append(opening(text, s), made+s.newline...), nil
	}
	v := root
	for i, key := range path {
		if !v.object {
			return nil, fmt.Errorf("%s is not an object", named(path[:i]))
		}
		m := v.last(key)
		if m < 0 {
			return s.insert(text, v, key, nested(to, path[i+1:]))
		}
		v = v.members[m].value
	}
	made, err := s.format(to, indentAt(text, v.start))
	if err != nil {
		return nil, err
	}
	return splice(text, edit{v.start, v.end, made}), nil
}

// Remove returns text without the member at path; the same text if there is
// none.
func Remove(text []byte, path ...string) ([]byte, error) {
	v, ok, err := parse(text)
	if err != nil || !ok {
		return text, err
	}
	for _, key := range path[:len(path)-1] {
		i := v.last(key)
		if i < 0 {
			return text, nil
		}
		v = v.members[i].value
	}
	i := v.last(path[len(path)-1])
	if i < 0 {
		return text, nil
	}
	// An earlier member of the same name would come to count.
	return Remove(splice(text, removal(text, v, i)...), path...)
}

func named(path []string) string {
	if len(path) == 0 {
		return "the whole"
	}
	return `"` + strings.Join(path, ".") + `"`
}

// nested wraps a value in an object for each key.
func nested(v json.RawMessage, path []string) json.RawMessage {
	for _, key := range slices.Backward(path) {
		v = json.RawMessage("{" + quoted(key) + ":" + string(v) + "}")
	}
	return v
}

func quoted(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always has a JSON form
	return strings.TrimSuffix(b.String(), "\n")
}

// opening is a text without a value, ready for one to be appended.
func opening(text []byte, s style) []byte {
	text = bytes.Clone(text)
	if trimmed := bytes.TrimSpace(text[len(bom(text)):]); len(trimmed) == 0 {
		return text[:len(bom(text))]
	}
	if !bytes.HasSuffix(text, []byte("\n")) {
		text = append(text, s.newline...)
	}
	return text
}

// edit puts with in the place of text[from:to].
type edit struct {
	from, to int
	with     string
}

// splice makes edits, which are in order and do not overlap.
func splice(text []byte, edits ...edit) []byte {
	var b bytes.Buffer
	at := 0
	for _, e := range edits {
		b.Write(text[at:e.from])
		b.WriteString(e.with)
		at = e.to
	}
	b.Write(text[at:])
	return b.Bytes()
}

// removal takes the i-th member out of v, and the line that it leaves blank.
func removal(text []byte, v value, i int) []edit {
	m := v.members[i]
	if len(v.members) == 1 {
		before, after := text[v.start+1:m.start], text[max(m.value.end, m.comma+1):v.end-1]
		if len(bytes.TrimSpace(before))+len(bytes.TrimSpace(after)) == 0 {
			return []edit{{v.start + 1, v.end - 1, ""}}
		}
	}
	gone := edit{from: m.start, to: max(m.value.end, m.comma+1)}
	left, right := gone.from, gone.to
	for text[left-1] == ' ' || text[left-1] == '\t' {
		left--
	}
	for text[right] == ' ' || text[right] == '\t' {
		right++
	}
	ends := text[right] == '\n' || text[right] == '\r'
	switch {
	case text[left-1] == '\n' && ends:
		gone.from, gone.to = left-1, right
		if text[left-2] == '\r' {
			gone.from--
		}
	case ends || i > 0 && m.comma < 0:
		gone.from = left
	default:
		gone.to = right
	}
	if i > 0 && m.comma < 0 {
		comma := v.members[i-1].comma
		return []edit{{comma, comma + 1, ""}, gone}
	}
	return []edit{gone}
}
