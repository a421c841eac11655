package transport

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func callWith(arguments string) string {
	return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":` + arguments + `}}`
}

func TestFaultIsNamedWithItsOffset(t *testing.T) {
	for _, row := range []struct{ name, line, want string }{
		{"byte at the start", callWith("{\"text\":\"\xffab\"}"), "text is not valid UTF-8: invalid byte 0xff at offset 0"},
		{"byte at the end", callWith("{\"text\":\"ab\xc3\"}"), "text is not valid UTF-8: invalid byte 0xc3 at offset 2"},
		{"after wide letters", callWith("{\"text\":\"дом\xfe\"}"), "text is not valid UTF-8: invalid byte 0xfe at offset 6"},
		{"after escapes", callWith("{\"text\":\"\\n\\u0434\\\"\\ud83d\\ude00\xff\"}"), "text is not valid UTF-8: invalid byte 0xff at offset 8"},
		{"overlong form", callWith("{\"text\":\"a\xc0\x80\"}"), "text is not valid UTF-8: invalid byte 0xc0 at offset 1"},
		{"raw surrogate", callWith("{\"text\":\"a\xed\xa0\x80\"}"), "text is not valid UTF-8: invalid byte 0xed at offset 1"},
		{"other argument", callWith("{\"text\":\"ok\",\"query\":\"a\xff\"}"), "query is not valid UTF-8: invalid byte 0xff at offset 1"},
		{"lone high surrogate", callWith(`{"text":"ab\ud800c"}`), `text is not valid UTF-8: lone surrogate \ud800 at offset 2`},
		{"lone low surrogate", callWith(`{"text":"\\\uDC00"}`), `text is not valid UTF-8: lone surrogate \uDC00 at offset 1`},
		{"two high surrogates", callWith(`{"text":"\ud800\ud800\udc00"}`), `text is not valid UTF-8: lone surrogate \ud800 at offset 0`},
		{"surrogate before a byte", callWith("{\"text\":\"\\ud800\xff\"}"), `text is not valid UTF-8: lone surrogate \ud800 at offset 0`},
		{"byte before a surrogate", callWith("{\"text\":\"\xff\\ud800\"}"), "text is not valid UTF-8: invalid byte 0xff at offset 0"},
		{"inside metadata", callWith("{\"metadata\":{\"text\":\"\xff\"}}"), "message is not valid UTF-8: invalid byte 0xff at offset 103"},
		{"in a key", callWith("{\"\xff\":1}"), "message is not valid UTF-8: invalid byte 0xff at offset 84"},
		{"in the name", "{\"params\":{\"name\":\"\xff\"}}", "message is not valid UTF-8: invalid byte 0xff at offset 19"},
		{"text elsewhere", "{\"arguments\":{\"text\":\"\xff\"}}", "message is not valid UTF-8: invalid byte 0xff at offset 22"},
		{"after a broken escape", callWith("{\"text\":\"\\\xff\"}"), "message is not valid UTF-8: invalid byte 0xff at offset 92"},
		{"no JSON", "ab\xff", "message is not valid UTF-8: invalid byte 0xff at offset 2"},
	} {
		t.Run(row.name, func(t *testing.T) {
			f, ok := findFault([]byte(row.line))
			require.True(t, ok)
			require.Equal(t, row.want, f.describe([]byte(row.line)))
		})
	}
}

func TestSoundLinesHaveNoFault(t *testing.T) {
	for _, line := range []string{
		`{"text":"plain"}`, `{"text":"дом 😀"}`, `{"text":"\ud83d\ude00\uD83D\uDE00"}`, `{"text":"\\ud800"}`,
		`{"text":"\\\\ud800 \\\ud83d\ude00"}`, `{"text":"\u0000\ud7ff\ue000"}`, `{"text":"\ufffd"}`, ``,
	} {
		_, ok := findFault([]byte(line))
		require.False(t, ok, line)
	}
}

// What passes must be decoded as it was said: encoding/json marks what it
// could not keep by U+FFFD.
func FuzzFindFaultSeesWhatDecodingWouldReplace(f *testing.F) {
	for _, seed := range []string{"a", "\xff", `\ud800`, `\ud83d\ude00`, `\\ud800`, `\u00e9`, "é\\ud800\xff", `\udc00\ud800`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, inside []byte) {
		line := callWith(`{"text":"` + string(inside) + `"}`)
		fault, faulty := findFault([]byte(line))
		if faulty {
			require.Contains(t, fault.describe([]byte(line)), "is not valid UTF-8")
		}
		lower := strings.ToLower(string(inside))
		if !json.Valid([]byte(line)) || strings.Contains(lower, `\ufffd`) || strings.ContainsRune(string(inside), utf8.RuneError) && utf8.Valid(inside) {
			return
		}
		var m struct {
			Params struct{ Arguments struct{ Text string } }
		}
		if json.Unmarshal([]byte(line), &m) != nil {
			return
		}
		require.Equal(t, strings.ContainsRune(m.Params.Arguments.Text, utf8.RuneError), faulty)
	})
}
