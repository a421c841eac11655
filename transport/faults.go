package transport

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// fault is a place in a line that encoding/json would quietly replace by
// U+FFFD, so that something else would be kept than what was said.
type fault struct {
	at   int    // in the line, in bytes
	what string // "invalid byte 0xff"
}

// findFault returns the first fault of a line. It costs two fast scans unless
// there is one, or the line has escaped surrogates, which then are paired.
func findFault(line []byte) (fault, bool) {
	at := -1
	if !utf8.Valid(line) {
		at = firstInvalid(line)
	}
	if mentionsSurrogate(line) {
		whole := line
		if at >= 0 {
			whole = line[:at]
		}
		if lone := firstLone(whole); lone >= 0 {
			return fault{lone, "lone surrogate " + string(line[lone:lone+6])}, true
		}
	}
	if at < 0 {
		return fault{}, false
	}
	return fault{at, fmt.Sprintf("invalid byte 0x%02x", line[at])}, true
}

func firstInvalid(line []byte) int {
	for i := 0; i < len(line); {
		r, size := utf8.DecodeRune(line[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

func mentionsSurrogate(line []byte) bool {
	return bytes.Contains(line, []byte(`\ud`)) || bytes.Contains(line, []byte(`\uD`))
}

// firstLone returns the place of the first escaped surrogate without its
// other half, or -1.
func firstLone(line []byte) int {
	for i := 0; ; {
		k := bytes.IndexByte(line[i:], '\\')
		if k < 0 {
			return -1
		}
		i += k
		first := escapedUnit(line, i)
		switch {
		case first < 0:
			i = min(i+2, len(line))
		case !utf16.IsSurrogate(first):
			i += 6
		case utf16.DecodeRune(first, escapedUnit(line, i+6)) != unicode.ReplacementChar:
			i += 12
		default:
			return i
		}
	}
}

// escapedUnit reads the escape \uXXXX at line[i:], -1 if there is none.
func escapedUnit(line []byte, i int) rune {
	if len(line)-i < 6 || line[i] != '\\' || line[i+1] != 'u' {
		return -1
	}
	var unit rune
	for _, c := range line[i+2 : i+6] {
		digit := bytes.IndexByte([]byte("0123456789abcdef"), c|0x20)
		if digit < 0 || c < '0' {
			return -1
		}
		unit = unit<<4 | rune(digit)
	}
	return unit
}

// describe says for a person what is wrong and where: in the decoded text of
// the argument, if the fault is in one that is a string, otherwise in the line.
func (f fault) describe(line []byte) string {
	name, offset, ok := argumentAt(line, f.at)
	if !ok {
		name, offset = "message", f.at
	}
	return fmt.Sprintf("%s is not valid UTF-8: %s at offset %d", name, f.what, offset)
}

// argumentAt returns which string argument of a tool call the place belongs
// to, and its offset in the text that the string stands for.
func argumentAt(line []byte, at int) (name string, offset int, ok bool) {
	value := span{0, len(line)}
	var key span
	for _, field := range []string{"params", "arguments", ""} {
		if key, value, ok = memberAt(line, value.start, at); !ok {
			return "", 0, false
		}
		if field != "" && !same(key.of(line), field) {
			return "", 0, false
		}
	}
	if line[value.start] != '"' {
		return "", 0, false
	}
	// Up to the fault the string is sound, so decoding replaces nothing.
	sound := append(bytes.Clone(line[value.start:at]), '"')
	var decoded string
	if json.Unmarshal(sound, &decoded) != nil {
		return "", 0, false
	}
	return unquoted(key.of(line)), len(decoded), true
}

// memberAt returns the member of the object at line[start:] whose value holds
// the place.
func memberAt(line []byte, start, at int) (key, value span, ok bool) {
	members(line, start, func(k, v span) bool {
		if v.start <= at && at < v.end {
			key, value, ok = k, v, true
		}
		return !ok && v.end <= at
	})
	return key, value, ok
}
