package words

import (
	"slices"
	"strings"
	"unicode"
)

// Name is a run of capitalised words in a text, or its title, without regard to
// case, accents and articles: its words, folded and joined by '_'.
type Name string

// String is the name as one reads it, in lower case.
func (n Name) String() string { return strings.ReplaceAll(string(n), "_", " ") }

const (
	longestTitle   = 120 // bytes: a longer first line is prose
	longestName    = 10  // words
	mostNames      = 48  // of one text
	longestNameKey = 128 // bytes
)

// Names finds the names in a text by their capitals, each once, in order. A
// single capitalised word that starts a sentence is not taken for one, as any
// word may stand there; a title that names a thing is.
func Names(text string) []Name {
	var all []Name
	if title, ok := titleOf(text); ok && isNameLike(title) {
		all = appendName(all, wordsOf(title))
	}
	for run := range capitalRuns(text) {
		if len(run.words) > 1 || !run.starts {
			all = appendName(all, run.words)
		}
		if len(all) >= mostNames {
			break
		}
	}
	return all
}

// Leads finds the name that a text is headed by: its title, or the name that
// it opens with. What is said in a conversation is not headed by who says it.
func Leads(text string) []Name {
	if title, ok := titleOf(text); ok {
		if !isNameLike(title) {
			return nil
		}
		return appendName(nil, wordsOf(title))
	}
	if speaker, _ := speakerOf(text); speaker != "" {
		return nil
	}
	for run := range capitalRuns(text) {
		if run.leading && len(run.words) > 1 {
			return appendName(nil, run.words)
		}
		break
	}
	return nil
}

// titleOf returns the first line of a text of several lines, if it is short,
// without what it has in brackets at its end.
func titleOf(text string) (string, bool) {
	line, rest, several := strings.Cut(text, "\n")
	if !several || len(line) > longestTitle || strings.TrimSpace(rest) == "" {
		return "", false
	}
	return withoutBracket(strings.TrimSpace(line)), true
}

// isNameLike reports whether a title names a thing rather than makes a
// statement of it.
func isNameLike(title string) bool {
	return !strings.HasSuffix(title, ".") && strings.Count(title, " ") < longestName
}

func withoutBracket(s string) string {
	if at := strings.LastIndexByte(s, '('); at > 0 && strings.HasSuffix(s, ")") {
		return strings.TrimSpace(s[:at])
	}
	return s
}

func wordsOf(title string) []string {
	var ws []string
	for s := (scanner{text: title}); s.next(); {
		ws = append(ws, withoutPossessive(s.token()))
	}
	return ws
}

// appendName appends the name that words make, if they do and it is not there.
func appendName(all []Name, words []string) []Name {
	folded := make([]string, len(words))
	for i, w := range words {
		folded[i] = strings.ReplaceAll(fold(w), "_", "")
	}
	if len(folded) > 0 && isArticle(folded[0]) {
		folded = folded[1:]
	}
	n := Name(strings.Join(folded, "_"))
	if len(n) < 2 || len(n) > longestNameKey || len(folded) == 1 && isStop(string(n)) || slices.Contains(all, n) {
		return all
	}
	return append(all, n)
}

func isArticle(w string) bool { return w == "the" || w == "a" || w == "an" }

// capitalRun is a run of capitalised words with small connecting words inside.
type capitalRun struct {
	words   []string
	starts  bool // it starts a sentence
	leading bool // nothing stands before it in the text
}

// capitalRuns gives the runs of a text in order.
func capitalRuns(text string) func(yield func(capitalRun) bool) {
	return func(yield func(capitalRun) bool) {
		b := runBuilder{yield: yield, sentence: true, leading: true}
		s := scanner{text: text}
		for last := 0; s.next(); last = s.end {
			if !b.token(s.token(), text[last:s.start]) {
				return
			}
		}
		b.flush()
	}
}

type runBuilder struct {
	yield    func(capitalRun) bool
	run      capitalRun
	small    []string // connecting words that may turn out to be inside
	sentence bool     // the next token starts a sentence
	leading  bool     // no token has been seen
}

// token takes the next token and what stands between it and the last one. It
// says whether to go on.
func (b *runBuilder) token(token, gap string) bool {
	if n := len(b.run.words); n > 0 && endsName(gap, b.run.words[n-1]) {
		if !b.flush() {
			return false
		}
	}
	b.sentence = b.sentence || strings.ContainsAny(gap, ".!?\n:\"“")
	defer func() { b.sentence, b.leading = false, false }()
	switch word := withoutPossessive(token); {
	case isCapital(word):
		return b.capital(word)
	case len(b.run.words) > 0 && len(b.small) < 3 && isConnector(word):
		b.small = append(b.small, word)
		return true
	default:
		return b.flush()
	}
}

func (b *runBuilder) capital(word string) bool {
	if len(b.run.words) == 0 {
		b.run.starts, b.run.leading = b.sentence, b.leading
		if b.sentence && isStop(fold(word)) && !isArticle(fold(word)) {
			return true // "When Anna ...": the name starts after it
		}
	}
	if len(b.run.words)+len(b.small) >= longestName {
		return b.flush()
	}
	b.run.words = append(append(b.run.words, b.small...), word)
	b.small = b.small[:0]
	return true
}

func (b *runBuilder) flush() bool {
	r := b.run
	b.run, b.small = capitalRun{}, b.small[:0]
	return len(r.words) == 0 || b.yield(r)
}

// endsName reports whether no name goes on over gap. A full stop ends it
// unless it belongs to an initial or a short title.
func endsName(gap, last string) bool {
	if strings.Trim(gap, " ") == "." {
		return len(last) > 2
	}
	return strings.ContainsAny(gap, ".,;:!?()[]{}\"“”\n\r\t|/=<>")
}

func isCapital(word string) bool {
	r := firstRune(word)
	return unicode.IsUpper(r) || unicode.IsTitle(r)
}

func isConnector(word string) bool {
	switch word {
	case "of", "the", "de", "la", "le", "du", "des", "da", "di", "do", "dos", "von", "van", "der", "den", "del", "and",
		"al", "el", "bin", "ibn", "ben", "for", "in", "on", "to", "at", "y", "e", "et", "und", "zu":
		return true
	}
	return len(word) > 0 && '0' <= word[0] && word[0] <= '9'
}
