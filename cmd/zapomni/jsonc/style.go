package jsonc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// style is how a text is laid out.
type style struct {
	newline string
	unit    string // of indentation
	oneLine bool   // all of it stands on one line
}

func styleOf(text []byte, root value) style {
	s := style{newline: "\n", unit: "  "}
	if bytes.Contains(text, []byte("\r\n")) {
		s.newline = "\r\n"
	}
	if len(root.members) == 0 {
		return s
	}
	s.oneLine = !bytes.ContainsRune(text[root.start:root.end], '\n')
	if first := root.members[0].start; startsLine(text, first) {
		if indent := indentAt(text, first); indent != "" {
			s.unit = indent
		}
	}
	return s
}

// format lays a value out below an indentation.
func (s style) format(v json.RawMessage, indent string) (string, error) {
	var b bytes.Buffer
	var err error
	if s.oneLine {
		err = json.Compact(&b, v)
	} else {
		err = json.Indent(&b, v, indent, s.unit)
	}
	if err != nil {
		return "", fmt.Errorf("format the value: %w", err)
	}
	return strings.ReplaceAll(b.String(), "\n", s.newline), nil
}

// insert puts a member behind the last one of v.
func (s style) insert(text []byte, v value, key string, to json.RawMessage) ([]byte, error) {
	base := indentAt(text, v.start)
	indent := base + s.unit
	if len(v.members) == 0 {
		return s.fill(text, v, key, to, base)
	}
	first, last := v.members[0], v.members[len(v.members)-1]
	if startsLine(text, first.start) {
		indent = indentAt(text, first.start)
	} else {
		s.oneLine = true // as the members there are
	}
	made, err := s.member(key, to, indent)
	if err != nil {
		return nil, err
	}
	// A comment on the line of the last member stays with it.
	at := max(last.value.end, last.comma+1)
	if s.oneLine {
		gap := ""
		if bytes.Contains(text[v.start:v.end], []byte(`: `)) {
			gap = " "
		}
		made = gap + made
	} else {
		at = lineEnd(text, at)
		made = s.newline + indent + made
	}
	if last.comma >= 0 {
		return splice(text, edit{at, at, made + ","}), nil
	}
	return splice(text, edit{last.value.end, last.value.end, ","}, edit{at, at, made}), nil
}

// fill puts the first member into v, behind the comments in it.
func (s style) fill(text []byte, v value, key string, to json.RawMessage, base string) ([]byte, error) {
	made, err := s.member(key, to, base+s.unit)
	if err != nil {
		return nil, err
	}
	if !s.oneLine {
		made = s.newline + base + s.unit + made + s.newline + base
	}
	inside := bytes.TrimRight(text[v.start+1:v.end-1], " \t\r\n")
	return splice(text, edit{v.start + 1 + len(inside), v.end - 1, made}), nil
}

func (s style) member(key string, to json.RawMessage, indent string) (string, error) {
	made, err := s.format(to, indent)
	if err != nil {
		return "", err
	}
	colon := ": "
	if s.oneLine {
		colon = ":"
	}
	return quoted(key) + colon + made, nil
}

// lineStart is where the line of text[at] begins.
func lineStart(text []byte, at int) int {
	start := bytes.LastIndexByte(text[:at], '\n') + 1
	return max(start, len(bom(text)))
}

// indentAt returns the blanks at the start of the line of text[at].
func indentAt(text []byte, at int) string {
	line := text[lineStart(text, at):]
	return string(line[:len(line)-len(bytes.TrimLeft(line, " \t"))])
}

// startsLine tells whether only blanks stand before text[at] on its line, and
// that is not the first line.
func startsLine(text []byte, at int) bool {
	start := lineStart(text, at)
	return start > len(bom(text)) && len(bytes.TrimLeft(text[start:at], " \t")) == 0
}

// lineEnd moves over the comments that follow on the line of text[at].
func lineEnd(text []byte, at int) int {
	for end := at; end < len(text); {
		n := commentLen(text[end:])
		switch {
		case n > 0:
			end += n
			at = end
		case text[end] == ' ' || text[end] == '\t':
			end++
		default:
			return at
		}
	}
	return at
}
