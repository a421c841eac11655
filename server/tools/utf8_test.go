package tools

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestInvalidTextIsRefusedWithItsPlace(t *testing.T) {
	for _, c := range []struct{ name, args, want string }{
		{"bytes", "{\"text\":\"abc\xffdef\"}", "text is not valid UTF-8 at byte 3"},
		{"first byte", "{\"text\":\"\xff\"}", "text is not valid UTF-8 at byte 0"},
		{"cut character", "{\"text\":\"a\xe2\x82\"}", "text is not valid UTF-8 at byte 1"},
		{"behind escapes", "{\"text\":\"\\n\\u00e9\\ud83d\\ude42\xff\"}", "text is not valid UTF-8 at byte 7"},
		{"behind others", "{ \"workspace_id\" : \"w\" , \"text\" : \"é\xff\" }", "text is not valid UTF-8 at byte 2"},
		{"within metadata", "{\"metadata\":{\"a\":[1,{\"b\":\"ok\"}],\"c\":\"x\xff\"},\"text\":\"y\"}", "metadata is not valid UTF-8 at byte 1"},
		{"key of metadata", "{\"text\":\"y\",\"metadata\":{\"a\xff\":1}}", "metadata is not valid UTF-8 at byte 1"},
		{"name of an argument", "{\"text\":\"y\",\"a\xff\":1}", "arguments is not valid UTF-8 at byte 1"},
		{"high half alone", `{"text":"ab\ud83d"}`, "text is not valid UTF-8 at byte 2"},
		{"high half and another escape", `{"text":"\ud83d\u0041"}`, "text is not valid UTF-8 at byte 0"},
		{"low half alone", `{"text":"\uDE42"}`, "text is not valid UTF-8 at byte 0"},
		{"list for the arguments", "[\"a\",\"\xff\"]", "arguments is not valid UTF-8 at byte 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fake{}
			_, err := call(t, f, in("default"), "add_memory", c.args)
			require.EqualError(t, err, c.want)
			require.Empty(t, f.added)
		})
	}
}

func TestValidTextIsLeftAlone(t *testing.T) {
	for _, c := range []struct{ name, args, want string }{
		{"pair of halves", `{"text":"\ud83d\ude42"}`, "🙂"},
		{"backslash before", `{"text":"\\ud83d"}`, `\ud83d`},
		{"replacement character", `{"text":"\ufffd"}`, "\ufffd"},
		{"replacement character beside a pair", `{"text":"�\ud83d\ude42"}`, "\ufffd🙂"},
		{"NUL", `{"text":"a\u0000b"}`, "a\x00b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fake{}
			_, err := call(t, f, in("default"), "add_memory", c.args)
			require.NoError(t, err)
			require.Equal(t, c.want, f.added[0].Text)
		})
	}
}

func TestALargeTextIsAccepted(t *testing.T) {
	f := &fake{}
	_, err := call(t, f, in("default"), "add_memory", `{"text":"`+strings.Repeat("abcdefghi ", 1_000_000)+`"}`)
	require.NoError(t, err)
	require.Len(t, f.added[0].Text, 10_000_000)
}
