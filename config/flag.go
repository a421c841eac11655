package config

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"slices"

	"github.com/spf13/pflag"
)

const (
	configFlag     = "config"
	configVariable = "ZAPOMNI_CONFIG"
	serveRoom      = "transport"
)

// Flags adds the flags that every command has: --config and one for each
// setting that names a flag, apart from those of ServeFlags.
func Flags(fs *pflag.FlagSet) {
	fs.String(configFlag, "", "configuration file (YAML, TOML or JSON)")
	add(fs, func(s setting) bool { return s.room != serveRoom })
}

// ServeFlags adds the flags of the command that serves clients: how they
// reach it.
func ServeFlags(fs *pflag.FlagSet) {
	add(fs, func(s setting) bool { return s.room == serveRoom })
}

func add(fs *pflag.FlagSet, wanted func(setting) bool) {
	defaults := Defaults()
	for _, s := range settings() {
		if s.flag != "" && wanted(s) {
			f := fs.VarPF(&flagValue{setting: s, text: s.shown(&defaults)}, s.flag, "", s.usage)
			if s.typ.Kind() == reflect.Bool {
				f.NoOptDefVal = "true"
			}
		}
	}
}

// changed returns the value of a flag that was given. It may be empty.
func changed(fs *pflag.FlagSet, name string) (value string, ok bool) {
	if f := fs.Lookup(name); f != nil && f.Changed {
		return f.Value.String(), true
	}
	return "", false
}

// Variables returns the variables that set for another process what the flags
// that were given set for this one, in any directory: paths in them are
// absolute. An empty flag gives none.
func Variables(fs *pflag.FlagSet, environ []string, dir string) (map[string]string, error) {
	m := machine{goos: runtime.GOOS, dir: dir, env: variables(environ)}
	env := map[string]string{}
	var errs []error
	file := setting{flag: configFlag, names: []string{configVariable}, path: true}
	for _, s := range slices.Concat(settings(), []setting{file}) {
		value, _ := changed(fs, s.flag)
		if s.path {
			var err error
			if value, err = m.resolve(value); err != nil {
				errs = append(errs, fmt.Errorf("--%s: %w", s.flag, err))
			}
		}
		if value != "" {
			env[s.names[0]] = value
		}
	}
	return env, errors.Join(errs...)
}

// A flagValue is checked as soon as it is given, so that a bad one is a
// mistake in the use of the command.
type flagValue struct {
	setting setting
	text    string
}

func (f *flagValue) String() string { return f.text }

func (f *flagValue) Type() string { return f.setting.typeName() }

func (f *flagValue) Set(text string) error {
	v, err := convert(f.setting.typ, text)
	if err != nil {
		return err
	}
	c := Defaults()
	f.setting.set(&c, v)
	for _, err := range mistakes(&c, f.setting.room) {
		// Other mistakes are those of a default that is filled in later.
		if f.setting.called(subject(err.Error())) {
			return err
		}
	}
	f.text = text
	return nil
}
