package transport

import "bytes"

// deepest is how many levels a message may be nested. encoding/json gives up at
// 10,000, and then nobody could tell which request it was.
const deepest = 9_900

// deeper reports whether a line is nested more than limit levels. It costs two
// fast scans unless the line has that many brackets.
func deeper(line []byte, limit int) bool {
	if bytes.Count(line, []byte{'['})+bytes.Count(line, []byte{'{'}) <= limit {
		return false
	}
	depth := 0
	for i := 0; i < len(line); {
		switch line[i] {
		case '"':
			if i = skipString(line, i); i < 0 {
				return false
			}
			continue
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		}
		if depth > limit {
			return true
		}
		i++
	}
	return false
}
