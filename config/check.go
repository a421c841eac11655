package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// check adds what the rooms say of c, under the names that the user gave.
func (l *loader) check(c Config) {
	for _, room := range rooms() {
		for _, err := range mistakes(&c, room) {
			// In the place of a value that could not be read stands its default,
			// of which there is nothing to say.
			if name := l.blame(room, err.Error()); !slices.Contains(l.unread, name) {
				l.wrong(name, err)
			}
		}
		for _, w := range doubts(&c, room) {
			l.warn("%s: %s", l.blame(room, w), w)
		}
	}
	var idle []string
	for _, s := range l.all {
		if from, ok := l.from[s.key]; ok && s.reserved {
			idle = append(idle, from.name)
		}
	}
	if len(idle) > 0 {
		l.warn("set, but not used by this version: %s", strings.Join(idle, ", "))
	}
}

// wrong adds an error under the name of what caused it.
func (l *loader) wrong(name string, err error) {
	l.errs = append(l.errs, fmt.Errorf("%s: %w", name, err))
}

func (l *loader) warn(format string, args ...any) {
	l.warnings = append(l.warnings, fmt.Sprintf(format, args...))
}

// blame names what caused a room's message: of the settings in it, the first
// that the user set, or else the variable to set. A message starts with what
// the setting is called; a second one follows it as "name (value)".
func (l *loader) blame(room, message string) string {
	first := room
	fields := strings.Fields(message)
	for i, word := range fields {
		if i > 0 && (i+1 == len(fields) || !strings.HasPrefix(fields[i+1], "(")) {
			continue
		}
		for _, s := range l.all {
			if s.room != room || !s.called(word) {
				continue
			}
			if from, ok := l.from[s.key]; ok {
				return from.name
			}
			if i == 0 {
				first = s.known
			}
		}
	}
	return first
}

// subject is the setting that a room's message is about.
func subject(message string) string {
	word, _, _ := strings.Cut(message, " ")
	return word
}

// rooms lists the fields of Config by their keys.
func rooms() []string {
	t := reflect.TypeFor[Config]()
	keys := make([]string, t.NumField())
	for i := range keys {
		keys[i] = t.Field(i).Tag.Get("mapstructure")
	}
	return keys
}

// settingsOf returns the part of c that the room owns.
func settingsOf(c *Config, room string) any {
	for i, key := range rooms() {
		if key == room {
			return reflect.ValueOf(c).Elem().Field(i).Interface()
		}
	}
	return nil
}

// mistakes returns the room's errors, one by one.
func mistakes(c *Config, room string) []error {
	v, ok := settingsOf(c, room).(interface{ Validate() error })
	if !ok {
		return nil
	}
	return flat(v.Validate())
}

// doubts returns the room's warnings. Not every room has any.
func doubts(c *Config, room string) []string {
	v, ok := settingsOf(c, room).(interface{ Warnings() []string })
	if !ok {
		return nil
	}
	return v.Warnings()
}

// flat takes joined errors apart.
func flat(err error) []error {
	if err == nil {
		return nil
	}
	type joined interface {
		error
		Unwrap() []error
	}
	j, ok := errors.AsType[joined](err)
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range j.Unwrap() {
		all = append(all, flat(e)...)
	}
	return all
}
