package tools

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// invalidText looks for text that is not Unicode: bytes that are not UTF-8, or
// half of a surrogate pair. The decoder would replace both without a word, and
// something else would be kept than was given.
//
// It returns the argument that holds the first such text, and where in that
// text, decoded, it stands, in bytes.
func invalidText(raw []byte) (field string, at int, bad bool) {
	if utf8.Valid(raw) && !bytes.Contains(raw, []byte(`\ud`)) && !bytes.Contains(raw, []byte(`\uD`)) {
		return "", 0, false
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	field = "arguments"
	isObject := bytes.HasPrefix(raw, []byte("{"))
	for depth, isKey := 0, false; ; {
		from := d.InputOffset()
		token, err := d.Token()
		if err != nil { // the end, or not JSON, which is said elsewhere
			return "", 0, false
		}
		switch t := token.(type) {
		case json.Delim:
			if t == '{' || t == '[' {
				depth++
			} else {
				depth--
			}
		case string:
			if at, bad := invalidIn(raw[from:d.InputOffset()]); bad {
				return field, at, true
			}
			if depth == 1 && isKey {
				field, isKey = short(t), false
				continue
			}
		}
		if depth == 1 {
			field, isKey = "arguments", isObject
		}
	}
}

// invalidIn looks into a string as JSON writes it, with what stands before it.
func invalidIn(literal []byte) (at int, bad bool) {
	s := literal[bytes.IndexByte(literal, '"')+1 : len(literal)-1]
	for len(s) > 0 {
		r, size := utf8.DecodeRune(s)
		switch {
		case r == utf8.RuneError && size == 1:
			return at, true
		case r != '\\':
			at += size
		case s[1] != 'u':
			at, size = at+1, 2
		default:
			r, size = escaped(s)
			if utf16.IsSurrogate(r) {
				return at, true
			}
			at += utf8.RuneLen(r)
		}
		s = s[size:]
	}
	return 0, false
}

// escaped reads the character that s starts with, written as one escape or as
// a pair of them, and how many bytes it took. Half a pair is returned as is.
func escaped(s []byte) (rune, int) {
	first := hex4(s)
	if utf16.IsSurrogate(first) && len(s) >= 12 && s[6] == '\\' && s[7] == 'u' {
		if r := utf16.DecodeRune(first, hex4(s[6:])); r != utf8.RuneError {
			return r, 12
		}
	}
	return first, 6
}

func hex4(escape []byte) rune {
	n, _ := strconv.ParseUint(string(escape[2:6]), 16, 16) // the decoder has read it before
	return rune(n)
}
