package transport

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// all reads every line until the end; too long ones as their skeletons.
func (l *lineReader) all() (texts []string, lengths []int, err error) {
	for {
		line, err := l.next()
		if err != nil {
			return texts, lengths, err
		}
		texts = append(texts, string(line.text))
		lengths = append(lengths, line.tooLong)
	}
}

func TestLineReaderCutsLines(t *testing.T) {
	long := strings.Repeat("x", readSize+1)
	for _, row := range []struct {
		name, input string
		max         int
		texts       []string
		lengths     []int
	}{
		{"nothing", "", 9, nil, nil},
		{"two lines", "a\nb\n", 9, []string{"a\n", "b\n"}, []int{0, 0}},
		{"empty lines", "\n\n", 9, []string{"\n", "\n"}, []int{0, 0}},
		{"no newline at the end", "a\nb", 9, []string{"a\n", "b\n"}, []int{0, 0}},
		{"as long as may be", "123\n123", 3, []string{"123\n", "123\n"}, []int{0, 0}},
		{"one byte longer", "1234\na\n", 3, []string{"1234\n\n", "a\n"}, []int{4, 0}},
		{"one byte longer at the end", "1234", 3, []string{"1234\n"}, []int{4}},
		{"longer than a read", long + "\n" + long, len(long), []string{long + "\n", long + "\n"}, []int{0, 0}},
		{"longer than a read and too long", `"` + long + `",7` + "\na", readSize, []string{`"` + long[:maxBone-1] + `",7` + "\n\n", "a\n"}, []int{readSize + 5, 0}},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(row.input), iotest.OneByteReader(strings.NewReader(row.input))} {
				texts, lengths, err := newLineReader(r, row.max).all()
				require.ErrorIs(t, err, io.EOF)
				require.Equal(t, row.texts, texts)
				require.Equal(t, row.lengths, lengths)
			}
		})
	}
}

func TestLineReaderDropsALineThatAnErrorCutsOff(t *testing.T) {
	boom := errors.New("boom")
	for _, input := range []string{"a\nb", "a\nbbbbb"} {
		texts, _, err := newLineReader(io.MultiReader(strings.NewReader(input), iotest.ErrReader(boom)), 3).all()
		require.ErrorIs(t, err, boom)
		require.Equal(t, []string{"a\n"}, texts)
	}
}

func TestALineStaysAsItIsWhileTheNextIsRead(t *testing.T) {
	l := newLineReader(strings.NewReader("one\ntwo\nthree\nfour\n"), 9)
	previous, err := l.next()
	require.NoError(t, err)
	l.keep()
	for _, want := range []string{"one\n", "two\n", "three\n"} {
		following, err := l.next()
		require.NoError(t, err)
		require.Equal(t, want, string(previous.text))
		l.keep()
		previous = following
	}
}

func TestTheBufferOfAHugeLineIsNotKept(t *testing.T) {
	l := newLineReader(strings.NewReader(strings.Repeat("x", 1<<20)+"\na\n"), 1<<20)
	for range 2 {
		_, err := l.next()
		require.NoError(t, err)
		l.keep()
	}
	require.LessOrEqual(t, cap(l.buffers[0])+cap(l.buffers[1]), keptBuffer)
}

// endless reads as the same bytes over and over.
type endless string

func (e endless) Read(p []byte) (n int, err error) {
	for n < len(p) {
		n += copy(p[n:], e)
	}
	return n, nil
}

func TestALineOfAHundredMegabytesIsNeverHeld(t *testing.T) {
	const length, limit = 100_000_000, 1 << 20
	const start, end = `{"method":"tools/call","params":"`, `","id":5}`
	input := io.MultiReader(strings.NewReader(start), io.LimitReader(endless(`text \" `), length), strings.NewReader(end+"\n"+ping))
	l := newLineReader(input, limit)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	passed, err := l.next()
	runtime.ReadMemStats(&after)

	require.NoError(t, err)
	require.Equal(t, len(start)+length+len(end), passed.tooLong)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(8*limit))
	require.Equal(t, "5", string(readHead(passed.text).id))
	next, err := l.next()
	require.NoError(t, err)
	require.Equal(t, ping+"\n", string(next.text)) //nolint:testifylint // byte for byte.
}

func FuzzSkeletonKeepsTheHead(f *testing.F) {
	for _, seed := range []string{`{"id":1,"method":"a\\\"b"}`, `{"a":"\\","id":"\u0061"}`, `{"a":"`} {
		f.Add(seed, 3)
	}
	f.Fuzz(func(t *testing.T, text string, cut int) {
		var whole, pieces skeleton
		whole.write([]byte(text))
		cut = max(0, min(cut, len(text)))
		pieces.write([]byte(text[:cut]))
		pieces.write([]byte(text[cut:]))
		require.Equal(t, whole, pieces)
		if len(text) < maxBone {
			require.Equal(t, text, string(whole.kept))
		}
	})
}
