package clients

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"zapomni/cmd/zapomni/jsonc"
)

// Change is what is to become of a client's file. Nothing is done until it is
// applied.
type Change struct {
	// Path is the file itself, where a link leads to.
	Path string
	// Before and After are its contents; nil means that there is no file.
	Before, After []byte
	// Replaces tells that an entry of the name, for something else, goes.
	Replaces bool
}

// Install plans to put the entry into the file.
func (c Client) Install(path string, e Entry) (Change, error) {
	ch, err := read(path)
	if err != nil {
		return Change{}, err
	}
	if _, err := os.Lstat(ch.Path); err == nil && ch.Before == nil {
		return Change{}, fmt.Errorf("%s is a link to what is not there: make that, or remove the link", ch.Path)
	}
	if ch.After, err = c.add(ch.Before, e); err != nil {
		return Change{}, c.refuse(ch.Path, e, err)
	}
	there, err := jsonc.Get(ch.Before, c.key, e.Name)
	ch.Replaces = err == nil && there != nil && !c.startsUs(ch.Before, e.Name)
	return ch, nil
}

// refuse says why a file is left alone, and how to do without.
func (c Client) refuse(path string, e Entry, why error) error {
	snippet, err := c.Snippet(e)
	if err != nil {
		return errors.Join(why, err)
	}
	return fmt.Errorf("%s is left as it is, as it cannot be changed safely: %w\nMend it and try again, or add this to it:\n%s",
		path, why, bytes.TrimSpace(snippet))
}

// Uninstall plans to take the entry of the name out of the file. A file that
// is still as Install left it becomes what it was before, or goes if there was
// none.
func (c Client) Uninstall(path, name string) (Change, error) {
	ch, err := read(path)
	if err != nil {
		return Change{}, err
	}
	rest, entry, err := c.remove(ch.Before, name)
	if err != nil {
		return Change{}, fmt.Errorf("%s is left as it is, as it cannot be changed safely: %w", ch.Path, err)
	}
	ch.After = rest
	if entry == nil {
		return ch, nil
	}
	kept, err := backups(ch.Path)
	if err != nil {
		return Change{}, err
	}
	for _, b := range kept {
		if c.madeFrom(b.text, ch.Before, name, entry) {
			ch.After = b.text
			return ch, nil
		}
	}
	if c.madeFrom(nil, ch.Before, name, entry) {
		ch.After = nil
	}
	return ch, nil
}

func read(path string) (Change, error) {
	// A link stays one: what it leads to is changed.
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Change{Path: path}, nil
	case err != nil:
		return Change{}, fmt.Errorf("read the configuration: %w", err)
	case text == nil:
		text = []byte{}
	}
	return Change{Path: path, Before: text}, nil
}

// Nothing tells whether the change leaves everything as it is.
func (ch Change) Nothing() bool {
	return (ch.Before == nil) == (ch.After == nil) && bytes.Equal(ch.Before, ch.After)
}

// Apply makes the change, after it has put a copy of the file beside it, whose
// name it returns. It is empty if there was nothing to copy, or the file goes
// and was made by Install.
func (ch Change) Apply() (backup string, err error) {
	if ch.Nothing() {
		return "", nil
	}
	now, err := read(ch.Path)
	if err != nil {
		return "", err
	}
	if !bytes.Equal(now.Before, ch.Before) {
		return "", fmt.Errorf("%s was changed by another program meanwhile: try again", ch.Path)
	}
	if ch.After == nil {
		if err := os.Remove(ch.Path); err != nil {
			return "", fmt.Errorf("remove the configuration: %w", err)
		}
		return "", nil
	}
	mode := fs.FileMode(0o600)
	if ch.Before == nil {
		if err := os.MkdirAll(filepath.Dir(ch.Path), 0o755); err != nil {
			return "", fmt.Errorf("make the directory of the configuration: %w", err)
		}
	} else if mode, backup, err = ch.keep(); err != nil {
		return "", fmt.Errorf("back up the configuration: %w", err)
	}
	if err := write(ch.Path, ch.After, mode); err != nil {
		return backup, fmt.Errorf("write the configuration: %w", err)
	}
	return backup, nil
}

// keep makes a copy of the file, unless there is one.
func (ch Change) keep() (mode fs.FileMode, path string, err error) {
	fi, err := os.Stat(ch.Path)
	if err != nil {
		return 0, "", err
	}
	kept, err := backups(ch.Path)
	if err != nil {
		return 0, "", err
	}
	for _, b := range kept {
		if bytes.Equal(b.text, ch.Before) {
			return fi.Mode().Perm(), b.path, nil
		}
	}
	path = backupName(ch.Path, len(kept))
	return fi.Mode().Perm(), path, write(path, ch.Before, fi.Mode().Perm())
}

// saved is a copy of a file.
type saved struct {
	path string
	text []byte
}

// backups returns the copies of a file, the newest first.
func backups(path string) ([]saved, error) {
	var all []saved
	for {
		name := backupName(path, len(all))
		text, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("look at the backups: %w", err)
		}
		all = append([]saved{{name, text}}, all...)
	}
}

// backupName is the name of the n-th copy of a file, from 0.
func backupName(path string, n int) string {
	path += ".backup"
	if n > 0 {
		path += "." + strconv.Itoa(n)
	}
	return path
}

// write puts a file in its place at once: whoever reads it sees all of the old
// or all of the new, and so does the next start after a loss of power.
func write(path string, text []byte, mode fs.FileMode) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = os.Chmod(f.Name(), mode); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
