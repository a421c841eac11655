package config

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/subosito/gotenv"
)

// variables reads an environment as os.Environ gives it. Names are in upper
// case; one that was written so counts before others. Empty ones are left out.
func variables(environ []string) map[string]string {
	env := make(map[string]string, len(environ))
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		upper := strings.ToUpper(name)
		_, taken := env[upper]
		if value != "" && (name == upper || !taken) {
			env[upper] = value
		}
	}
	return env
}

const dotenvName = ".env"

// dotenv reads the file .env in dir, which may be missing. It belongs to
// whoever owns the directory, so nothing in it is an error; what could not be
// read is told in warnings, without the text, which may be secret.
func dotenv(dir string) (env map[string]string, warnings []string) {
	path := filepath.Join(dir, dotenvName)
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			warnings = append(warnings, fmt.Sprintf("%s is not read: %v", dotenvName, err))
		}
		return nil, warnings
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, []string{fmt.Sprintf("%s is not read: %v", dotenvName, err)}
	}
	parsed, bad := parseDotenv(keepHashes(string(text)))
	for _, line := range bad {
		warnings = append(warnings, fmt.Sprintf("%s: line %d is not NAME=value and is left out", dotenvName, line))
	}
	environ := make([]string, 0, len(parsed))
	for name, value := range parsed {
		environ = append(environ, name+"="+strings.ReplaceAll(value, string(hash), "#"))
	}
	return variables(environ), warnings
}

// hash stands for a # within a value while gotenv reads it, for which every
// one outside quotes starts a comment.
const hash = '\ufdd0'

// keepHashes puts hash in the place of each # that no blank and no quote is
// in front of, as only others start a comment.
func keepHashes(text string) string {
	if !utf8.ValidString(text) {
		return text // in another encoding, which gotenv knows
	}
	before := '\n'
	return strings.Map(func(r rune) rune {
		if r == '#' && !unicode.IsSpace(before) && !strings.ContainsRune("\"'#\ufeff", before) {
			return hash // and before is still the same for another #
		}
		before = r
		return r
	}, text)
}

// parseDotenv reads text as a whole, and line by line if it cannot be. It
// returns the numbers of the lines that make no sense.
func parseDotenv(text string) (env gotenv.Env, bad []int) {
	env, err := gotenv.StrictParse(strings.NewReader(text))
	if err == nil {
		return env, nil
	}
	env = gotenv.Env{}
	n := 0
	for line := range strings.Lines(text) {
		n++
		parsed, err := gotenv.StrictParse(strings.NewReader(line))
		if err != nil {
			bad = append(bad, n)
		}
		maps.Copy(env, parsed)
	}
	return env, bad
}
