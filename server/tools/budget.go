package tools

import "encoding/json"

// DefaultResultBytes bounds an answer when nothing else is said. Models read
// what they are given, and some clients cut longer answers in odd places.
const DefaultResultBytes = 20_000

// frame is room for what surrounds the text of an answer on the wire, for its
// first line, and for the line that says what was left out.
const frame = 300

// entry is one of the things that an answer lists, in words and as data.
type entry struct {
	text string
	data any
}

// listing chooses what of a list is said in at most so many bytes on the wire.
// The data goes along only if all of it has room beside all of the words. What
// has to be cut is cut as words alone, from the end, whole entries at a time;
// the first one always stays.
func listing(entries []entry, most int) (texts []string, data []any) {
	room, words, both := most-frame, 0, 0
	texts, data = make([]string, 0, len(entries)), make([]any, 0, len(entries))
	for _, e := range entries {
		words += sizeOf(e.text)
		both += sizeOf(e.text) + sizeOf(e.data)
		if words <= room || len(texts) == 0 {
			texts = append(texts, e.text)
			data = append(data, e.data)
		}
	}
	if both > room {
		return texts, nil
	}
	return texts, data
}

// sizeOf is how many bytes v takes on the wire, with what separates it from
// the next one.
func sizeOf(v any) int {
	raw, _ := json.Marshal(v) // nothing that is listed can fail to be encoded
	return len(raw) + 1
}
