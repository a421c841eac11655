package falkor

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"zapomni/db/falkor/reply"
	"zapomni/memory"
)

// pythonMemory makes of a node what is kept of it, but for its ID, workspace
// and chunks. Blanks are still around the text.
func pythonMemory(row reply.Row) (memory.Memory, error) {
	text, err := pythonText("text", row.Get("text"))
	if err != nil {
		return memory.Memory{}, err
	}
	m := memory.Memory{Text: text}
	if strings.TrimSpace(text) == "" {
		return m, odd("text", "is empty")
	}
	about, err := pythonMetadata(row.Get("metadata"))
	if err != nil {
		return m, err
	}
	m.Metadata = about.json
	source, err := pythonText("source", row.Get("source"))
	if err != nil {
		return m, err
	}
	m.Source = cmp.Or(source, about.Source)
	if m.Tags, err = pythonTags(row.Get("tags"), about.Tags); err != nil {
		return m, err
	}
	m.CreatedAt, m.ValidFrom, err = pythonTimes(row, about)
	return m, err
}

// odd says what is wrong with a property.
func odd(property, what string) error {
	return fmt.Errorf("%w: its %s %s", memory.ErrInvalid, property, what)
}

// pythonText reads a text. One that is missing is empty.
func pythonText(property string, v reply.Value) (string, error) {
	switch {
	case v.IsNull():
		return "", nil
	case v.Kind() != reply.KindString:
		return "", odd(property, "is a "+v.Kind().String())
	case !utf8.ValidString(v.Text()):
		return "", odd(property, "is not valid UTF-8")
	}
	return strings.Clone(v.Text()), nil
}

// pythonAbout is metadata, and what is read off it where the node does not say.
type pythonAbout struct {
	json      []byte
	Source    string
	Tags      []string
	Timestamp string
}

func pythonMetadata(v reply.Value) (pythonAbout, error) {
	var about pythonAbout
	text, err := pythonText("metadata", v)
	if err != nil {
		return about, err
	}
	raw := bytes.TrimSpace([]byte(text))
	if len(raw) == 0 || string(raw) == "null" {
		return about, nil
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &fields); err != nil {
		return about, odd("metadata", "is no JSON object")
	}
	if len(fields) == 0 {
		return about, nil
	}
	about.json = raw
	// Of another form, they tell nothing.
	_ = json.Unmarshal(fields["source"], &about.Source)
	if json.Unmarshal(fields["tags"], &about.Tags) != nil {
		about.Tags = nil
	}
	_ = json.Unmarshal(fields["timestamp"], &about.Timestamp)
	return about, nil
}

// pythonTags reads tags: a list, or the JSON of one.
func pythonTags(v reply.Value, otherwise []string) ([]string, error) {
	switch v.Kind() {
	case reply.KindNull:
		return otherwise, nil
	case reply.KindString:
		var tags []string
		if text := v.Text(); text != "" && json.Unmarshal([]byte(text), &tags) != nil {
			return nil, odd("tags", "are no list")
		}
		return tags, nil
	case reply.KindList:
		var tags []string
		for i := range v.Len() {
			tag := v.At(i)
			if tag.Kind() != reply.KindString || !utf8.ValidString(tag.Text()) {
				return nil, odd("tags", "are not all texts")
			}
			tags = append(tags, strings.Clone(tag.Text()))
		}
		return tags, nil
	}
	return nil, odd("tags", "are a "+v.Kind().String())
}

// pythonTimes finds when a memory was recorded, and the time it speaks of.
func pythonTimes(row reply.Row, about pythonAbout) (created, valid time.Time, err error) {
	if created, err = pythonTime(row.Get("created_at")); err != nil {
		return created, valid, odd("created_at", err.Error())
	}
	if valid, err = pythonTime(row.Get("valid_from")); err != nil {
		return created, valid, odd("valid_from", err.Error())
	}
	stamp, _ := memory.ParseTime(about.Timestamp) // the Python version reads it no more than this
	valid = cmp.Or(valid, stamp, created)
	created = cmp.Or(created, valid)
	if created.IsZero() {
		return created, valid, odd("created_at", "is missing")
	}
	return created, valid, nil
}

// pythonTime reads a time, which is zero if it is missing.
func pythonTime(v reply.Value) (time.Time, error) {
	switch v.Kind() {
	case reply.KindNull:
		return time.Time{}, nil
	case reply.KindDateTime, reply.KindDate:
		return v.Time(), nil
	case reply.KindString:
		if t, err := memory.ParseTime(strings.TrimSpace(v.Text())); err == nil {
			return t, nil
		}
		return time.Time{}, errors.New("is no time")
	}
	return time.Time{}, fmt.Errorf("is a %v", v.Kind())
}
