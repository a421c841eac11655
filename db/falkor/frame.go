package falkor

import (
	"bytes"
	"math"
	"strconv"

	"zapomni/db/falkor/reply"
)

// frame finds the end of a reply while it comes in. What was looked at once is
// not looked at again.
type frame struct {
	start int // of the reply: what came before it was no answer
	pos   int // up to which it is known
	need  int // elements that are to follow
}

// in tells whether the reply in what has come so far is whole. It is
// text[f.start:f.pos] then.
func (f *frame) in(text []byte) (whole bool, err error) {
	for {
		if f.pos == f.start {
			f.need = 1
		}
		for f.need > 0 {
			if more, err := f.element(text); !more {
				return false, err
			}
		}
		if text[f.start] != '>' {
			return true, nil
		}
		f.start = f.pos // a message, which is no answer
	}
}

// element passes one element, unless its end has not come yet.
func (f *frame) element(text []byte) (more bool, err error) {
	if f.pos >= len(text) {
		return false, nil
	}
	line := bytes.IndexByte(text[f.pos:], '\n')
	if line < 0 {
		return false, nil
	}
	end := f.pos + line + 1
	switch text[f.pos] {
	case '+', '-', ':', ',', '(', '#', '_':
		f.pos, f.need = end, f.need-1
		return true, nil
	}
	n, ok := size(text[f.pos:end])
	if !ok {
		return false, &reply.FormatError{At: f.pos, Why: "neither a value nor a length"}
	}
	switch text[f.pos] {
	case '$', '!', '=':
		if n >= 0 {
			end += n + len("\r\n")
		}
		if end > len(text) {
			return false, nil
		}
		f.pos, f.need = end, f.need-1
	case '*', '~', '>':
		f.pos, f.need = end, f.need-1+max(n, 0)
	case '%':
		f.pos, f.need = end, f.need-1+2*max(n, 0)
	case '|': // stands before an element
		f.pos, f.need = end, f.need+2*max(n, 0)
	default:
		return false, &reply.FormatError{At: f.pos, Why: "no element begins so"}
	}
	return true, nil
}

// mostSize is what no reply and no part of one is longer than.
const mostSize = math.MaxInt32

// size reads the length in a line.
func size(line []byte) (n int, ok bool) {
	digits, ok := bytes.CutSuffix(line, []byte("\r\n"))
	if !ok || len(digits) < 2 {
		return 0, false
	}
	digits = digits[1:]
	if len(digits) > 9 || digits[0] == '-' {
		n, err := strconv.Atoi(string(digits))
		return n, err == nil && n >= -1 && n <= mostSize
	}
	for _, d := range digits {
		if d -= '0'; d > 9 {
			return 0, false
		}
		n = n*10 + int(d)
	}
	return n, true
}
