package words

import (
	"strings"
	"unicode"
)

// name is a run of capitalised words in a text, or its title.
type name struct {
	key  string // folded words joined by '_'
	lead bool   // the text is headed by it
}

func (n name) public() Name { return Name{Key: n.key, Hash: HashOf(n.key)} }

// Name is a name in a text, without regard to case, accents and articles.
type Name struct {
	Key  string // its words, joined by '_'
	Hash Hash
}

// LeadTerm is the index term of texts that are headed by the name.
func (n Name) LeadTerm() string { return leadMark + n.Key }

// String is the name as one reads it, in lower case.
func (n Name) String() string { return strings.ReplaceAll(n.Key, "_", " ") }

// Marks that start the terms of names.
const (
	nameMark = "@" // the text has the name
	leadMark = "^" // the text is headed by the name
)

func (n name) term() string {
	if n.lead {
		return leadMark + n.key
	}
	return nameMark + n.key
}

const (
	longestTitle   = 120 // bytes: a longer first line is prose
	longestName    = 10  // words
	mostNames      = 48  // of one text
	longestNameKey = longestTerm * 2
)

// names finds the names of a text by their capitals, each once: what it is
// headed by first, then the others in order. A single capitalised word that
// starts a sentence is taken for a name only at the head of the text.
func names(text string) []name {
	c := nameCollector{seen: make(map[name]bool)}
	title, titled := titleOf(text)
	if titled && isNameLike(title) {
		c.add(title, true)
	}
	headed := !titled && speakerOf(text) == ""
	for run := range capitalRuns(text) {
		c.run(run, headed && run.leading && len(run.words) > 1)
		if len(c.names) >= mostNames {
			break
		}
	}
	return c.names
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

type nameCollector struct {
	names []name
	seen  map[name]bool
}

func (c *nameCollector) run(r capitalRun, lead bool) {
	if len(r.words) == 1 && r.starts && !lead {
		return
	}
	c.addWords(r.words, lead)
}

func (c *nameCollector) add(text string, lead bool) {
	var ws []string
	s := scanner{text: text}
	for s.next() {
		ws = append(ws, withoutPossessive(s.token()))
	}
	c.addWords(ws, lead)
}

func (c *nameCollector) addWords(ws []string, lead bool) {
	folded := make([]string, len(ws))
	for i, w := range ws {
		folded[i] = strings.ReplaceAll(fold(w), "_", "")
	}
	if len(folded) > 0 && isArticle(folded[0]) {
		folded = folded[1:]
	}
	key := strings.Join(folded, "_")
	if len(key) < 2 || len(key) > longestNameKey || len(folded) == 1 && isStop(key) {
		return
	}
	c.keep(name{key: key})
	if lead {
		c.keep(name{key: key, lead: true})
	}
}

func (c *nameCollector) keep(n name) {
	if !c.seen[n] {
		c.seen[n] = true
		c.names = append(c.names, n)
	}
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
