package transport

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

const (
	readSize = 64 << 10
	// keptBuffer is the largest buffer that is kept for the next line.
	keptBuffer = 256 << 10
)

// line is one line of input.
type line struct {
	// text ends in a newline, whether or not the input had one.
	text []byte
	// tooLong is the length of a line over the limit in bytes, otherwise 0.
	// Such a line was passed over; text then holds its skeleton.
	tooLong int
}

// lineReader cuts its input into lines of at most max bytes. The next line
// takes the place of the one before, unless that is kept.
type lineReader struct {
	r       *bufio.Reader
	max     int
	buffers [2][]byte
	turn    int // the buffer that the next line goes into
}

func newLineReader(r io.Reader, longest int) *lineReader {
	return &lineReader{r: bufio.NewReaderSize(r, readSize), max: longest}
}

// keep leaves the line that next returned last as it is, until the next line is
// kept: so one can be looked at while the one before is still being copied.
func (l *lineReader) keep() { l.turn = 1 - l.turn }

// next returns io.EOF after the last line. A last line without a newline is a
// line; one that an error cut off is not.
func (l *lineReader) next() (line, error) {
	text := l.buffers[l.turn][:0]
	for {
		piece, err := l.r.ReadSlice('\n')
		if len(text)+len(bytes.TrimSuffix(piece, []byte{'\n'})) > l.max {
			return l.passOver(text, piece, err)
		}
		text = append(text, piece...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(text) > 0:
			text = append(text, '\n')
		case err != nil:
			return line{}, err
		}
		if cap(text) <= keptBuffer { // a larger one goes when its reader is done
			l.buffers[l.turn] = text
		}
		return line{text: text}, nil
	}
}

// passOver reads to the end of a line that has become too long, keeping no
// more of it than its skeleton.
func (l *lineReader) passOver(text, piece []byte, err error) (line, error) {
	var s skeleton
	s.write(text)
	length := len(text)
	for {
		s.write(piece)
		length += len(piece)
		if !errors.Is(err, bufio.ErrBufferFull) {
			break
		}
		piece, err = l.r.ReadSlice('\n')
	}
	switch {
	case err == nil:
		length--
	case !errors.Is(err, io.EOF):
		return line{}, err
	}
	return line{text: append(s.kept, '\n'), tooLong: length}, nil
}

const (
	maxSkeleton = 64 << 10
	// maxBone is how much is kept of one string. Longer ids are not believed.
	maxBone = 256
)

// skeleton is a JSON text with its long strings cut short, so that the id of a
// line can be found though the line itself was too long to keep: many clients
// write it last.
type skeleton struct {
	kept     []byte
	inString bool
	escaped  bool // the byte before was a backslash
	cut      bool // the rest of this string is left out
	length   int  // of this string so far
}

func (s *skeleton) write(b []byte) {
	for _, c := range b {
		switch {
		case !s.inString:
			s.inString = c == '"'
			s.length, s.cut = 0, false
		case s.escaped:
			s.escaped = false
		case c == '"':
			s.inString, s.cut = false, false
		default:
			s.cut = s.length >= maxBone
			s.escaped = c == '\\'
		}
		s.length++
		if !s.cut && len(s.kept) < maxSkeleton {
			s.kept = append(s.kept, c)
		}
	}
}
