package chunk

import (
	"unicode"
	"unicode/utf8"
)

// longestCharacter bounds how many bytes are taken for one visible character,
// so that a text of accents alone does not make the search for its start slow.
const longestCharacter = 128

const zeroWidthJoiner = 0x200D

// wholeCharacter returns the last place up to i that does not part what is
// seen as one character; i if there is none near enough. Both are at a rune,
// and whole, before them, is a place that parts no character.
func wholeCharacter(text string, whole, i int) int {
	low := max(whole+1, i-longestCharacter)
	for at := i; at >= low; {
		if !joined(text, whole, at) {
			return at
		}
		_, size := utf8.DecodeLastRuneInString(text[:at])
		at -= size
	}
	return i
}

// joined says whether the runes before and after i are seen as one character,
// given a place before i that parts none. It knows the common joints, not all
// of Unicode's.
func joined(text string, whole, i int) bool {
	if i <= 0 || i >= len(text) || text[i] < utf8.RuneSelf && text[i] != '\n' {
		return false
	}
	next, _ := utf8.DecodeRuneInString(text[i:])
	if ideograph(next) {
		return false
	}
	last, _ := utf8.DecodeLastRuneInString(text[:i])
	switch {
	case last == '\r':
		return next == '\n'
	case last == '\n' || next == '\n':
		return false
	case next == zeroWidthJoiner, unicode.Is(unicode.M, next):
		return true
	case next >= 0x1F3FB && next <= 0x1F3FF: // skin
		return true
	case next >= 0xE0020 && next <= 0xE007F: // flags of regions
		return true
	case next >= 0x1160 && next <= 0x11FF: // the rest of a Korean syllable
		return true
	case last == zeroWidthJoiner:
		return next >= 0x2190
	case regional(next) && regional(last):
		return regionalAtEnd(text[whole:i])%2 == 1
	}
	return false
}

// regional says whether r is one half of a flag.
func regional(r rune) bool { return r >= 0x1F1E6 && r <= 0x1F1FF }

// regionalAtEnd counts the regional runes that s ends with.
func regionalAtEnd(s string) int {
	n := 0
	for {
		r, size := utf8.DecodeLastRuneInString(s)
		if !regional(r) {
			return n
		}
		s = s[:len(s)-size]
		n++
	}
}
