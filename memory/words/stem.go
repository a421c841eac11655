package words

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kljensen/snowball/english"
	"github.com/kljensen/snowball/russian"
	"golang.org/x/text/unicode/norm"
)

// longestStemmed is the length in bytes of the longest word worth stemming;
// what is longer is no word of a language.
const longestStemmed = 40

// longestTerm bounds a term, so that a megabyte without a blank is one short
// term and not a megabyte in every index.
const longestTerm = 64

// stem reduces a part of a token to the form in which all its inflections
// meet. It is lower-case and without accents.
func stem(part string) string {
	w := fold(part)
	if len(w) > longestStemmed {
		return clipped(w)
	}
	switch {
	case strings.ContainsAny(w, "0123456789"):
		return w
	case isASCII(w):
		w = strings.ReplaceAll(w, "'", "")
		return english.Stem(cmp.Or(irregular[w], w), true)
	case unicode.Is(unicode.Cyrillic, firstRune(w)):
		return russian.Stem(w, true)
	}
	return w
}

const breve = 0x0306

// fold takes case, accents and typographic variants off a word.
func fold(w string) string {
	if isASCII(w) {
		return strings.ToLower(w)
	}
	lower := strings.ReplaceAll(strings.ToLower(spelled(w)), "ß", "ss")
	var last rune
	return norm.NFC.String(strings.Map(func(r rune) rune {
		before := last
		last = r
		switch {
		case r == breve && before == 'и':
			return r // й is a letter of its own, on which stems and common words depend
		case r == '’':
			return '\''
		case r == 'ς':
			return 'σ'
		case isAccent(r), r == ' ', r == '"':
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(lower)))
}

// spelled writes Greek letters out that stand alone or among Latin ones, as
// formulas and names of substances have them: β and beta are one.
func spelled(w string) string {
	if utf8.RuneCountInString(w) > 1 && !strings.ContainsFunc(w, isLatin) {
		return w
	}
	var b strings.Builder
	for _, r := range w {
		if name, ok := greek[unicode.ToLower(r)]; ok {
			b.WriteString(name)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func isLatin(r rune) bool { return unicode.Is(unicode.Latin, r) }

//nolint:gochecknoglobals // a constant table.
var greek = map[rune]string{
	'α': "alpha", 'β': "beta", 'γ': "gamma", 'δ': "delta", 'ε': "epsilon", 'ζ': "zeta", 'η': "eta", 'θ': "theta",
	'ι': "iota", 'κ': "kappa", 'λ': "lambda", 'μ': "mu", 'µ': "mu", 'ν': "nu", 'ξ': "xi", 'π': "pi", 'ρ': "rho",
	'σ': "sigma", 'τ': "tau", 'υ': "upsilon", 'φ': "phi", 'χ': "chi", 'ψ': "psi", 'ω': "omega",
}

// isAccent reports whether r is a mark that Latin, Greek and Cyrillic words
// are often written without.
func isAccent(r rune) bool { return 0x0300 <= r && r <= 0x036F }

func clipped(w string) string {
	if len(w) <= longestTerm {
		return w
	}
	w = w[:longestTerm]
	for !utf8.ValidString(w) && w != "" {
		w = w[:len(w)-1]
	}
	return w
}

func isASCII(w string) bool {
	for i := range len(w) {
		if w[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func firstRune(w string) rune {
	r, _ := utf8.DecodeRuneInString(w)
	return r
}
