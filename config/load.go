package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// Load reads the settings. A flag counts before a variable in environ, that
// before one in the file .env in dir, that before the configuration file, and
// that before the default. Flags that fs does not have are skipped; fs may be
// nil. The file is the one that --config or ZAPOMNI_CONFIG names, or
// config.yaml, .yml, .toml or .json in the platform's place.
//
// Everything that is wrong is in the error, joined. Warnings are whole
// sentences for the user. Load depends on its arguments and files alone, but
// for references like $NAME in .env, which see the process's own environment.
func Load(fs *pflag.FlagSet, environ []string, dir string) (c Config, warnings []string, err error) {
	return load(fs, machine{goos: runtime.GOOS, dir: dir, env: variables(environ)})
}

// A loader gathers the values, and remembers where each came from.
type loader struct {
	machine
	all      []setting
	values   *viper.Viper
	from     map[string]origin // by key; what is missing is a default
	unread   []string          // names of the values that could not be read
	warnings []string
	errs     []error
}

// An origin is where a value came from, as a reader would name it.
type origin struct {
	name string
	flag bool
}

func load(fs *pflag.FlagSet, m machine) (Config, []string, error) {
	l := &loader{machine: m, all: settings(), values: viper.New(), from: map[string]origin{}}
	if fs == nil {
		fs = pflag.NewFlagSet("", pflag.ContinueOnError)
	}
	local, warnings := dotenv(m.dir)
	l.warnings = warnings

	defaults := Defaults()
	for _, s := range l.all {
		l.values.SetDefault(s.key, s.field(&defaults).Interface())
	}
	l.readFile(fs, local)
	l.readVariables(local, " in "+dotenvName)
	l.readVariables(m.env, "")
	l.readFlags(fs)

	c := l.decode()
	l.findPlaces(&c)
	l.check(c)
	if err := errors.Join(l.errs...); err != nil {
		return Config{}, l.warnings, err
	}
	return c, l.warnings, nil
}

func (l *loader) readFile(fs *pflag.FlagSet, local map[string]string) {
	var named string
	from := "configuration file"
	if path, ok := changed(fs, configFlag); ok {
		named, from = path, "--"+configFlag
	} else if named = l.env[configVariable]; named != "" {
		from = configVariable
	} else if named = local[configVariable]; named != "" {
		from = configVariable + " in " + dotenvName
	}
	path, err := findFile(l.machine, named)
	if err != nil {
		l.wrong(from, err)
	}
	if path == "" || err != nil {
		return
	}
	values, err := readFile(path)
	if err != nil {
		l.wrong(from, fmt.Errorf("read %s: %w", path, err))
		return
	}
	l.errs = append(l.errs, unknown(values, path, l.all)...)
	for key := range values {
		l.from[key] = origin{name: key + " in " + path}
	}
	l.merge(values)
}

// readVariables takes the settings that env holds; where says what env is.
func (l *loader) readVariables(env map[string]string, where string) {
	values := map[string]any{}
	for _, s := range l.all {
		taken := ""
		for _, name := range slices.Concat(s.names, s.old) {
			value, ok := env[name]
			if !ok {
				continue
			}
			if taken == "" {
				taken = name
				values[s.key] = value
				l.from[s.key] = origin{name: name + where}
			}
			l.warnDeprecated(s, name, where, taken)
		}
	}
	l.merge(values)
}

func (l *loader) warnDeprecated(s setting, name, where, taken string) {
	switch {
	case !slices.Contains(s.old, name):
	case name == taken:
		l.warn("%s%s is deprecated: use %s", name, where, s.known)
	default:
		l.warn("%s%s is deprecated, and not read since %s is set", name, where, taken)
	}
}

func (l *loader) readFlags(fs *pflag.FlagSet) {
	values := map[string]any{}
	for _, s := range l.all {
		if value, ok := changed(fs, s.flag); ok {
			values[s.key] = value
			l.from[s.key] = origin{name: "--" + s.flag, flag: true}
		}
	}
	l.merge(values)
}

// merge lays values, by key, over those that are there.
func (l *loader) merge(values map[string]any) {
	tree := map[string]any{}
	for key, value := range values {
		at := tree
		parts := strings.Split(key, ".")
		for _, p := range parts[:len(parts)-1] {
			if _, ok := at[p]; !ok {
				at[p] = map[string]any{}
			}
			at = at[p].(map[string]any)
		}
		at[parts[len(parts)-1]] = value
	}
	if err := l.values.MergeConfigMap(tree); err != nil {
		l.errs = append(l.errs, fmt.Errorf("merge settings: %w", err))
	}
}

func (l *loader) decode() Config {
	c := Defaults()
	for _, s := range l.all {
		v, err := convert(s.typ, l.values.Get(s.key))
		if err == nil && s.path {
			v, err = l.place(s, v.(string))
		}
		if err != nil {
			l.unread = append(l.unread, l.from[s.key].name)
			l.wrong(l.from[s.key].name, err)
			continue
		}
		s.set(&c, v)
	}
	return c
}

func (l *loader) place(s setting, path string) (any, error) {
	resolved, err := l.resolve(path)
	if from := l.from[s.key]; err == nil && resolved == filepath.Join(l.dir, path) && path != "" && !from.flag {
		l.warn("%s: %q is relative, so it depends on the directory that the program is started in", from.name, path)
	}
	return resolved, err
}

// findPlaces fills in what depends on the machine.
func (l *loader) findPlaces(c *Config) {
	if c.DB.DataDir == "" {
		dir, err := l.dataDir()
		if err != nil && c.DB.Embedded.Path == "" {
			l.wrong("ZAPOMNI_DATA_DIR", fmt.Errorf("the data directory has no place: %w", err))
		}
		c.DB.DataDir = dir
	}
	if c.DB.Embedded.Path == "" && c.DB.DataDir != "" {
		c.DB.Embedded.Path = filepath.Join(c.DB.DataDir, "zapomni.db")
	}
}
