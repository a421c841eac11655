package transport

import (
	"bytes"
	"fmt"
)

const (
	// deepest is how many levels a message may be nested. encoding/json gives up
	// at 10,000, and then nobody could tell which request it was.
	deepest = 9_900
	// mostValues is how many values a message may have in its lists and objects.
	// Decoded, a value of two bytes takes hundreds, and that more than once.
	mostValues = 100_000
)

// misshapen says how a line is nested deeper, or has more values, than may be
// decoded; it is empty if it is not. It costs three fast scans unless the line
// has that many brackets and commas.
func misshapen(line []byte, levels, values int) string {
	opened := bytes.Count(line, []byte{'['}) + bytes.Count(line, []byte{'{'})
	if opened <= levels && opened+bytes.Count(line, []byte{','}) <= values {
		return ""
	}
	depth, count := 0, 0
	for i := 0; i < len(line); {
		switch line[i] {
		case '"':
			if i = skipString(line, i); i < 0 {
				return ""
			}
			continue
		case '[', '{':
			depth++
			count++
		case ']', '}':
			depth--
		case ',':
			count++
		}
		if depth > levels {
			return fmt.Sprintf("message is nested more than %d levels deep", levels)
		}
		if count > values {
			return fmt.Sprintf("message has more than %d values", values)
		}
		i++
	}
	return ""
}
