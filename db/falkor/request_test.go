package falkor

import (
	"bufio"
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/db/falkor/cypher"
)

func TestRequestHasTheWordsThatGoRedisWouldSend(t *testing.T) {
	for _, row := range []struct {
		name string
		s    Statement
		want []string
	}{
		{
			"a read",
			Statement{Graph: "g", Text: "RETURN 1"},
			[]string{"GRAPH.RO_QUERY", "g", "RETURN 1", "--compact", "timeout", "29500"},
		},
		{
			"a write with a parameter",
			Statement{Graph: "g", Text: "RETURN $x", Params: []cypher.Param{cypher.P("x", "a\r\n'")}, Effect: Once},
			[]string{"GRAPH.QUERY", "g", `CYPHER x='a` + "\r\n" + `\'' RETURN $x`, "--compact", "timeout", "29500"},
		},
		{
			"a long name and a long text",
			Statement{Graph: strings.Repeat("ы", 500), Text: strings.Repeat("x", 100_000)},
			[]string{"GRAPH.RO_QUERY", strings.Repeat("ы", 500), strings.Repeat("x", 100_000), "--compact", "timeout", "29500"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			for range 2 { // the second time in used memory
				r, err := encode(row.s)
				require.NoError(t, err)
				r.frame("29999999") // as if it had been sent before
				r.frame("29500")
				rest := bufio.NewReader(bytes.NewReader(r.whole()))
				words, err := readCommand(rest)
				require.NoError(t, err)
				require.Equal(t, row.want, words)
				require.Zero(t, rest.Buffered(), "something follows")
				var args []string
				for _, a := range r.args() {
					if text, ok := a.([]byte); ok {
						a = string(text)
					}
					args = append(args, a.(string))
				}
				require.Equal(t, row.want, args)
				r.release()
			}
		})
	}
}
