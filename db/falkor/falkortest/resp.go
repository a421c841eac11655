package falkortest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// ReplyError is an error that the server answered with.
type ReplyError string

func (e ReplyError) Error() string { return string(e) }

var errProtocol = errors.New("not the protocol")

// command is a command as the wire has it.
func command(words ...string) []byte {
	wire := fmt.Appendf(nil, "*%d\r\n", len(words))
	for _, word := range words {
		wire = fmt.Appendf(wire, "$%d\r\n%s\r\n", len(word), word)
	}
	return wire
}

// readReply reads a reply of the second version of the protocol: nil, a
// string, an int64, a ReplyError or a []any of them.
func readReply(r *bufio.Reader) (any, error) {
	kind, line, err := readLine(r)
	if err != nil {
		return nil, err
	}
	switch kind {
	case '+':
		return line, nil
	case '-':
		return ReplyError(line), nil
	case ':':
		return strconv.ParseInt(line, 10, 64)
	case '$':
		return readBulk(r, line)
	case '*':
		return readArray(r, line)
	}
	return nil, fmt.Errorf("%w: a reply starts with %q", errProtocol, kind)
}

func readLine(r *bufio.Reader) (kind byte, rest string, err error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return 0, "", err
	}
	line, ok := strings.CutSuffix(line, "\r\n")
	if !ok || line == "" {
		return 0, "", fmt.Errorf("%w: line %q", errProtocol, line)
	}
	return line[0], line[1:], nil
}

func readBulk(r *bufio.Reader, length string) (any, error) {
	n, err := strconv.Atoi(length)
	if err != nil || n < 0 {
		return nil, err // -1 is how null looks
	}
	text := make([]byte, n+len("\r\n"))
	if _, err := io.ReadFull(r, text); err != nil {
		return nil, err
	}
	return string(text[:n]), nil
}

func readArray(r *bufio.Reader, length string) (any, error) {
	n, err := strconv.Atoi(length)
	if err != nil || n < 0 {
		return nil, err
	}
	items := make([]any, n)
	for i := range items {
		if items[i], err = readReply(r); err != nil {
			return nil, err
		}
	}
	return items, nil
}

// readRequest reads one request: its words, or, if it is not a list of words
// as clients send them (TLS, say), the bytes as they came.
func readRequest(r *bufio.Reader) (words []string, raw []byte, err error) {
	first, err := r.Peek(1)
	if err != nil {
		return nil, nil, err
	}
	if first[0] != '*' {
		raw = make([]byte, r.Buffered())
		_, err = io.ReadFull(r, raw)
		return nil, raw, err
	}
	request, err := readReply(r)
	if err != nil {
		return nil, nil, err
	}
	items, _ := request.([]any)
	for _, item := range items {
		word, ok := item.(string)
		if !ok {
			return nil, nil, fmt.Errorf("%w: a word of a request is %T", errProtocol, item)
		}
		words = append(words, word)
	}
	return words, command(words...), nil
}
