package words

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// scanner cuts a text into tokens: runs of letters, digits, marks and
// underscores, with apostrophes and hyphens inside words. A run in a script
// without blanks and one in another script are two tokens.
type scanner struct {
	text       string
	start, end int // of the token
}

// next moves to the next token, and says whether there is one.
func (s *scanner) next() bool {
	i := s.end
	for i < len(s.text) {
		r, n := decode(s.text[i:])
		if isWord(r) {
			break
		}
		i += n
	}
	s.start, s.end = i, i
	if i == len(s.text) {
		return false
	}
	first, n := decode(s.text[i:])
	cjk := isCJK(first)
	for n > 0 {
		s.end += n
		n = s.more(cjk)
	}
	return true
}

// more returns the length of the character at the end of the token if it
// belongs to it too, else 0.
func (s *scanner) more(cjk bool) int {
	rest := s.text[s.end:]
	if rest == "" {
		return 0
	}
	r, n := decode(rest)
	if isWord(r) && (isCJK(r) == cjk || unicode.IsMark(r)) {
		return n
	}
	if !cjk && isJoiner(r) && (letterAfter(rest[n:]) || isHyphen(r) && s.endsInLetter() && digitAfter(rest[n:])) {
		return n
	}
	return 0
}

// endsInLetter reports whether the token does so far: IL-6 is one name, and 5-7
// two numbers.
func (s *scanner) endsInLetter() bool {
	r, _ := utf8.DecodeLastRuneInString(s.token())
	return unicode.IsLetter(r)
}

// token returns the current token as it stands in the text.
func (s *scanner) token() string { return s.text[s.start:s.end] }

func decode(s string) (rune, int) {
	if s[0] < utf8.RuneSelf {
		return rune(s[0]), 1
	}
	return utf8.DecodeRuneInString(s)
}

func isWord(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_'
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

// isJoiner reports whether r, between a word character and a letter of a script
// with blanks, keeps them together.
func isJoiner(r rune) bool { return isHyphen(r) || isApostrophe(r) }

func isHyphen(r rune) bool { return r == '-' || r == '‐' || r == '‑' }

func isApostrophe(r rune) bool { return r == '\'' || r == '’' }

func isSeparator(r rune) bool { return r == '_' || isHyphen(r) }

func letterAfter(s string) bool {
	if s == "" {
		return false
	}
	r, _ := decode(s)
	return unicode.IsLetter(r) && !isCJK(r)
}

func digitAfter(s string) bool { return s != "" && '0' <= s[0] && s[0] <= '9' }

// parts gives the parts of a token: of an identifier its words, of a run in a
// script without blanks its pairs of characters, of anything else itself. A
// possessive ending is dropped, as is the plural of an abbreviation, and the marks
// that join the parts.
func parts(token string, yield func(string)) {
	if isCJK(firstRune(token)) {
		pairs(norm.NFKC.String(token), yield)
		return
	}
	for len(token) > 0 {
		if r, n := decode(token); isSeparator(r) {
			token = token[n:]
			continue
		}
		n := partLen(token)
		if part := strings.TrimFunc(withoutEnding(token[:n]), isApostrophe); part != "" {
			yield(part)
		}
		token = token[n:]
	}
}

// partLen is the length of the first part of an identifier: up to an
// underscore or hyphen, from lower case or a digit to upper case, and before the last
// capital of a run that a lower-case letter follows.
func partLen(token string) int {
	var before, last rune
	lastAt := 0
	for i, r := range token {
		switch {
		case isSeparator(r):
			return i
		case i > 0 && unicode.IsUpper(r) && (unicode.IsLower(last) || unicode.IsDigit(last)):
			return i
		case unicode.IsLower(r) && unicode.IsUpper(last) && unicode.IsUpper(before) && !endsPlural(token[i:]):
			return lastAt
		}
		before, last, lastAt = last, r, i
	}
	return len(token)
}

// endsPlural reports whether the s that rest starts with is the last letter of
// its word: after capitals, that of URLs.
func endsPlural(rest string) bool {
	if rest[0] != 's' {
		return false
	}
	r, _ := utf8.DecodeRuneInString(rest[1:])
	return !unicode.IsLetter(r) && !unicode.IsDigit(r)
}

func withoutPossessive(part string) string {
	for _, ending := range []string{"'s", "’s", "'S", "’S"} {
		if cut, ok := strings.CutSuffix(part, ending); ok {
			return cut
		}
	}
	return part
}

func withoutEnding(part string) string {
	part = withoutPossessive(part)
	if cut, ok := strings.CutSuffix(part, "s"); ok && len(cut) > 1 && !strings.ContainsFunc(cut, isNoCapital) {
		return cut
	}
	return part
}

func isNoCapital(r rune) bool { return !unicode.IsUpper(r) }

// joined is the token with neither case nor marks: parse_url, parseURL and
// parseUrl are one.
func joined(token string) string {
	var b strings.Builder
	parts(token, func(part string) { b.WriteString(fold(part)) })
	return b.String()
}

// isCJK reports whether r is of a script without blanks. The marks that kana
// share, like that of a long vowel, are of no script to Unicode.
func isCJK(r rune) bool {
	return r >= 0x0E00 && (r >= 0x3000 && r <= 0x30FF || r >= 0xFF66 && r <= 0xFF9F ||
		unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar))
}

// pairs gives each two characters that stand side by side, or the only one.
func pairs(token string, yield func(string)) {
	_, n := decode(token)
	if n == len(token) {
		yield(token)
		return
	}
	for i := 0; i+n < len(token); {
		_, m := decode(token[i+n:])
		yield(token[i : i+n+m])
		i, n = i+n, m
	}
}
