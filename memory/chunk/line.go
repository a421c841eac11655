package chunk

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// shortLine is the length in bytes below which a line was ended on purpose,
// and not because it was full.
const shortLine = 40

// lineKind is the kind at i, where a line starts.
func (s *source) lineKind(i int, code bool) kind {
	blank := s.afterBlankLine(i)
	if code {
		return s.codeLineKind(i, blank)
	}
	rest := s.text[i:min(len(s.text), i+lookback)]
	switch {
	case rest[0] == '\n' || rest[0] == '\r':
		// Blank lines stay with what they end: the last of them is the place.
		return line
	case headed(rest):
		return section
	case s.afterHeading(i):
		return wrap
	case blank:
		return paragraph
	case s.wrapped(i, rest):
		return wrap
	}
	return line
}

// afterBlankLine says whether the line before i has nothing but blanks.
func (s *source) afterBlankLine(i int) bool {
	low := max(0, i-lookback)
	before := strings.TrimSuffix(s.text[low:i], "\n")
	before = strings.TrimSuffix(before, "\r")
	before = strings.TrimRight(before, " \t")
	return strings.HasSuffix(before, "\n") || strings.HasSuffix(before, "\r")
}

// headed recognizes a Markdown heading.
func headed(rest string) bool {
	title := strings.TrimLeft(rest, "#")
	level := len(rest) - len(title)
	return level >= 1 && level <= 6 && strings.HasPrefix(title, " ")
}

// afterHeading says whether the last line before i that is not blank is a
// heading: it is not to be left without the text it heads.
func (s *source) afterHeading(i int) bool {
	low := max(0, i-4*lookback)
	before := strings.TrimRight(s.text[low:i], " \t\r\n")
	start := strings.LastIndexAny(before, "\r\n") + 1
	return (start > 0 || low == 0) && headed(before[start:])
}

// wrapped says whether the line end before i is there only because the line
// was full: the sentence goes on in small letters.
func (s *source) wrapped(i int, rest string) bool {
	next, _ := utf8.DecodeRuneInString(rest)
	if !unicode.IsLower(next) {
		return false
	}
	low := max(0, i-lookback)
	before := strings.TrimRight(s.text[low:i], " \t\r\n")
	if low+len(before) < shortLine || strings.ContainsAny(before[max(0, len(before)-shortLine):], "\r\n") {
		return false
	}
	last, _ := utf8.DecodeLastRuneInString(before)
	return last == ',' || last == '-' || unicode.IsLetter(last) || unicode.IsDigit(last)
}
