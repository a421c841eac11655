package chunk

import "unicode/utf8"

// cut is a place to end a piece at. The zero cut is the start of the text.
type cut struct {
	at    int
	rank  rank
	fence fence // that at is in, before the line that starts there is read
}

// rank says how good a cut is: outside of fences first, then late enough in
// the piece, then by kind. Zero is a cut made for want of any boundary.
type rank uint8

const (
	late    rank = 1 << 4
	outside rank = 1 << 5
)

func (r rank) kind() kind { return kind(r & (late - 1)) }

// window is the search for the end of one piece.
type window struct {
	*splitter
	from  int   // where the new text of the piece starts
	least int   // characters before which no cut is taken
	best  cut   // so far
	n     int   // characters from the start of the piece to the place
	fence fence // at the place
	// opened says that the fence was opened within the new text.
	opened bool
}

// next finds where the piece ends that starts at start, and whose new text
// starts at from.
func (s *splitter) next(start int, from cut) cut {
	n := utf8.RuneCountInString(s.text[start:from.at])
	w := window{splitter: s, from: from.at, least: n + max(1, s.Min), n: n, fence: from.fence}
	i := from.at
	if i == 0 || s.text[i-1] == '\n' {
		w.enterLine(i)
	}
	// Most bytes are inside of words: the loop has to be quick for those.
	for w.n < s.Size {
		w.n++
		i += width(s.text, i)
		if i >= len(s.text) {
			return cut{at: len(s.text)}
		}
		if mayCut[s.text[i-1]] || s.text[i] >= utf8.RuneSelf {
			w.visit(i)
		}
	}
	if w.opened && w.best.rank < outside {
		if to, ok := w.fenceEnd(i); ok {
			return to
		}
	}
	if w.best.rank == 0 {
		return cut{at: w.anywhere(i), fence: w.fence}
	}
	return w.best
}

// anywhere returns where to cut for want of a boundary, at i or just before.
func (w *window) anywhere(i int) int {
	at := wholeCharacter(w.text, w.from, i)
	if w.n-utf8.RuneCountInString(w.text[at:i]) < w.least {
		return i
	}
	return at
}

// visit takes i for the best cut if it is no worse than the one before.
func (w *window) visit(i int) {
	starts := w.text[i-1] == '\n'
	if starts {
		w.fence = w.fence.leave()
	}
	if w.n >= w.least {
		if k := w.kindAt(i, w.fence.mark != 0); k != none {
			if r := w.rank(k); r >= w.best.rank && !joined(w.text, w.from, i) {
				w.best = cut{i, r, w.fence}
			}
		}
	}
	if starts {
		w.enterLine(i)
	}
}

// rank rates a boundary of kind k at the place. Weak ones count little in the
// first half of a piece: they are found everywhere.
func (w *window) rank(k kind) rank {
	r := rank(k)
	if k >= paragraph || k >= sentence && w.n >= w.Size/4 || w.n >= w.Size/2 {
		r |= late
	}
	if w.fence.mark == 0 {
		r |= outside
	}
	return r
}

// enterLine follows the fences; i is where a line starts.
func (w *window) enterLine(i int) {
	if w.code {
		return
	}
	was := w.fence
	w.fence = was.enter(w.text[i:])
	w.opened = w.fence.mark != 0 && (w.opened || was.mark == 0)
}

// fenceEnd looks for the end of the fence that i is in, in the room that
// small remainders have beyond Size.
func (w *window) fenceEnd(i int) (cut, bool) {
	for range w.Min {
		i += width(w.text, i)
		if i >= len(w.text) {
			return cut{at: len(w.text)}, true
		}
		if w.text[i-1] != '\n' {
			continue
		}
		if w.fence = w.fence.leave(); w.fence.mark == 0 {
			return cut{at: i, rank: outside | late | rank(line)}, true
		}
		w.enterLine(i)
	}
	return cut{}, false
}

// width is the length of the character at i, in bytes.
func width(text string, i int) int {
	if text[i] < utf8.RuneSelf {
		return 1
	}
	_, size := utf8.DecodeRuneInString(text[i:])
	return size
}
