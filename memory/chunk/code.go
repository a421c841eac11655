package chunk

import "strings"

// What looksLikeCode reads of a text, and how much of it has to look like code.
const (
	sampleBytes = 32 << 10
	sampleLines = 300
	fewestLines = 3
	codeShare   = 60 // of a hundred lines that are not blank
)

// looksLikeCode guesses from the shape of its first lines whether the whole of
// text is source code. Markdown with fences is prose: its fences are found as
// they come.
func looksLikeCode(text string) bool {
	sample := text[:min(len(text), sampleBytes)]
	lines, code := 0, 0
	for l := range strings.Lines(sample) {
		l = strings.TrimRight(l, " \t\r\n")
		if l == "" {
			continue
		}
		if (opens(l) != fence{}) {
			return false
		}
		lines++
		if codeLine(l) {
			code++
		}
		if lines == sampleLines {
			break
		}
	}
	return lines >= fewestLines && code*100 >= lines*codeShare
}

// codeLine says whether a line, not blank, has the shape of code.
func codeLine(l string) bool {
	body := strings.TrimLeft(l, " \t")
	indented := len(body) < len(l)
	switch l[len(l)-1] {
	case '{', '}', ';':
		return true
	case '(', '[', '=':
		return true
	case ')', ']', ',', ':':
		if indented || declares(body) {
			return true
		}
	}
	if strings.HasPrefix(body, "//") || strings.HasPrefix(body, "/*") || body[0] == '@' || body[0] == '}' {
		return true
	}
	for _, sign := range []string{" = ", " := ", " == ", " != ", " += ", " => ", " -> ", "()", "](", "self."} {
		if strings.Contains(body, sign) {
			return sign != "](" || indented // a Markdown link
		}
	}
	return declares(body) && (indented || !strings.HasSuffix(l, "."))
}

// declares says whether a line starts with a word that code starts lines with.
func declares(body string) bool {
	first, rest, found := strings.Cut(body, " ")
	switch first {
	case "return", "else", "else:", "try:", "break", "continue", "pass", "end", "case", "import", "package",
		"#include", "#define", "#ifdef", "#endif", "raise", "throw", "use", "using", "require":
		return len(rest) < lookback
	case "def", "func", "fn", "class", "struct", "type", "interface", "enum", "impl", "module", "namespace",
		"const", "let", "var", "val", "public", "private", "protected", "static", "async", "export", "from":
		return found && strings.ContainsAny(rest, "({=:;") || first == "from" && strings.Contains(rest, " import ")
	case "if", "for", "while", "elif", "except", "switch", "with":
		return found && (strings.HasSuffix(rest, ":") || strings.HasSuffix(rest, "{") || strings.HasSuffix(rest, ")"))
	}
	return false
}

// codeLineKind is the kind at i, where a line of code starts. A line at the
// left margin starts something new, unless it closes what stands above or
// belongs to the comment or decorator above.
func (s *source) codeLineKind(i int, blank bool) kind {
	top := !strings.ContainsRune(" \t\r\n})]", rune(s.text[i]))
	switch {
	case s.text[i] == '\n' || s.text[i] == '\r':
		return line
	case top && blank:
		return section
	case blank:
		return paragraph
	case top && !s.introduced(i):
		return paragraph
	}
	return line
}

// introduced says whether the line before i is a comment or a decorator, or
// too long to tell.
func (s *source) introduced(i int) bool {
	low := max(0, i-4*lookback)
	before := strings.TrimRight(s.text[low:i], "\r\n")
	start := strings.LastIndexAny(before, "\r\n") + 1
	if start == 0 && low > 0 {
		return true
	}
	body := strings.TrimLeft(before[start:], " \t")
	return body != "" && strings.ContainsRune("/#*@-\"'", rune(body[0]))
}
