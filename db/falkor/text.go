package falkor

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// FalkorDB's strings hold no NUL: it would cut the query short. In what is
// stored, it is written as escape and a zero, and escape twice.
const (
	escape = "\x1a"
	zero   = escape + "0"
)

func stored(text string) string {
	if !strings.ContainsAny(text, "\x00"+escape) {
		return text
	}
	return strings.NewReplacer(escape, escape+escape, "\x00", zero).Replace(text)
}

func restored(text string) string {
	if !strings.Contains(text, escape) {
		return text
	}
	return strings.NewReplacer(escape+escape, escape, zero, "\x00").Replace(text)
}

func storedAll(texts []string) []string {
	all := make([]string, len(texts))
	for i, t := range texts {
		all[i] = stored(t)
	}
	return all
}

// longestToken bounds a token in bytes: an index finds nothing longer than
// 4,096, and terms are far shorter.
const longestToken = 1024

// token spells a term so that the full-text index keeps it as it is and no
// query language sees more in it than a word: letters and digits stand for
// themselves, any other byte is written as an underscore and two digits. Terms
// that differ have tokens that differ.
func token(term string) string {
	var b strings.Builder
	for i, r := range term {
		n := utf8.RuneLen(r)
		if r == utf8.RuneError {
			_, n = utf8.DecodeRuneInString(term[i:])
		}
		if r != utf8.RuneError && (unicode.IsLetter(r) && (r < 'A' || r > 'Z') || unicode.IsDigit(r)) {
			b.WriteRune(r)
			continue
		}
		for _, c := range []byte(term[i : i+n]) {
			const hex = "0123456789abcdef"
			b.Write([]byte{'_', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()[:min(b.Len(), longestToken)]
}

// tokens joins the tokens of terms, each once, with blanks.
func tokens(terms []string) string {
	var b strings.Builder
	seen := make(map[string]bool, len(terms))
	for _, term := range terms {
		if seen[term] {
			continue
		}
		seen[term] = true
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(token(term))
	}
	return b.String()
}
