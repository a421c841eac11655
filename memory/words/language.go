package words

import "strings"

// languageOf names the programming language that a text is written in, told
// by how its first lines open; empty if it is prose or unclear. A question
// names the language that code does not name itself.
func languageOf(text string) string {
	for range 12 {
		line, rest, more := strings.Cut(text, "\n")
		if l := languageOfLine(strings.TrimSpace(line)); l != "" {
			return l
		}
		if !more {
			break
		}
		text = rest
	}
	return ""
}

func languageOfLine(line string) string {
	if line == "" || !strings.Contains(openingLetters, line[:1]) {
		return ""
	}
	for _, o := range openings {
		if strings.HasPrefix(line, o.start) && strings.HasSuffix(strings.TrimRight(line, " \t\r"), o.end) && strings.Contains(line, o.has) {
			return o.language
		}
	}
	return ""
}

// openingLetters are those that openings start with.
const openingLetters = "acdefipr#<S"

// openings are the lines that a file, a function or a class opens with.
//
//nolint:gochecknoglobals // a constant table.
var openings = []struct{ language, start, has, end string }{
	{"python", "def ", "(", ""},
	{"python", "async def ", "(", ""},
	{"python", "class ", "", ":"},
	{"python", "from ", " import ", ""},
	{"go", "func ", "(", "{"},
	{"go", "package ", "", ""},
	{"rust", "fn ", "(", ""},
	{"rust", "pub fn ", "(", ""},
	{"rust", "impl ", "", "{"},
	{"javascript", "function ", "(", ""},
	{"javascript", "export ", "", ""},
	{"javascript", "const ", "=", ""},
	{"java", "public class ", "", ""},
	{"java", "import java", "", ";"},
	{"java", "public ", "(", "{"},
	{"java", "private ", "(", "{"},
	{"c", "#include ", "", ""},
	{"php", "<?php", "", ""},
	{"ruby", "require '", "", ""},
	{"sql", "SELECT ", " FROM ", ""},
}
