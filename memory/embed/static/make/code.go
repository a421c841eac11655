package main

import (
	"regexp"
	"strings"
)

var (
	definition = regexp.MustCompile(`^( *)(?:async def|def|class) `)
	docstring  = regexp.MustCompile(`(?s)^[^\n]*\n\s*r?"""(.*?)"""`)
)

// functions returns the functions and classes of Python files, cut off where
// a chunk would be, and the first paragraphs of what is written about them.
func functions(files []file) ([]string, error) {
	var texts []string
	for _, f := range files {
		lines := strings.SplitAfter(f.data, "\n")
		for i, line := range lines {
			m := definition.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			whole := body(lines[i:], len(m[1]))
			texts = append(texts, cut(strings.TrimSpace(whole)))
			if m := docstring.FindStringSubmatch(whole); m != nil {
				first := blankLine.Split(strings.TrimSpace(m[1]), 2)[0]
				texts = append(texts, cut(oneLine(first)))
			}
		}
	}
	return texts, nil
}

// body returns the first of lines and those after it that are indented by
// more than indent, as far as anything will be used of them.
func body(lines []string, indent int) string {
	var b strings.Builder
	for i, line := range lines {
		bare := strings.TrimLeft(line, " ")
		if i > 0 && strings.TrimSpace(bare) != "" && len(line)-len(bare) <= indent && !strings.HasPrefix(bare, ")") {
			break
		}
		if b.Len() > 4*longest {
			break
		}
		b.WriteString(line)
	}
	return b.String()
}

// cut returns the beginning of text, without a broken character at its end.
func cut(text string) string {
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "")
	}
	return text
}
