package chunk

import "unicode/utf8"

// overlap returns where the piece after to starts, given that the new text of
// the piece before started at from: at the first sentence, or else the first
// word, of what may be repeated. A section and a fence stand for themselves:
// nothing is repeated there.
func (s *splitter) overlap(from int, to cut) int {
	if to.rank.kind() == section || to.rank.kind() >= line && s.fenceLine(to.at) {
		return to.at
	}
	low := s.repeatable(from, to.at)
	least := word
	if s.code || to.fence.mark != 0 {
		least = line // half a line of code says nothing
	}
	whole := -1 // the first place that parts no character
	start, best := to.at, none
	for i := low; i < to.at; i += width(s.text, i) {
		k := min(s.kindAt(i, to.fence.mark != 0), sentence)
		if k < word && whole >= 0 || joined(s.text, from, i) {
			continue
		}
		if whole < 0 {
			whole = i
		}
		switch {
		case s.text[i-1] == '\n' && s.fenceLine(i):
			// A fence that ends in the overlap would seem to open one.
			start, best = to.at, none
		case k < min(least, sentence) || isNewline(rune(s.text[i])):
		case best == none || k == sentence && best < sentence:
			start, best = i, k
		}
	}
	if best == none && whole >= 0 && to.rank.kind() <= joint {
		return whole // the cut is within a word that is too long for a piece
	}
	return start
}

// repeatable goes back from at by as many characters as may be repeated, and
// stays behind from.
func (s *splitter) repeatable(from, at int) int {
	for range s.Overlap {
		_, size := utf8.DecodeLastRuneInString(s.text[:at])
		if at-size <= from {
			break
		}
		at -= size
	}
	return at
}

// fenceLine says whether the line that starts at i opens or ends a fence.
func (s *splitter) fenceLine(i int) bool {
	mark, _, _ := marks(s.text[i:])
	return mark != 0 && !s.code
}
