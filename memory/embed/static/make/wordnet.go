package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var (
	// syntactic is the mark of an adjective's place, as in "galore(ip)".
	syntactic = regexp.MustCompile(`\((?:a|p|ip)\)$`)
	quoted    = regexp.MustCompile(`"([^"]+)"`)
	afterQuot = regexp.MustCompile(`;\s*"`)
)

// glosses returns what WordNet says: its words and phrases, each set of them
// with its definition, the definition alone, and the examples.
func glosses(files []file) ([]string, error) {
	var texts []string
	for _, f := range files {
		for line := range strings.Lines(f.data) {
			if strings.HasPrefix(line, "  ") {
				continue // the licence
			}
			s, err := gloss(line)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", f.name, err)
			}
			texts = append(texts, s...)
		}
	}
	return texts, nil
}

func gloss(line string) ([]string, error) {
	head, says, ok := strings.Cut(line, "|")
	fields := strings.Fields(head)
	if !ok || len(fields) < 4 {
		return nil, fmt.Errorf("no gloss in %.60q", line)
	}
	n, err := strconv.ParseUint(fields[3], 16, 8)
	if err != nil || len(fields) < 4+2*int(n) {
		return nil, fmt.Errorf("no words in %.60q", line)
	}
	var texts []string
	for i := range int(n) {
		word := syntactic.ReplaceAllString(fields[4+2*i], "")
		texts = append(texts, strings.ReplaceAll(word, "_", " "))
	}
	says = strings.TrimSpace(says)
	defined := oneLine(strings.TrimRight(afterQuot.Split(says, 2)[0], "; "))
	texts = append(texts, strings.Join(texts, ", ")+": "+defined, defined)
	for _, m := range quoted.FindAllStringSubmatch(says, -1) {
		texts = append(texts, oneLine(m[1]))
	}
	return texts, nil
}
