package main

import (
	"regexp"
	"strings"
)

// longest is how many bytes a text for the table may have: about as many as
// the chunks that it is for.
const longest = 500

var (
	blankLine = regexp.MustCompile(`\n\s*\n`)
	// sentenceEnd has the first character of the next sentence as its last.
	sentenceEnd = regexp.MustCompile(`[.!?]["']?\s+["'A-Z]`)
)

// passages cuts prose into pieces of one, two, four and eight sentences, as
// questions and chunks are short and long.
func passages(files []file) ([]string, error) {
	var texts []string
	lengths, next := [...]int{1, 1, 2, 4, 8}, 0
	for _, f := range files {
		for _, paragraph := range blankLine.Split(f.data, -1) {
			for rest := sentences(oneLine(paragraph)); len(rest) > 0; next++ {
				n, text := 0, ""
				for n < min(len(rest), lengths[next%len(lengths)]) && len(text)+len(rest[n]) < longest {
					text = strings.TrimSpace(text + " " + rest[n])
					n++
				}
				if text != "" {
					texts = append(texts, text)
				}
				rest = rest[max(n, 1):]
			}
		}
	}
	return texts, nil
}

func sentences(text string) []string {
	var out []string
	for {
		at := sentenceEnd.FindStringIndex(text)
		if at == nil {
			break
		}
		out = append(out, strings.TrimSpace(text[:at[1]-1]))
		text = text[at[1]-1:]
	}
	if text != "" {
		out = append(out, text)
	}
	return out
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
