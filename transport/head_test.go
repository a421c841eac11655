package transport

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReadHead(t *testing.T) {
	for _, row := range []struct {
		name, line, id, method string
		answered               bool
	}{
		{"request", `{"jsonrpc":"2.0","id":1,"method":"ping"}`, `1`, "ping", true},
		{"id last", `{"method":"tools/call","params":{"id":9,"method":"x"},"jsonrpc":"2.0","id":"a"}`, `"a"`, "tools/call", true},
		{"blanks and a carriage return", "  { \"id\" :\t1 , \"method\" : \"ping\" } \r\n", `1`, "ping", true},
		{"names inside a text", `{"params":{"text":"{\"id\":7,\"method\":\"x\"}"},"method":"ping","id":2}`, `2`, "ping", true},
		{"backslashes before a quote", `{"params":"\\\\","id":3,"method":"\\\""}`, `3`, `\"`, true},
		{"escaped method", `{"id":1,"method":"tools\/call"}`, `1`, "tools/call", true},
		{"escaped key", `{"\u0069d":4,"method":"ping"}`, `4`, "ping", true},
		{"key in capitals", `{"ID":4,"Method":"ping"}`, `4`, "ping", true},
		{"the last of two ids", `{"id":1,"id":2,"method":"ping"}`, `2`, "ping", true},
		{"id taken back", `{"id":1,"id":null,"method":"ping"}`, ``, "ping", false},
		{"notification", `{"method":"notifications/initialized"}`, ``, "notifications/initialized", false},
		{"null id", `{"id":null,"method":"ping"}`, ``, "ping", false},
		{"no method", `{"id":1}`, `1`, "", true},
		{"answer of a client", `{"id":1,"result":{}}`, `1`, "", false},
		{"refusal of a client", `{"id":1,"error":{"code":1}}`, `1`, "", false},
		{"subscription", `{"id":1,"method":"subscriptions/listen"}`, `1`, "subscriptions/listen", false},
		{"array", `[{"id":1,"method":"ping"}]`, ``, "", false},
		{"broken after the id", `{"id":1,"method":`, `1`, "", true},
		{"string without end", `{"id":1,"met`, `1`, "", true},
		{"empty object", `{}`, ``, "", false},
		{"nothing", ``, ``, "", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := readHead([]byte(row.line))
			require.Equal(t, row.id, string(h.id))
			require.Equal(t, row.method, string(h.method))
			require.Equal(t, row.answered, h.answered())
		})
	}
}

func TestCanonicalSpellsAnIDAsTheAnswerWill(t *testing.T) {
	for raw, want := range map[string]string{
		`1`: `1`, `-1`: `-1`, `1.0`: `1`, `1e2`: `100`, `12345678901234567890`: `12345678901234567000`,
		`"a"`: `"a"`, `"\u0061"`: `"a"`, `"<"`: `"\u003c"`, `"é"`: `"é"`, `true`: `true`,
	} {
		require.Equal(t, want, string(canonical([]byte(raw))), raw)
	}
}

func TestAnswerIDTellsAnswersFromTheRest(t *testing.T) {
	for _, row := range []struct {
		name, message, id string
		ok                bool
	}{
		{"result", `{"jsonrpc":"2.0","id":1,"result":{}}`, `1`, true},
		{"error", `{"jsonrpc":"2.0","id":"a,b\"","error":{}}`, `"a,b\""`, true},
		{"error without id", `{"jsonrpc":"2.0","id":null,"error":{}}`, `null`, true},
		{"request of the server", `{"jsonrpc":"2.0","id":1,"method":"roots/list"}`, `1`, false},
		{"notification", `{"jsonrpc":"2.0","method":"notifications/progress"}`, ``, false},
		{"cut off", `{"jsonrpc":"2.0","id":`, ``, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			id, ok := answerID([]byte(row.message))
			require.Equal(t, row.ok, ok)
			require.Equal(t, row.id, string(id))
		})
	}
}

func FuzzReadHeadAgreesWithEncodingJSON(f *testing.F) {
	for _, seed := range []string{
		`{"jsonrpc":"2.0","id":1,"method":"ping"}`, `{"\u0069d":[1,{"a":"]"}],"ſ":0,"METHOD":"\u0041"}`,
		`{"id":1,"id":null,"method":"x","method":null}`, `{"a":"\\","id":"\"","method":""}`, `[1]`, `{"id":{}}x`, `{{`, `{"a":}`, `{"a"`, "{\"\xff\":1}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		h := readHead(line) // whatever it is, no panic
		if _, faulty := findFault(line); faulty || !json.Valid(line) {
			return
		}
		var want struct {
			ID     any     `json:"id"`
			Method *string `json:"method"`
		}
		if json.Unmarshal(line, &want) != nil || strings.TrimSpace(string(line))[0] != '{' {
			return
		}
		require.Equal(t, want.ID != nil, h.id != nil)
		if h.id != nil {
			spelled, err := json.Marshal(want.ID)
			require.NoError(t, err)
			require.Equal(t, string(spelled), string(canonical(h.id)))
		}
		// A null after a method takes a pointer back, but not a string.
		if want.Method != nil {
			require.Equal(t, *want.Method, string(h.method))
		}
	})
}

func BenchmarkExamine(b *testing.B) {
	text := strings.Repeat("what was said on the way home, in plain words ", 9)
	call, err := json.Marshal(map[string]any{
		"jsonrpc": "2.0", "id": 12345, "method": "tools/call",
		"params": map[string]any{"name": "add_memory", "arguments": map[string]string{"text": text}},
	})
	require.NoError(b, err)
	in := intake{due: newLedger()}
	l := line{text: append(call, '\n')}
	b.SetBytes(int64(len(l.text)))
	b.ReportAllocs()
	for b.Loop() {
		m, ok := in.examine(l)
		if !ok {
			b.Fatal("refused")
		}
		in.note(m)
		in.due.settle([]byte("12345"))
	}
}
