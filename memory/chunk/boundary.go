package chunk

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind is how strongly a text is divided at a place. The order counts.
type kind uint8

const (
	none      kind = iota // within a word
	joint                 // after punctuation that no blank follows
	word                  // between words
	clause                // after a comma, a colon, a semicolon
	wrap                  // at a line end in the middle of a sentence
	sentence              // after a sentence
	line                  // at a line end
	paragraph             // after a blank line; at top-level lines in code
	section               // before a heading or a top-level block of code
)

// lookback bounds how many bytes are read around a place, so that finding its
// kind takes the same time wherever it is.
const lookback = 64

// mayCut tells the bytes after which kindAt can find a boundary. Those of
// runes beyond ASCII are all in it.
var mayCut = func() (t [256]bool) {
	for _, b := range []byte(" \t\r\n,;)}]>/&|") {
		t[b] = true
	}
	for b := utf8.RuneSelf; b < len(t); b++ {
		t[b] = true
	}
	return t
}()

// kindAt returns the kind of boundary at i, where 0 < i < len(text). In fenced
// code the rules for code hold.
func (s *source) kindAt(i int, fenced bool) kind {
	code := s.code || fenced
	switch b := s.text[i-1]; b {
	case '\n':
		return s.lineKind(i, code)
	case '\r':
		if s.text[i] == '\n' {
			return none
		}
		return s.lineKind(i, code)
	case ' ', '\t':
		return s.blankKind(i, code)
	default:
		if b >= utf8.RuneSelf {
			return s.wideKind(i, code)
		}
		next, _ := utf8.DecodeRuneInString(s.text[i:])
		switch {
		case ideograph(next):
			return word
		case mayCut[b] && parts(rune(b), next):
			return joint
		}
		return none
	}
}

// parts says whether a word may be parted between the punctuation mark last
// and next.
func parts(last, next rune) bool {
	switch {
	case isBlank(next) || next < utf8.RuneSelf && next != '/' && mayCut[byte(next)]:
		return false
	case last == ',' || last == ';':
		return true // a quotation mark behind it is an opening one
	}
	return !closer(next)
}

// blankKind is the kind after a blank. The boundary is where a run of blanks
// ends; the blanks that indent a line belong to it.
func (s *source) blankKind(i int, code bool) kind {
	next, _ := utf8.DecodeRuneInString(s.text[i:])
	if isBlank(next) {
		return none
	}
	low := max(0, i-lookback)
	j := low + len(strings.TrimRightFunc(s.text[low:i], isSpace))
	if j == low {
		return word
	}
	last, _ := utf8.DecodeLastRuneInString(s.text[low:j])
	if isNewline(last) {
		return none
	}
	switch {
	case endsClause(last):
		return clause
	case !endsSentence(s.text[low:j], next):
		return word
	case code:
		return clause // half a line, whatever stands there
	}
	return sentence
}

// wideKind is the kind after a rune beyond ASCII. Ideographs are words, and
// their punctuation ends sentences without a blank.
func (s *source) wideKind(i int, code bool) kind {
	last, size := utf8.DecodeLastRuneInString(s.text[:i])
	next, _ := utf8.DecodeRuneInString(s.text[i:])
	switch {
	case ideograph(last):
		if ideograph(next) || next < utf8.RuneSelf && (unicode.IsLetter(next) || unicode.IsDigit(next)) {
			return word
		}
		return none
	case isSpace(last):
		return s.blankKind(i, code)
	case isBlank(next) || closer(next) || wideStop(next) || wideComma(next):
		return none
	case closer(last):
		last, _ = utf8.DecodeLastRuneInString(s.text[:i-size])
	}
	switch {
	case wideStop(last):
		return sentence
	case wideComma(last):
		return clause
	}
	return none
}

func isNewline(r rune) bool { return r == '\n' || r == '\r' }

// isSpace says whether r is blank but ends no line. A no-break space is a part
// of its word.
func isSpace(r rune) bool {
	switch r {
	case ' ', '\t', '\v', '\f', 0x1680, 0x2028, 0x2029, 0x205F, 0x3000:
		return true
	}
	return r >= 0x2000 && r <= 0x200A && r != 0x2007
}

func isBlank(r rune) bool { return isSpace(r) || isNewline(r) }

// closer says whether r belongs to what stands before it.
func closer(r rune) bool {
	switch r {
	case '"', '\'', ')', ']', '}', '”', '’', '»', '」', '』', '）', '】', '》', '〉', '〕', '］', '｝':
		return true
	}
	return false
}

// ideograph says whether a line may be broken on either side of r: Han and
// kana, without the marks and small kana that cling to what stands before.
func ideograph(r rune) bool {
	switch {
	case r < 0x3041:
		return false
	case r <= 0x30FF:
		return !clinging(r)
	}
	return r >= 0x3400 && r <= 0x4DBF || r >= 0x4E00 && r <= 0x9FFF ||
		r >= 0xF900 && r <= 0xFAFF || r >= 0x20000 && r <= 0x323AF
}

// clinging tells the kana that do not begin a line.
func clinging(r rune) bool {
	switch r {
	case 'ぁ', 'ぃ', 'ぅ', 'ぇ', 'ぉ', 'っ', 'ゃ', 'ゅ', 'ょ', 'ゎ', 'ゕ', 'ゖ',
		'ァ', 'ィ', 'ゥ', 'ェ', 'ォ', 'ッ', 'ャ', 'ュ', 'ョ', 'ヮ', 'ヵ', 'ヶ',
		'・', 'ー', 'ヽ', 'ヾ', 'ゝ', 'ゞ', 0x3099, 0x309A, 0x309B, 0x309C:
		return true
	}
	return false
}
