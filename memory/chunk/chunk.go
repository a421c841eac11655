// Package chunk cuts a text into the pieces that are searched and shown.
//
// What Split promises, for any string, valid UTF-8 or not:
//
//   - The pieces cover the text in order: the first starts at 0, the last ends
//     at len(text), and each starts no later than the one before it ends. What
//     a piece repeats of the one before it is its overlap; without overlaps the
//     pieces, one after the other, are the text.
//   - Offsets are bytes of the text as given, never inside a rune. They do not
//     part what is seen as one character either (an emoji with its modifiers,
//     a letter with its accents, a CRLF), up to 128 bytes of it and as far as
//     the other promises leave room.
//   - No piece is empty. With m = Options.Min, each piece brings at least m
//     characters that are not overlap, but for an only one. It has at most
//     Size + m characters, the last one at most Size + 2m; Size is only
//     exceeded to keep a small remainder or a fenced block of code whole. Min
//     never counts for more than half of Size.
//   - The overlap has at most Options.Overlap characters, and at most half of
//     Size. It starts at a sentence or a word, where it holds the start of one.
//   - A text not longer than Size is one piece.
//
// A cut is made at the strongest boundary in reach: between sections or
// blocks of code, paragraphs, lines, sentences, clauses, words, and only then
// within a word. Time is linear in the text; memory, in the number of pieces.
package chunk

import "unicode/utf8"

// Piece is text[Start:End] of the text that was split.
type Piece struct {
	Start, End int // bytes
}

// Split cuts text as o says. It returns nil for the empty text.
func Split(text string, o Options) []Piece {
	if text == "" {
		return nil
	}
	o = o.bounded()
	if fits(text, o.Size) {
		return []Piece{{0, len(text)}}
	}
	s := splitter{source: source{text: text, code: looksLikeCode(text)}, Options: o}
	pieces := make([]Piece, 0, len(text)/o.Size+1)
	start, from := 0, cut{}
	for {
		to := s.next(start, from)
		if fewer(text[to.at:], o.Min) {
			to.at = len(text)
		}
		pieces = append(pieces, Piece{start, to.at})
		if to.at == len(text) {
			return pieces
		}
		start, from = s.overlap(from.at, to), to
	}
}

// source is the text with what was guessed of its kind.
type source struct {
	text string
	code bool // the whole of it is source code
}

// splitter cuts one text.
type splitter struct {
	source
	Options
}

// fits says whether s has at most n characters.
func fits(s string, n int) bool {
	return len(s) <= n || len(s) <= n*utf8.UTFMax && utf8.RuneCountInString(s) <= n
}

// fewer says whether s has less than n characters.
func fewer(s string, n int) bool { return fits(s, n-1) }
