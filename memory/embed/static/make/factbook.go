package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
)

var tag = regexp.MustCompile(`<[^>]+>|\+\+`)

// facts returns what the Factbook says of each country, each fact with the
// name of its country and what it is about.
func facts(files []file) ([]string, error) {
	var texts []string
	for _, f := range files {
		var country map[string]any
		if err := json.Unmarshal([]byte(f.data), &country); err != nil {
			return nil, fmt.Errorf("parse %s: %w", f.name, err)
		}
		name := textAt(country, "Government", "Country name", "conventional short form")
		if name != "" {
			texts = appendFacts(texts, name, "", country)
		}
	}
	return texts, nil
}

// appendFacts goes down to where there is nothing but a text.
func appendFacts(texts []string, name, about string, under map[string]any) []string {
	if text, ok := under["text"].(string); ok && len(under) == 1 {
		if text = oneLine(tag.ReplaceAllString(text, "")); len(text) > 20 {
			texts = append(texts, cut(name+", "+about+": "+text))
		}
		return texts
	}
	for _, key := range slices.Sorted(maps.Keys(under)) {
		if deeper, ok := under[key].(map[string]any); ok {
			texts = appendFacts(texts, name, key, deeper)
		}
	}
	return texts
}

func textAt(m map[string]any, keys ...string) string {
	for _, key := range keys {
		m, _ = m[key].(map[string]any)
	}
	text, _ := m["text"].(string)
	return text
}
