package config

import (
	"reflect"
	"slices"
	"strings"
	"sync"
)

// A setting is one field of a room's struct, with all its names.
type setting struct {
	key   string   // path of the field: db.falkor.pool.max_size
	room  string   // first part of the key
	names []string // variables, the first one that is set counts
	known string   // the variable to tell a reader of: the first promised one, if any
	old   []string // variables that are still read, after names, with a warning
	flag  string   // without dashes; empty for none
	usage string

	secret   bool // never shown
	path     bool // of a file or directory: ~ and relative paths are resolved
	reserved bool // nothing in this version reads it

	index []int // of the field within Config
	typ   reflect.Type
}

// A section is a struct with a title of its own, and the settings in it.
type section struct {
	title    string
	key      string
	settings []setting
}

// settings lists every setting, in the order of the structs. It walks them
// once, when first asked.
var settings = sync.OnceValue(func() []setting {
	var all []setting
	for _, s := range sections() {
		all = append(all, s.settings...)
	}
	return all
})

func sections() []section {
	return walk(reflect.TypeFor[Config](), section{}, setting{})
}

// walk returns in, filled with the settings that stand in t itself, and after
// it the sections of the structs below t. The setting above holds what they
// inherit.
func walk(t reflect.Type, in section, above setting) []section {
	var below []section
	for i := range t.NumField() {
		f := t.Field(i)
		s := inherit(above, f, i)
		switch {
		case f.Type.Kind() != reflect.Struct:
			in.settings = append(in.settings, s)
		case s.key == above.key: // squashed: its settings are ours
			part := walk(f.Type, section{}, s)
			in.settings = append(in.settings, part[0].settings...)
			below = append(below, part[1:]...)
		default:
			below = append(below, walk(f.Type, section{title: s.usage, key: s.key}, s)...)
		}
	}
	return append([]section{in}, below...)
}

// inherit describes the field f, the i-th of a struct described by above.
func inherit(above setting, f reflect.StructField, i int) setting {
	s := setting{
		key:      above.key,
		room:     above.room,
		flag:     f.Tag.Get("flag"),
		usage:    f.Tag.Get("usage"),
		secret:   f.Tag.Get("secret") == "true",
		path:     f.Tag.Get("path") == "true",
		reserved: above.reserved || f.Tag.Get("reserved") == "true",
		index:    append(slices.Clone(above.index), i),
		typ:      f.Type,
	}
	if name := f.Tag.Get("mapstructure"); name != ",squash" {
		s.key = strings.TrimPrefix(above.key+"."+name, ".")
	}
	if s.room == "" {
		s.room = s.key
	}
	promised := list(f.Tag.Get("env"))
	s.names = names(s.key, promised)
	if len(promised) > 0 {
		s.known = promised[0]
	} else {
		s.known = s.names[0]
	}
	s.old = list(f.Tag.Get("deprecated"))
	return s
}

// names puts the variables of a setting in order: those that only this
// program reads first, since they are meant for it, the one made of the key
// among them; then those it shares with others.
func names(key string, promised []string) []string {
	const own = "ZAPOMNI_"
	derived := own + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
	var ours, shared []string
	for _, n := range promised {
		switch {
		case n == derived:
		case strings.HasPrefix(n, own):
			ours = append(ours, n)
		default:
			shared = append(shared, n)
		}
	}
	return slices.Concat(ours, []string{derived}, shared)
}

// field is where c holds the setting.
func (s setting) field(c *Config) reflect.Value {
	return reflect.ValueOf(c).Elem().FieldByIndex(s.index)
}

// set puts a value that convert made into c.
func (s setting) set(c *Config, v any) { s.field(c).Set(reflect.ValueOf(v)) }

// shown is the value in c as a reader would write it.
func (s setting) shown(c *Config) string { return text(s.field(c).Interface()) }

// called tells whether a room's message names the setting so: by the last part
// of its key, or by the last two where settings of the room share that one.
func (s setting) called(name string) bool { return strings.HasSuffix(s.key, "."+name) }
