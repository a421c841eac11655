package words

import "strings"

// Doc is a text as the ranking sees it. It is never changed once made.
type Doc struct {
	// Stems are those of all words, in order; Wholes the identifiers that
	// have several parts.
	Stems  []Hash
	Wholes []Hash
	// Names are those in the text, Leads those that it is headed by.
	Names []Name
	Leads []Name
	// Head counts the stems at the start that say what the text is about: its
	// title, the speaker of a line, the signature and comment of code.
	Head int
	// Speaker is the stem of the name before a leading colon; 0 if none.
	Speaker Hash
	// Title holds the stems of the title, without common words; empty if
	// there is none.
	Title []Hash
}

// Doc analyses a text for ranking.
func (a *Analyzer) Doc(text string) *Doc {
	d := &Doc{Stems: make([]Hash, 0, len(text)/5+4)}
	head := headEnd(text)
	title, _ := titleOf(text)
	var buf []string
	s := scanner{text: text}
	for s.next() {
		buf = a.appendStems(buf[:0], s.token())
		for _, term := range buf {
			d.term(term)
		}
		if s.end <= head {
			d.Head = len(d.Stems)
		}
		if s.end <= len(title) {
			for _, term := range buf {
				if !isStop(strings.ToLower(s.token())) && !strings.HasPrefix(term, wholeMark) {
					d.Title = append(d.Title, HashOf(term))
				}
			}
		}
	}
	for _, n := range names(text) {
		if n.lead {
			d.Leads = append(d.Leads, n.public())
		} else {
			d.Names = append(d.Names, n.public())
		}
	}
	if l := languageOf(text); l != "" {
		d.Wholes = append(d.Wholes, HashOf(a.stems.of(l)))
	}
	if speaker := speakerOf(text); speaker != "" {
		d.Speaker = HashOf(a.stems.of(speaker))
	}
	return d
}

func (d *Doc) term(term string) {
	if whole, ok := strings.CutPrefix(term, wholeMark); ok {
		d.Wholes = append(d.Wholes, HashOf(whole))
		return
	}
	d.Stems = append(d.Stems, HashOf(term))
}

// longestSpeaker bounds in bytes where the colon after a speaker stands.
const longestSpeaker = 80

// speakerOf returns the first word of a text that starts like a line of a
// conversation: "Name:" or "Name (when):".
func speakerOf(text string) string {
	s := scanner{text: text}
	if !s.next() || s.start != 0 || !isCapital(s.token()) {
		return ""
	}
	name, words := s.token(), 1
	for s.next() && s.start < longestSpeaker {
		switch gap := text[s.start-1]; {
		case gap == '(':
			end := strings.Index(text[s.start:min(len(text), s.start+longestSpeaker)], "):")
			if end < 0 {
				return ""
			}
			return name
		case strings.Contains(text[:s.start], ": "):
			return name
		case gap != ' ' || !isCapital(s.token()) || words == 3:
			return ""
		}
		words++
	}
	return ""
}

// headEnd returns where the head of a text ends: with its first line if there
// are several, and the comment right below when that line opens code; with
// the colon after a speaker; else at 0.
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
