package tools

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/mark3labs/mcp-go/mcp"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files")

func TestGoldenTools(t *testing.T) {
	for _, tool := range All(&fake{}, in("default"), Options{}) {
		t.Run(tool.Tool.Name, func(t *testing.T) {
			raw, err := json.Marshal(tool.Tool)
			require.NoError(t, err)
			var pretty bytes.Buffer
			require.NoError(t, json.Indent(&pretty, raw, "", "  "))
			pretty.WriteByte('\n')
			golden(t, filepath.Join("testdata", tool.Tool.Name+".json"), pretty.Bytes())
		})
	}
}

func TestGoldenReference(t *testing.T) {
	golden(t, filepath.Join("..", "..", "docs", "tools.md"), []byte(reference(t)))
}

// golden compares with a file, or writes it.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "run the tests with -update and review the difference")
}

// reference is the page on the tools.
func reference(t *testing.T) string {
	t.Helper()
	all := All(&fake{}, in("default"), Options{})
	list := mcp.ListToolsResult{}
	for _, tool := range all {
		list.Tools = append(list.Tools, tool.Tool)
	}
	raw, err := json.Marshal(list)
	require.NoError(t, err)
	require.Less(t, len(raw), 10_000, "every client pays for the list in every conversation")
	var b strings.Builder
	fmt.Fprintf(&b, "# Tools\n\n%d tools; a client reads %d bytes to know them all. This page is written by the tests of `server/tools`.\n", len(all), len(raw))
	b.WriteString("\nAn answer is at most 20,000 bytes long unless `max_tokens` asks for more, and says what it left out. " +
		"An argument that is `null` counts as left out, unless it is required.\n")
	for _, tool := range all {
		a := tool.Tool.Annotations
		fmt.Fprintf(&b, "\n## `%s`\n\n**%s.** %s\n\n", tool.Tool.Name, a.Title, tool.Tool.Description)
		fmt.Fprintf(&b, "%s.\n", strings.Join(traits(a), ", "))
		if table := rows(t, "", tool.Tool.RawInputSchema); table != "" {
			b.WriteString("\n| argument | type | rules | meaning |\n| --- | --- | --- | --- |\n" + table)
		}
	}
	return b.String()
}

func traits(a mcp.ToolAnnotation) []string {
	first := "Changes what is kept"
	switch {
	case *a.ReadOnlyHint:
		return []string{"Only reads"}
	case *a.DestructiveHint:
		first = "Destroys"
	}
	if *a.IdempotentHint {
		return []string{first, "the same call again changes nothing more"}
	}
	return []string{first, "each call anew"}
}

// rows has a line for each argument, in the order of the schema.
func rows(t *testing.T, path string, raw json.RawMessage) string {
	t.Helper()
	var ordered mcp.ToolInputSchema
	require.NoError(t, json.Unmarshal(raw, &ordered))
	var parts struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	require.NoError(t, json.Unmarshal(raw, &parts))
	schema := resolve(t, raw).Schema()
	var b strings.Builder
	for _, name := range ordered.PropertyOrder {
		p := schema.Properties[name]
		kind := p.Type
		if p.Items != nil {
			kind += " of " + p.Items.Type
		}
		fmt.Fprintf(&b, "| `%s%s` | %s | %s | %s |\n", path, name, kind, strings.Join(limits(name, p, schema), ", "), p.Description)
		b.WriteString(rows(t, path+name+".", parts.Properties[name]))
	}
	return b.String()
}

func limits(name string, p, of *jsonschema.Schema) []string {
	var out []string
	if slices.Contains(of.Required, name) {
		out = append(out, "required")
	}
	switch {
	case p.MinLength != nil:
		out = append(out, fmt.Sprintf("%d to %d characters", *p.MinLength, *p.MaxLength))
	case p.MaxLength != nil:
		out = append(out, fmt.Sprintf("at most %d characters", *p.MaxLength))
	case p.Minimum != nil:
		out = append(out, fmt.Sprintf("%s to %s", plain(*p.Minimum), plain(*p.Maximum)))
	}
	if p.Enum != nil {
		out = append(out, "one of "+choices(p.Enum))
	}
	if p.Pattern != "" {
		out = append(out, "`"+p.Pattern+"`")
	}
	if p.Format != "" {
		out = append(out, p.Format)
	}
	if p.Default != nil {
		out = append(out, "default `"+string(p.Default)+"`")
	}
	return out
}
