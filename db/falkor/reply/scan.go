package reply

import (
	"strconv"
	"strings"
)

// scanner reads the tokens of RESP one after the other. After the first error
// it reads nothing more, and everything is zero.
type scanner struct {
	text string
	pos  int
	err  error
}

// fail ends the reading. Where the reply holds an error of the server's, this
// is what went wrong.
func (s *scanner) fail(why string) {
	if s.err != nil {
		return
	}
	rest := s.text[s.pos:]
	switch {
	case strings.HasPrefix(rest, "-"):
		line, _, _ := strings.Cut(rest[1:], "\r\n")
		s.err = &ServerError{Text: strings.Clone(line)}
	case strings.HasPrefix(rest, "!"):
		length, body, _ := strings.Cut(rest[1:], "\r\n")
		n, err := strconv.Atoi(length)
		if err != nil || n < 0 || n > len(body) {
			n = len(body)
		}
		s.err = &ServerError{Text: strings.Clone(body[:n])}
	default:
		s.err = &FormatError{At: s.pos, Why: why}
	}
}

// number reads the number of a line that begins with mark: an integer, or how
// long something is.
func (s *scanner) number(mark byte) int64 {
	text, i := s.text, s.pos
	if s.err != nil || i == len(text) || text[i] != mark {
		s.fail("expected '" + string(mark) + "'")
		return 0
	}
	n := int64(0)
	for i++; i < len(text) && text[i]-'0' <= 9; i++ {
		n = n*10 + int64(text[i]-'0')
	}
	// What is negative, or so long that it may overflow, is rare.
	if digits := i - s.pos - 1; digits < 1 || digits > 18 || !endsLine(text[i:]) {
		return s.longNumber()
	}
	s.pos = i + 2
	return n
}

func (s *scanner) longNumber() int64 {
	line, _, ok := strings.Cut(s.text[s.pos+1:], "\r\n")
	n, err := strconv.ParseInt(line, 10, 64)
	if !ok || err != nil {
		s.fail("not a number")
		return 0
	}
	s.pos += 1 + len(line) + 2
	return n
}

func endsLine(text string) bool { return len(text) >= 2 && text[:2] == "\r\n" }

// count reads how many elements an array has. Each takes at least size bytes,
// so that there cannot be more than the rest of the reply has room for.
func (s *scanner) count(size int) int {
	start := s.pos
	n := s.number('*')
	if n < 0 || n > int64((len(s.text)-s.pos)/size) {
		s.pos = start
		s.fail("array too long for its reply")
		return 0
	}
	return int(n)
}

// array reads the beginning of an array of n elements.
func (s *scanner) array(n int64) {
	start := s.pos
	if s.number('*') != n {
		s.pos = start
		s.fail("array of unexpected length")
	}
}

// bulk reads a string, and returns where it is.
func (s *scanner) bulk() (start, end int) {
	at := s.pos
	n := s.number('$')
	if s.err != nil || n < 0 || n > int64(len(s.text)-s.pos-2) {
		s.pos = at
		s.fail("string too long for its reply")
		return 0, 0
	}
	start, end = s.pos, s.pos+int(n)
	if !endsLine(s.text[end:]) {
		s.fail("string without an end")
		return 0, 0
	}
	s.pos = end + 2
	return start, end
}

// line reads what follows mark in its line, if a line begins so.
func (s *scanner) line(mark byte) (string, bool) {
	if s.err != nil || s.pos == len(s.text) || s.text[s.pos] != mark {
		return "", false
	}
	start := s.pos + 1
	n := strings.IndexByte(s.text[start:], '\r')
	if n < 0 || !endsLine(s.text[start+n:]) {
		return "", false
	}
	s.pos = start + n + 2
	return s.text[start : start+n], true
}

// null reads nothing, as both protocols write it.
func (s *scanner) null() {
	for _, null := range []string{"_\r\n", "$-1\r\n"} {
		if strings.HasPrefix(s.text[s.pos:], null) {
			s.pos += len(null)
			return
		}
	}
	s.fail("expected null")
}
