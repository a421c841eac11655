package config

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/viper"

	"zapomni/memory/words"
)

var extensions = []string{".yaml", ".yml", ".toml", ".json"}

// findFile returns the configuration file: the one that was named, or the
// first of config.yaml, .yml, .toml and .json in the platform's place. Empty
// means that there is none.
func findFile(m machine, named string) (string, error) {
	if named != "" {
		path, err := m.resolve(named)
		if err == nil && !slices.Contains(extensions, strings.ToLower(filepath.Ext(path))) {
			err = fmt.Errorf("%q does not end in %s", named, strings.Join(extensions, ", "))
		}
		return path, err
	}
	dir, err := m.configDir()
	if err != nil {
		return "", nil //nolint:nilerr // no home, no file: the file is optional
	}
	for _, ext := range extensions {
		path := filepath.Join(dir, "config"+ext)
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			return path, nil
		}
	}
	return "", nil
}

// readFile returns what the file at path sets, by key.
func readFile(path string) (map[string]any, error) {
	v := viper.New()
	v.SetConfigFile(path)
	if err := v.ReadInConfig(); err != nil {
		return nil, err
	}
	values := map[string]any{}
	for _, key := range v.AllKeys() {
		if value := v.Get(key); value != nil {
			values[key] = value
		}
	}
	return values, nil
}

// unknown takes the keys that are no settings out of values and returns an
// error for each.
func unknown(values map[string]any, path string, all []setting) []error {
	keys := make([]string, len(all))
	for i, s := range all {
		keys[i] = s.key
	}
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if slices.Contains(keys, key) {
			continue
		}
		delete(values, key)
		errs = append(errs, fmt.Errorf("%s in %s: no such setting%s", key, path, suggestion(key, keys)))
	}
	return errs
}

// suggestion completes the sentence on an unknown key with what was probably
// meant, if there is anything like it.
func suggestion(key string, keys []string) string {
	if slices.ContainsFunc(keys, func(k string) bool { return strings.HasPrefix(k, key+".") }) {
		return ", but a group of settings"
	}
	if i := slices.IndexFunc(keys, func(k string) bool { return strings.HasPrefix(key, k+".") }); i >= 0 {
		return "; " + keys[i] + " is a setting, not a group"
	}
	best := slices.MinFunc(keys, func(a, b string) int { return words.Distance(key, a) - words.Distance(key, b) })
	if words.Distance(key, best) > max(2, len(key)/3) {
		return ""
	}
	return "; did you mean " + best + "?"
}
