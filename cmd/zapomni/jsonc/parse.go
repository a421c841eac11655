package jsonc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

// SyntaxError says where a text stops being JSON.
type SyntaxError struct {
	Line, Column int // from 1; columns count characters
	Why          string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Why)
}

// deepest bounds how deep values may be nested.
const deepest = 1000

// value is a value within a text, text[start:end].
type value struct {
	start, end int
	object     bool
	members    []member // of an object
}

// member is a key and its value within an object.
type member struct {
	key   string
	start int // of the key
	value value
	comma int // place of the comma after it; -1 if there is none
}

// last returns the member with the key. Of several the last one counts, as it
// does for most readers of JSON. It is -1 if there is none.
func (v value) last(key string) int {
	for i, m := range slices.Backward(v.members) {
		if m.key == key {
			return i
		}
	}
	return -1
}

// parse reads a whole text. ok is false if it holds no value at all, but
// blanks and comments.
func parse(text []byte) (root value, ok bool, err error) {
	p := parser{text: text, at: len(bom(text))}
	if err := p.skip(); err != nil {
		return value{}, false, p.locate(err)
	}
	if p.at == len(text) {
		return value{}, false, nil
	}
	if root, err = p.value(0); err == nil {
		err = p.skip()
	}
	if err == nil && p.at < len(text) {
		err = errors.New("nothing may follow the value")
	}
	if err != nil {
		return value{}, false, p.locate(err)
	}
	return root, true, nil
}

// bom returns the byte order mark that a text starts with, if it does.
func bom(text []byte) []byte {
	const mark = "\ufeff"
	if bytes.HasPrefix(text, []byte(mark)) {
		return text[:len(mark)]
	}
	return nil
}

// parser reads text from at, where it stands when something is wrong.
type parser struct {
	text []byte
	at   int
}

func (p *parser) locate(err error) error {
	before := p.text[:min(p.at, len(p.text))]
	line := before[bytes.LastIndexByte(before, '\n')+1:]
	return &SyntaxError{
		Line: bytes.Count(before, []byte("\n")) + 1, Column: utf8.RuneCount(line) + 1,
		Why: err.Error(),
	}
}

// skip moves over blanks and comments.
func (p *parser) skip() error {
	for p.at < len(p.text) {
		n := commentLen(p.text[p.at:])
		switch {
		case n < 0:
			return errors.New("the comment has no end")
		case n > 0:
			p.at += n
		case isBlank(p.text[p.at]):
			p.at++
		default:
			return nil
		}
	}
	return nil
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// commentLen is the length of the comment that text starts with, without the
// end of the line; 0 if it starts with none, -1 if it has no end.
func commentLen(text []byte) int {
	switch {
	case bytes.HasPrefix(text, []byte("//")):
		line, _, _ := bytes.Cut(text, []byte("\n"))
		return len(bytes.TrimSuffix(line, []byte("\r")))
	case bytes.HasPrefix(text, []byte("/*")):
		n := bytes.Index(text[2:], []byte("*/"))
		if n < 0 {
			return -1
		}
		return 2 + n + 2
	}
	return 0
}

// peek is the byte to come, 0 at the end.
func (p *parser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *parser) value(depth int) (value, error) {
	if depth > deepest {
		return value{}, errors.New("the values are nested too deep")
	}
	switch p.peek() {
	case '{':
		return p.object(depth)
	case '[':
		return p.array(depth)
	case '"':
		start := p.at
		_, err := p.str()
		return value{start: start, end: p.at}, err
	}
	return p.word()
}

func (p *parser) object(depth int) (value, error) {
	v := value{start: p.at, object: true}
	err := p.list('}', func() error {
		m := member{start: p.at, comma: -1}
		var err error
		if m.key, err = p.str(); err != nil {
			return err
		}
		if err := p.skip(); err != nil {
			return err
		}
		if p.peek() != ':' {
			return errors.New("a colon is missing after the key")
		}
		p.at++
		if err := p.skip(); err != nil {
			return err
		}
		m.value, err = p.value(depth + 1)
		v.members = append(v.members, m)
		return err
	}, func() { v.members[len(v.members)-1].comma = p.at })
	v.end = p.at
	return v, err
}

func (p *parser) array(depth int) (value, error) {
	v := value{start: p.at}
	err := p.list(']', func() error {
		_, err := p.value(depth + 1)
		return err
	}, func() {})
	v.end = p.at
	return v, err
}

// list reads what stands between brackets: elements with commas between them,
// and perhaps one after the last. It calls comma at each.
func (p *parser) list(end byte, element func() error, comma func()) error {
	p.at++
	for {
		if err := p.skip(); err != nil {
			return err
		}
		if p.peek() == end {
			p.at++
			return nil
		}
		if err := element(); err != nil {
			return err
		}
		if err := p.skip(); err != nil {
			return err
		}
		switch p.peek() {
		case ',':
			comma()
			p.at++
		case end:
		default:
			return fmt.Errorf("a comma or %q is missing", end)
		}
	}
}

// str reads a string and returns what it stands for.
func (p *parser) str() (string, error) {
	if p.peek() != '"' {
		return "", errors.New("a string in double quotes is missing")
	}
	for end := p.at + 1; end < len(p.text) && p.text[end] != '\n'; end++ {
		switch p.text[end] {
		case '\\':
			end++
		case '"':
			var s string
			if json.Unmarshal(p.text[p.at:end+1], &s) != nil {
				return "", errors.New("the string has a character or an escape that is not allowed")
			}
			p.at = end + 1
			return s, nil
		}
	}
	return "", errors.New("the string has no end")
}

// word reads a number, true, false or null.
func (p *parser) word() (value, error) {
	start, end := p.at, p.at
	for end < len(p.text) && !isBlank(p.text[end]) && !bytes.ContainsRune([]byte(`{}[]:,"/`), rune(p.text[end])) {
		end++
	}
	if !json.Valid(p.text[start:end]) {
		return value{}, errors.New("a value is missing")
	}
	p.at = end
	return value{start: start, end: end}, nil
}
