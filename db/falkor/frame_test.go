package falkor

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/db/falkor/reply"
)

func TestReplyIsWholeAtItsLastByteAndNotBefore(t *testing.T) {
	for _, row := range []struct{ name, text string }{
		{"a line", "+OK\r\n"},
		{"an error", "-ERR no\r\n"},
		{"a result", answerOne},
		{"a string with the end of a line in it", "$6\r\na\r\nb\r\n\r\n"},
		{"an empty string", "$0\r\n\r\n"},
		{"no string", "$-1\r\n"},
		{"no array", "*-1\r\n"},
		{"nothing, a number and a boolean", "*3\r\n_\r\n,1.5\r\n#t\r\n"},
		{"an empty array within one", "*2\r\n*0\r\n:1\r\n"},
		{"a map", "%2\r\n+a\r\n*1\r\n:1\r\n+b\r\n:2\r\n"},
		{"a set", "~2\r\n:1\r\n:2\r\n"},
		{"an error with its length", "!5\r\nERR a\r\n"},
		{"an attribute before it", "|1\r\n+ttl\r\n:3\r\n:7\r\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var f frame
			for i := range row.text {
				whole, err := f.in([]byte(row.text[:i]))
				require.NoError(t, err)
				require.False(t, whole, "after %d bytes", i)
			}
			whole, err := f.in([]byte(row.text))
			require.NoError(t, err)
			require.True(t, whole)
			require.Equal(t, row.text, row.text[f.start:f.pos])
		})
	}
}

func TestMessageBeforeTheReplyIsLeftOut(t *testing.T) {
	text := ">2\r\n+invalidate\r\n*1\r\n+key\r\n>1\r\n+more\r\n" + answerOne
	var f frame
	for i := range text {
		whole, err := f.in([]byte(text[:i]))
		require.NoError(t, err)
		require.False(t, whole)
	}
	whole, err := f.in([]byte(text))
	require.NoError(t, err)
	require.True(t, whole)
	require.Equal(t, answerOne, text[f.start:f.pos])
}

func TestWhatIsNoReplyIsRefused(t *testing.T) {
	for _, text := range []string{
		"HTTP/1.1 400\r\n", "*x\r\n", "$\r\n", "$3\n", "*-2\r\n", "*?\r\n", "$99999999999999999999\r\n", "*1\r\n/1\r\n", "$1x\r\n", "\n", "\r\n",
	} {
		var f frame
		_, err := f.in([]byte(text))
		var format *reply.FormatError
		require.ErrorAs(t, err, &format, text)
	}
}

// FuzzFrame checks that whatever reply.Parse takes is found to be whole, and
// that nothing more than it is.
func FuzzFrame(f *testing.F) {
	f.Add(answerOne)
	f.Add("*1\r\n*1\r\n$20\r\nCached execution: 1 \r\n")
	f.Add("*3\r\n*0\r\n*0\r\n*0\r\n")
	f.Add("\n")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := reply.Parse([]byte(text)); err != nil {
			var fr frame
			_, _ = fr.in([]byte(text)) // does not panic
			return
		}
		var fr frame
		whole, err := fr.in([]byte(text + answerOne))
		require.NoError(t, err)
		require.True(t, whole)
		require.Equal(t, text, strings.Clone(text + answerOne)[fr.start:fr.pos])
	})
}
