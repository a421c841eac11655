// Package excerpt cuts out of a text what answers a question, and says where
// the words of the question stand in it.
package excerpt

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"zapomni/memory/words"
)

// Span is a part of a text, in bytes.
type Span struct{ Start, End int }

// Finder finds the words of a question in texts, inflected as they may be.
type Finder struct {
	analyzer *words.Analyzer
	wanted   map[string]bool // terms
}

// New returns a finder of the words of a question. Common words count only if
// there are no others.
func New(question string) Finder {
	f := Finder{analyzer: new(words.Analyzer), wanted: map[string]bool{}}
	for _, t := range f.analyzer.Query(question).Terms {
		f.wanted[t.Term] = true
	}
	return f
}

// Marks returns where the words stand in text, in order and apart.
func (f Finder) Marks(text string) []Span {
	var marks []Span
	for at := 0; at < len(text); {
		word := wordAt(text, at)
		if word.Start == word.End {
			break
		}
		at = word.End
		if first, _ := utf8.DecodeRuneInString(text[word.Start:]); !spaced(first) {
			marks = append(marks, f.pairs(text, word)...)
		} else if f.wants(text[word.Start:word.End]) {
			marks = append(marks, word)
		}
	}
	return marks
}

func (f Finder) wants(word string) bool {
	for _, t := range f.analyzer.Terms(word) {
		if f.wanted[t] {
			return true
		}
	}
	return false
}

// pairs marks words in a script that sets no blanks between them, which are
// sought by pairs of characters.
func (f Finder) pairs(text string, word Span) []Span {
	var marks []Span
	_, n := utf8.DecodeRuneInString(text[word.Start:])
	for at := word.Start; at+n < word.End; {
		_, next := utf8.DecodeRuneInString(text[at+n:])
		pair := Span{at, at + n + next}
		switch last := len(marks) - 1; {
		case !f.wants(text[pair.Start:pair.End]):
		case last >= 0 && marks[last].End >= pair.Start:
			marks[last].End = pair.End
		default:
			marks = append(marks, pair)
		}
		at, n = at+n, next
	}
	return marks
}

// spaced tells whether a letter belongs to a script that sets blanks between
// its words.
func spaced(r rune) bool {
	return !unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// wordAt finds the first word at or after a place; it is empty if there is
// none.
func wordAt(text string, at int) Span {
	start := strings.IndexFunc(text[at:], inWord)
	if start < 0 {
		return Span{len(text), len(text)}
	}
	start += at
	n := strings.IndexFunc(text[start:], func(r rune) bool { return !inWord(r) && r != '\'' && r != '’' && r != '-' })
	if n < 0 {
		return Span{start, len(text)}
	}
	return Span{start, start + n}
}

func inWord(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

// How long an excerpt is at most, and what of it stands before the first word
// that was asked for, in bytes.
const (
	excerptLength = 280
	leadLength    = 60
)

// Excerpt returns the part of a line in which most of the words stand, with
// dots where it was cut, and where the words stand in it.
func (f Finder) Excerpt(line string) (string, []Span) {
	marks := f.Marks(line)
	if len(line) <= excerptLength {
		return line, marks
	}
	start := 0
	most := 0
	for i, m := range marks {
		n := 0
		for n < len(marks)-i && marks[i+n].End <= m.Start+excerptLength-leadLength {
			n++
		}
		if n > most {
			most, start = n, m.Start-leadLength
		}
	}
	part := window(line, start)
	shown := line[part.Start:part.End]
	if part.Start > 0 {
		shown = "… " + shown
	}
	if part.End < len(line) {
		shown += " …"
	}
	return shown, f.Marks(shown)
}

// window is a part of a line that starts near a place, and cuts no words if
// it can.
func window(line string, start int) Span {
	w := Span{0, excerptLength}
	if start = min(start, len(line)-excerptLength); start > 0 {
		w = Span{start, start + excerptLength}
		if n := strings.IndexByte(line[start:start+leadLength], ' '); n >= 0 {
			w.Start += n + 1
		}
	}
	if w.End < len(line) {
		if n := strings.LastIndexByte(line[w.Start:w.End+1], ' '); n > excerptLength/2 {
			w.End = w.Start + n
		}
	}
	for w.Start < w.End && !utf8.RuneStart(line[w.Start]) {
		w.Start++
	}
	for w.End > w.Start && w.End < len(line) && !utf8.RuneStart(line[w.End]) {
		w.End--
	}
	return w
}
