package clients

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"zapomni/cmd/zapomni/jsonc"
)

// Entry is this program among the servers of a client.
type Entry struct {
	Name    string
	Command string            // absolute path of the program
	Env     map[string]string // may be nil
}

// nameLength is how long the name of an entry may be, nameLetters of what.
const (
	nameLength  = 64
	nameLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
)

// CheckName says what is wrong with the name of an entry.
func CheckName(name string) error {
	if name == "" || len(name) > nameLength || strings.Trim(name, nameLetters) != "" {
		return fmt.Errorf("the name %q should be 1 to 64 letters, digits, hyphens and underscores: it becomes part of the names of tools", name)
	}
	return nil
}

// shape is an entry as the clients write it.
type shape struct {
	Type    string            `json:"type,omitempty"`
	Command string            `json:"command"`
	Args    []string          `json:"args"`
	Env     map[string]string `json:"env,omitzero"`
}

func (c Client) shape(e Entry) (json.RawMessage, error) {
	s := shape{Command: e.Command, Args: []string{}, Env: e.Env}
	if c.typed {
		s.Type = "stdio"
	}
	if len(s.Env) == 0 {
		s.Env = nil
		if c.bareEnv {
			s.Env = map[string]string{}
		}
	}
	return marshal(s)
}

// Snippet is what a user would write into an empty file to have the entry.
func (c Client) Snippet(e Entry) ([]byte, error) { return c.add(nil, e) }

// add returns text with the entry. One that starts this program already keeps
// what else it says; any other of the name is replaced.
func (c Client) add(text []byte, e Entry) ([]byte, error) {
	old, err := jsonc.Get(text, c.key, e.Name)
	if err != nil {
		return nil, err
	}
	if old != nil && c.startsUs(text, e.Name) {
		return c.adjust(text, e)
	}
	made, err := c.shape(e)
	if err != nil {
		return nil, err
	}
	return jsonc.Set(text, made, c.key, e.Name)
}

// startsUs tells whether the entry of the name starts a program called like
// this one.
func (c Client) startsUs(text []byte, name string) bool {
	raw, err := jsonc.Get(text, c.key, name, "command")
	var command string
	if err != nil || json.Unmarshal(raw, &command) != nil {
		return false
	}
	base := strings.ToLower(command[strings.LastIndexAny(command, `/\`)+1:])
	return strings.TrimSuffix(base, ".exe") == "zapomni"
}

// adjust changes in the entry only what is asked for and differs.
func (c Client) adjust(text []byte, e Entry) ([]byte, error) {
	path := []string{c.key, e.Name}
	text, err := setString(text, e.Command, append(path, "command")...)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(e.Env)) {
		if text, err = setString(text, e.Env[name], append(path, "env", name)...); err != nil {
			return nil, err
		}
	}
	return text, nil
}

func setString(text []byte, to string, path ...string) ([]byte, error) {
	raw, err := jsonc.Get(text, path...)
	if err != nil {
		return nil, err
	}
	var is string
	if raw != nil && json.Unmarshal(raw, &is) == nil && is == to {
		return text, nil
	}
	made, err := marshal(to)
	if err != nil {
		return nil, err
	}
	return jsonc.Set(text, made, path...)
}

// remove returns text without the entry, and the entry as it was; nil if there
// was none.
func (c Client) remove(text []byte, name string) (rest []byte, entry json.RawMessage, err error) {
	if entry, err = jsonc.Get(text, c.key, name); err != nil || entry == nil {
		return text, nil, err
	}
	rest, err = jsonc.Remove(text, c.key, name)
	return rest, entry, err
}

// madeFrom tells whether putting the entry into before gives text.
func (c Client) madeFrom(before, text []byte, name string, entry json.RawMessage) bool {
	if there, err := jsonc.Get(before, c.key, name); err != nil || there != nil {
		return false
	}
	made, err := jsonc.Set(before, entry, c.key, name)
	return err == nil && bytes.Equal(made, text)
}

// marshal gives the JSON of v with the characters of paths as they are.
func marshal(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("marshal entry: %w", err)
	}
	return bytes.TrimSpace(b.Bytes()), nil
}
