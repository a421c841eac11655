package memory

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Draft is a text to be kept.
type Draft struct {
	Workspace Workspace // empty means the default one
	// Text is kept without the blanks around it.
	Text string
	// Metadata is kept as given. Known keys: "source" (a string), "tags"
	// (strings) and "timestamp" (RFC 3339 or a date: the time the text speaks
	// of). What the caller made of JSON is expected: no channels, no NaN.
	Metadata map[string]any
}

// Limits of a draft's metadata.
const (
	maxMetadataLength = 100_000 // characters of JSON
	maxMetadataDepth  = 32
)

// details is what is read off metadata.
type details struct {
	json      []byte
	tags      []string
	source    string
	timestamp time.Time // zero when none is given
}

// cleanText returns the text that is kept of a draft.
func cleanText(text string, maxLength int) (string, error) {
	if at := invalidUTF8(text); at >= 0 {
		return "", &FieldError{Field: "text", Why: fmt.Sprintf("text is not valid UTF-8 at byte %d", at)}
	}
	text = strings.TrimSpace(text)
	if text == "" {
		return "", &FieldError{Field: "text", Why: "text cannot be empty or contain only whitespace"}
	}
	if len(text) > maxLength && utf8.RuneCountInString(text) > maxLength {
		return "", &FieldError{Field: "text", Why: fmt.Sprintf("Text exceeds maximum length (%d chars)", maxLength)}
	}
	return text, nil
}

// invalidUTF8 returns where text stops being UTF-8; -1 if it does not.
func invalidUTF8(text string) int {
	if utf8.ValidString(text) {
		return -1
	}
	for at, r := range text {
		if _, n := utf8.DecodeRuneInString(text[at:]); r == utf8.RuneError && n == 1 {
			return at
		}
	}
	return -1
}

// readMetadata checks metadata and reads off it what is known.
func readMetadata(metadata map[string]any) (details, error) {
	if len(metadata) == 0 {
		return details{}, nil
	}
	for _, key := range []string{"memory_id", "chunks"} {
		if _, ok := metadata[key]; ok {
			return details{}, &FieldError{Field: "metadata", Why: "Reserved key in metadata: " + key}
		}
	}
	if depth(metadata, maxMetadataDepth) > maxMetadataDepth {
		return details{}, &FieldError{Field: "metadata", Why: fmt.Sprintf("metadata is nested more than %d levels deep", maxMetadataDepth)}
	}
	var d details
	var err error
	if d.json, err = marshal(metadata); err != nil {
		return details{}, &FieldError{Field: "metadata", Why: "metadata must be JSON: " + err.Error()}
	}
	if utf8.RuneCount(d.json) > maxMetadataLength {
		return details{}, &FieldError{Field: "metadata", Why: fmt.Sprintf("metadata exceeds %d characters of JSON", maxMetadataLength)}
	}
	if d.tags, err = tagsOf(metadata["tags"]); err != nil {
		return details{}, err
	}
	if d.source, err = stringOf(metadata, "source"); err != nil {
		return details{}, err
	}
	stamp, err := stringOf(metadata, "timestamp")
	if err != nil || stamp == "" {
		return d, err
	}
	if d.timestamp, err = ParseTime(stamp); err != nil {
		return details{}, &FieldError{Field: "metadata.timestamp", Why: "metadata.timestamp must be RFC 3339 or a date (YYYY-MM-DD)"}
	}
	return d, nil
}

// marshal gives the JSON of v without a line feed and with its characters as
// they are.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// depth returns how deep v is nested, or something above limit.
func depth(v any, limit int) int {
	if limit < 0 {
		return 1
	}
	deepest := 0
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			deepest = max(deepest, depth(e, limit-1))
		}
	case []any:
		for _, e := range v {
			deepest = max(deepest, depth(e, limit-1))
		}
	default:
		return 0
	}
	return deepest + 1
}

func tagsOf(v any) ([]string, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case []string:
		return v, nil
	case []any:
		tags := make([]string, len(v))
		for i, e := range v {
			tag, ok := e.(string)
			if !ok {
				return nil, &FieldError{Field: "metadata.tags", Why: "metadata.tags must be a list of strings"}
			}
			tags[i] = tag
		}
		return tags, nil
	}
	return nil, &FieldError{Field: "metadata.tags", Why: "metadata.tags must be a list of strings"}
}

func stringOf(metadata map[string]any, key string) (string, error) {
	v, ok := metadata[key]
	if !ok || v == nil {
		return "", nil
	}
	s, ok := v.(string)
	if !ok {
		return "", &FieldError{Field: "metadata." + key, Why: "metadata." + key + " must be a string"}
	}
	return s, nil
}

// ParseTime reads a time in RFC 3339, with or without its zone, or a date,
// which means its midnight. Without a zone it is UTC. The answer is UTC, to
// the microsecond.
func ParseTime(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC().Truncate(time.Microsecond), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time: %w", s, ErrInvalid)
}

// ParseEnd reads the end of a span of time as people mean it, which is the last
// day or the last moment of the span. The answer is what comes right behind, as
// Filter.To has it: the next midnight, or the next microsecond.
func ParseEnd(s string) (time.Time, error) {
	t, err := ParseTime(s)
	if err != nil {
		return time.Time{}, err
	}
	if _, notDay := time.Parse(time.DateOnly, s); notDay == nil {
		return t.AddDate(0, 0, 1), nil
	}
	return t.Add(time.Microsecond), nil
}
