package words

import "strings"

// Doc is a text as the ranking sees it. It is never changed once made.
type Doc struct {
	// Stems are those of all words, in order; Wholes those of identifiers as a
	// whole, and of the language if it is code.
	Stems  []Hash
	Wholes []Hash
	// Head counts the stems at the start that say what the text is about: its
	// title, or the signature and comment of code.
	Head int
	// Title holds the stems of the title, without common words; empty if
	// there is none.
	Title []Hash
	// Speaker is the stem of the name before a leading colon; 0 if none.
	Speaker Hash
	// Asks is true if the text ends with a question.
	Asks bool
	// Dated is true if a word of the text tells when; what stands before the
	// colon of a line of a conversation does not count.
	Dated bool
}

// Doc analyses a text for ranking.
func (a *Analyzer) Doc(text string) *Doc {
	d := &Doc{Stems: make([]Hash, 0, len(text)/5+4)}
	head := headEnd(text)
	title, _ := titleOf(text)
	titleEnd := strings.Index(text, title) + len(title)
	speaker, said := speakerOf(text)
	for s := (scanner{text: text}); s.next(); {
		t := a.tokens.get(s.token())
		d.Dated = d.Dated || t.time && s.start >= said
		d.Stems = append(d.Stems, t.hashes[:t.parts]...)
		d.Wholes = append(d.Wholes, t.hashes[t.parts:]...)
		if s.end <= head {
			d.Head = len(d.Stems)
		}
		if s.end <= titleEnd && !t.stop {
			d.Title = append(d.Title, t.hashes[:t.parts]...)
		}
	}
	if l := languageOf(text); l != "" {
		d.Wholes = append(d.Wholes, HashOf(stem(l)))
	}
	d.Asks = asks(text)
	if speaker != "" {
		d.Speaker = HashOf(stem(speaker))
	}
	return d
}

// Speaker returns the first word of the name that a line of a conversation
// starts with, "Name:" or "Name (when):"; empty if text is none.
func Speaker(text string) string {
	name, _ := speakerOf(text)
	return name
}

// longestSpeaker bounds in bytes where the colon after a speaker stands.
const longestSpeaker = 80

// speakerOf returns the first word of a text that starts like a line of a
// conversation, "Name:" or "Name (when):", and where after it the line begins.
func speakerOf(text string) (name string, said int) {
	s := scanner{text: text}
	if !s.next() || s.start != 0 || !isCapital(s.token()) {
		return "", 0
	}
	name, words := s.token(), 1
	for s.next() && s.start < longestSpeaker {
		switch gap := text[s.start-1]; {
		case gap == '(':
			end := strings.Index(text[s.start:min(len(text), s.start+longestSpeaker)], "):")
			if end < 0 {
				return "", 0
			}
			return name, s.start + end
		case strings.Contains(text[:s.start], ": "):
			return name, s.start
		case gap != ' ' || !isCapital(s.token()) || words == 3:
			return "", 0
		}
		words++
	}
	return "", 0
}

// headEnd returns where the head of a text ends: with its first line if there
// are several, or with the comment right below when that line opens code; else
// at 0.
func headEnd(text string) int {
	line, rest, several := strings.Cut(text, "\n")
	if !several {
		return 0
	}
	if quote := docQuote(rest); quote != "" {
		open := len(line) + 1 + strings.Index(rest, quote) + len(quote)
		if n := strings.Index(text[open:], quote); n >= 0 {
			return open + n
		}
	}
	if len(line) > longestTitle*2 {
		return 0
	}
	return len(line)
}

// docQuote returns the mark that opens a comment right at the start of rest.
func docQuote(rest string) string {
	trimmed := strings.TrimLeft(rest, " \t\r\n")
	for _, quote := range []string{`"""`, `'''`} {
		if strings.HasPrefix(trimmed, quote) || strings.HasPrefix(trimmed, "r"+quote) {
			return quote
		}
	}
	return ""
}
