package falkortest

import (
	"bufio"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReadReply(t *testing.T) {
	for _, tc := range []struct {
		name, wire string
		want       any
	}{
		{"word", "+OK\r\n", "OK"},
		{"error", "-ERR no\r\n", ReplyError("ERR no")},
		{"number", ":-7\r\n", int64(-7)},
		{"text", "$4\r\na\r\nb\r\n", "a\r\nb"},
		{"empty text", "$0\r\n\r\n", ""},
		{"null text", "$-1\r\n", nil},
		{"null list", "*-1\r\n", nil},
		{"list", "*3\r\n:1\r\n*1\r\n+a\r\n$-1\r\n", []any{int64(1), []any{"a"}, nil}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := readReply(bufio.NewReader(strings.NewReader(tc.wire)))
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		})
	}
}

func TestReadReplyRefuses(t *testing.T) {
	for _, tc := range []struct{ name, wire string }{
		{"nothing", ""},
		{"another protocol", "HTTP/1.1 200 OK\r\n"},
		{"half a line", "+OK"},
		{"a line without return", "+OK\n"},
		{"half a text", "$4\r\nab"},
		{"half a list", "*2\r\n:1\r\n"},
		{"a length that is none", "$x\r\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := readReply(bufio.NewReader(strings.NewReader(tc.wire)))
			require.Error(t, err)
		})
	}
}

func TestReadRequestReturnsTheBytesThatCame(t *testing.T) {
	words := []string{"GRAPH.QUERY", "g", "RETURN 'a\r\n\x00'", ""}
	wire := command(words...)
	r := bufio.NewReader(strings.NewReader(string(wire) + "rest"))
	got, raw, err := readRequest(r)
	require.NoError(t, err)
	require.Equal(t, words, got)
	require.Equal(t, wire, raw)
	got, raw, err = readRequest(r)
	require.NoError(t, err)
	require.Empty(t, got)
	require.Equal(t, "rest", string(raw))
}

func TestReadRequestRefusesWhatNoClientSends(t *testing.T) {
	_, _, err := readRequest(bufio.NewReader(strings.NewReader("*1\r\n:7\r\n")))
	require.ErrorIs(t, err, errProtocol)
}
