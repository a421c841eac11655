package transport

import (
	"bytes"
	"encoding/json"
)

const (
	methodCall      = "tools/call"
	methodSubscribe = "subscriptions/listen"
)

// head is what the outermost members of a message say. Its slices are parts
// of the line.
type head struct {
	id        []byte // as it stands in the line; nil when absent or null
	method    []byte // decoded; nil when absent or null
	malformed bool   // the version or the method is no string
	reply     bool   // it answers a request that the server made
}

// readHead reads the head of a line in one pass that decodes nothing. Of a
// member that stands there twice the last one counts, as in encoding/json.
// A broken line gives what was found before the break.
func readHead(line []byte) head {
	var h head
	members(line, 0, func(key, value span) bool {
		k, v := key.of(line), value.of(line)
		switch {
		case same(k, "id"):
			h.id = nil
			if !isNull(v) {
				h.id = v
			}
		case same(k, "method"):
			h.setMethod(v)
		case same(k, "jsonrpc"):
			h.malformed = h.malformed || v[0] != '"' && !isNull(v)
		case same(k, "result"), same(k, "error"):
			h.reply = !isNull(v)
		}
		return true
	})
	return h
}

func (h *head) setMethod(value []byte) {
	switch {
	case isNull(value):
	case value[0] != '"':
		h.malformed = true
	default:
		h.method = value[1 : len(value)-1]
		if bytes.IndexByte(h.method, '\\') >= 0 {
			h.method = []byte(unquoted(h.method))
		}
	}
}

// answered reports whether the message is a request that will have an answer
// of its own while the connection lasts.
func (h *head) answered() bool {
	return h.id != nil && !h.reply && string(h.method) != methodSubscribe
}

func (h *head) call() bool { return h.id != nil && string(h.method) == methodCall }

func isNull(value []byte) bool { return string(value) == "null" }

// canonical spells an id as it will stand in the answer, where numbers and
// escapes may come out otherwise than they went in.
func canonical(id []byte) []byte {
	if plainID(id) {
		return id
	}
	var v any
	if json.Unmarshal(id, &v) != nil {
		return id
	}
	spelled, err := json.Marshal(v)
	if err != nil {
		return id
	}
	return spelled
}

// plainID reports whether decoding and encoding leave the id as it is.
func plainID(id []byte) bool {
	if id[0] == '"' {
		for _, c := range id[1 : len(id)-1] {
			if c < ' ' || c >= 0x7f || c == '\\' || c == '<' || c == '>' || c == '&' {
				return false
			}
		}
		return true
	}
	for _, c := range id {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(id) <= 15 // well below 2^53
}

var (
	answerStart = []byte(`{"jsonrpc":"2.0","id":`)
	resultNext  = []byte(`,"result":`)
	errorNext   = []byte(`,"error":`)
)

// answerID returns the id of an outgoing answer; ok is false for what is no
// answer: a notification, or a request of the server's own. It relies on the
// order in which mcp-go writes the members.
func answerID(message []byte) (id []byte, ok bool) {
	if !bytes.HasPrefix(message, answerStart) {
		return nil, false
	}
	end := skipValue(message, len(answerStart))
	if end < 0 {
		return nil, false
	}
	rest := message[end:]
	return message[len(answerStart):end], bytes.HasPrefix(rest, resultNext) || bytes.HasPrefix(rest, errorNext)
}
