package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"
)

var (
	placeholder = regexp.MustCompile(`<(uuid|time|date|score|number|any)(?::(\w+))?>`)
	repeated    = regexp.MustCompile(`<([^>])\*(\d+)>`)
	rawByte     = regexp.MustCompile(`\\x[0-9a-f]{2}`)
)

// standsFor says what each placeholder matches.
func standsFor(kind string) string {
	switch kind {
	case "uuid":
		return `[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`
	case "time":
		return `\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?Z)?`
	case "date":
		return `\d{4}-\d\d-\d\d`
	case "score":
		return `0\.\d{1,4}`
	case "number":
		return `\d+(?:\.\d+)?`
	default:
		return `(?s:.+)`
	}
}

// expanded writes out what is to be repeated.
func expanded(text string) string {
	return repeated.ReplaceAllStringFunc(text, func(found string) string {
		parts := repeated.FindStringSubmatch(found)
		n, err := strconv.Atoi(parts[2])
		if err != nil {
			return found
		}
		return strings.Repeat(parts[1], n)
	})
}

// toSend is a line as the server gets it.
func (c *conversation) toSend(line string) string {
	line = placeholder.ReplaceAllStringFunc(line, func(found string) string {
		name := placeholder.FindStringSubmatch(found)[2]
		require.Contains(c.t, c.known, name, "%s: %s stands for nothing yet", c.where, found)
		return c.known[name]
	})
	return rawByte.ReplaceAllStringFunc(expanded(line), func(found string) string {
		b, err := strconv.ParseUint(found[2:], 16, 8)
		require.NoError(c.t, err, c.where)
		return string([]byte{byte(b)})
	})
}

// decoded is a line that holds JSON.
func (c *conversation) decoded(line string) any {
	var v any
	require.NoError(c.t, json.Unmarshal([]byte(expanded(line)), &v), c.where)
	return v
}

// matches compares what was got with what is wanted, placeholders and all.
func (c *conversation) matches(wanted, got any) {
	c.t.Helper()
	fault := c.difference("", wanted, got)
	if fault != "" {
		all, err := json.MarshalIndent(got, "", "  ")
		require.NoError(c.t, err)
		require.FailNow(c.t, "another answer was expected", "%s: %s\nin %s", c.where, fault, all)
	}
}

// difference returns the first one; empty if there is none.
func (c *conversation) difference(path string, wanted, got any) string {
	switch wanted := wanted.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return fmt.Sprintf("%s is no object: %v", path, got)
		}
		return c.differenceOfObjects(path, wanted, object)
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(wanted) {
			return fmt.Sprintf("%s is no list of %d: %v", path, len(wanted), got)
		}
		for i := range wanted {
			if fault := c.difference(fmt.Sprintf("%s[%d]", path, i), wanted[i], list[i]); fault != "" {
				return fault
			}
		}
		return ""
	case string:
		text, ok := got.(string)
		if !ok && placeholder.MatchString(wanted) {
			raw, err := json.Marshal(got)
			require.NoError(c.t, err)
			text, ok = string(raw), true
		}
		if !ok || !c.matchesText(wanted, text) {
			return fmt.Sprintf("%s should be %q, is %v", path, wanted, got)
		}
		return ""
	}
	if wanted != got {
		return fmt.Sprintf("%s should be %v, is %v", path, wanted, got)
	}
	return ""
}

// others is the member that allows any others.
const others = "..."

func (c *conversation) differenceOfObjects(path string, wanted, got map[string]any) string {
	_, open := wanted[others]
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, ok := wanted[name]; !ok && !open {
			return fmt.Sprintf("%s.%s was not expected", path, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		if name == others {
			continue
		}
		value, ok := got[name]
		if !ok {
			return fmt.Sprintf("%s.%s is missing", path, name)
		}
		if fault := c.difference(path+"."+name, wanted[name], value); fault != "" {
			return fault
		}
	}
	return ""
}

// matchesText compares texts, and remembers what names stand for.
func (c *conversation) matchesText(wanted, got string) bool {
	var pattern strings.Builder
	var names []string
	pattern.WriteString("^")
	at := 0
	for _, found := range placeholder.FindAllStringSubmatchIndex(wanted, -1) {
		pattern.WriteString(regexp.QuoteMeta(wanted[at:found[0]]))
		at = found[1]
		kind, name := wanted[found[2]:found[3]], ""
		if found[4] >= 0 {
			name = wanted[found[4]:found[5]]
		}
		if value, ok := c.known[name]; ok {
			pattern.WriteString(regexp.QuoteMeta(value))
			continue
		}
		names = append(names, name)
		pattern.WriteString("(" + standsFor(kind) + ")")
	}
	pattern.WriteString(regexp.QuoteMeta(wanted[at:]) + "$")
	groups := regexp.MustCompile(pattern.String()).FindStringSubmatch(got)
	if groups == nil {
		return false
	}
	for i, name := range names {
		if name != "" {
			c.known[name] = groups[i+1]
		}
	}
	return true
}

// call calls a tool and keeps what it says.
func (c *conversation) call(line string) {
	tool, arguments, _ := strings.Cut(line, " ")
	c.calls++
	id := fmt.Sprint("call ", c.calls)
	params := fmt.Sprintf(`{"name":%q}`, tool)
	if arguments != "" {
		params = fmt.Sprintf(`{"name":%q,"arguments":%s}`, tool, c.toSend(arguments))
	}
	require.NoError(c.t, c.server.Send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%q,"method":"tools/call","params":%s}`+"\n", id, params)), c.where)
	result, ok := c.take(id)["result"].(map[string]any)
	require.True(c.t, ok, "%s: an error of the protocol", c.where)
	content, ok := result["content"].([]any)
	require.True(c.t, ok, c.where)
	require.Len(c.t, content, 1, c.where)
	part, ok := content[0].(map[string]any)
	require.True(c.t, ok, c.where)
	require.Equal(c.t, "text", part["type"], c.where)
	c.said = said{
		text: fmt.Sprint(part["text"]), isError: result["isError"] == true, data: result["structuredContent"],
	}
}

// checkSaid compares what the last tool said with the lines below its call.
func (c *conversation) checkSaid() {
	if c.said.checked {
		return
	}
	c.said.checked = true
	wanted := expanded(strings.Join(c.said.wanted, "\n"))
	if !c.matchesText(wanted, c.said.text) || c.said.isError != c.said.wantedError {
		require.FailNow(c.t, "another answer was expected", "%s\nerror %t: %s\nis error %t: %s",
			c.where, c.said.wantedError, wanted, c.said.isError, c.said.text)
	}
}
