package chunk

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// endsSentence says whether a sentence ends with before, when blanks and then
// next follow. In doubt it does not: a missed end costs little.
func endsSentence(before string, next rune) bool {
	if unicode.IsLower(next) {
		return false // "e.g. this", "Really?" he said
	}
	last, size := utf8.DecodeLastRuneInString(before)
	for range 3 {
		if !closer(last) {
			break
		}
		before = before[:len(before)-size]
		last, size = utf8.DecodeLastRuneInString(before)
	}
	switch last {
	case '!', '?', '…', '؟', '۔', '।', '॥':
		return true
	case '.':
		return !abbreviated(before[:len(before)-1])
	}
	return wideStop(last)
}

// endsClause says whether last, with blanks behind it, divides a sentence.
func endsClause(last rune) bool {
	switch last {
	case ',', ';', ':', '—', '–', '،', '؛':
		return true
	}
	return wideComma(last)
}

// wideStop and wideComma tell the full-width punctuation, which divides with
// no blank behind it.
func wideStop(r rune) bool { return r == '。' || r == '！' || r == '？' || r == '．' || r == '｡' }

func wideComma(r rune) bool { return r == '、' || r == '，' || r == '；' || r == '：' }

// abbreviated says whether the full stop behind before belongs to a short form,
// an initial or the number of a list, and ends nothing.
func abbreviated(before string) bool {
	inDotted := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '.' }
	start := strings.LastIndexFunc(before, inDotted)
	if start >= 0 {
		_, size := utf8.DecodeRuneInString(before[start:])
		start += size
	} else {
		start = 0
	}
	token := before[start:]
	if token == "" || strings.HasSuffix(token, ".") {
		return false // after a bracket, or an ellipsis
	}
	letters := utf8.RuneCountInString(token)
	first, _ := utf8.DecodeRuneInString(token)
	switch {
	case unicode.IsDigit(first):
		return letters <= 3 && (start == 0 || before[start-1] == '\n')
	case letters == 1:
		return unicode.IsUpper(first) || token == "г" || token == "p"
	case strings.Contains(token, "."):
		return dottedLetters(token)
	}
	return letters <= 6 && isShortForm(strings.ToLower(token))
}

// dottedLetters recognizes "e.g", "U.S", "a.m", "т.е": single letters between
// full stops.
func dottedLetters(token string) bool {
	for part := range strings.SplitSeq(token, ".") {
		if utf8.RuneCountInString(part) != 1 {
			return false
		}
	}
	return true
}

// isShortForm lists the short forms that stand before a capital or a number.
func isShortForm(token string) bool {
	switch token {
	case "mr", "mrs", "ms", "dr", "prof", "sr", "jr", "st", "mt", "rev", "hon", "gen", "col", "lt",
		"capt", "sgt", "sen", "rep", "gov", "pres", "messrs", "mme", "mlle",
		"vs", "cf", "viz", "approx", "ca", "no", "nos", "nr", "vol", "pp", "fig", "figs", "eq", "ch", "sec",
		"ed", "eds", "al", "art", "inc", "ltd", "co", "corp", "dept", "est", "ave", "blvd", "tel", "ext",
		"jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec",
		"bzw", "ул", "им", "см", "стр", "тел", "гг":
		return true
	}
	return false
}
