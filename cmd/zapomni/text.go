package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"unicode/utf8"
)

// text is something to be kept that has not been read yet.
type text struct {
	name   string // for messages
	source string // where it comes from; empty if that says nothing
	size   int64  // in bytes; -1 if it is not known
	open   func() (io.ReadCloser, error)
}

// standardInput is how standard input is called on the command line.
const standardInput = "-"

// texts finds what the command line asks to keep.
func (a *app) texts(files, args []string) ([]text, error) {
	switch {
	case len(files) > 0 && len(args) > 0:
		return nil, misused("give either a text or files, not both")
	case len(files) > 0:
		texts := make([]text, len(files))
		for i, path := range files {
			texts[i] = a.fileText(path)
		}
		return texts, nil
	case len(args) == 1 && args[0] == standardInput, len(args) == 0 && !isTerminal(a.in):
		return []text{a.piped()}, nil
	case len(args) == 0:
		return nil, misused("there is nothing to add: give a text, a --file, or pipe something in")
	}
	said := strings.Join(args, " ")
	return []text{{name: "the text", size: int64(len(said)), open: func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(said)), nil
	}}}, nil
}

func (a *app) piped() text {
	return text{name: "standard input", size: -1, open: func() (io.ReadCloser, error) {
		return io.NopCloser(a.in), nil
	}}
}

func (a *app) fileText(path string) text {
	if path == standardInput {
		return a.piped()
	}
	t := text{name: path, source: path, size: -1}
	full := a.path(path)
	fi, err := os.Stat(full)
	if err == nil && fi.Mode().IsRegular() {
		t.size = fi.Size()
	}
	t.open = func() (io.ReadCloser, error) {
		switch {
		case err != nil:
			return nil, cause(err)
		case fi.IsDir():
			return nil, errors.New("it is a directory: name the files in it")
		}
		f, err := os.Open(full)
		return f, cause(err)
	}
	return t
}

// cause is what went wrong with a file, without its path.
func cause(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

// read returns the whole of a text that has no more than so many characters.
// What could not be kept is not read to its end.
func (t text) read(ctx context.Context, p *progress, most int) (string, error) {
	limit := int64(most) * utf8.UTFMax
	if t.size > limit {
		return "", fmt.Errorf("it has %d bytes, and a memory at most %d characters", t.size, most)
	}
	content, err := within(ctx, func() ([]byte, error) { return t.content(p, limit+1) })
	switch {
	case err != nil:
		return "", err
	case int64(len(content)) > limit:
		return "", fmt.Errorf("it has more than %d bytes, and a memory at most %d characters", limit, most)
	case utf8.Valid(content):
		content = bytes.TrimPrefix(content, []byte("\ufeff")) // a mark of the encoding, not of the text
	}
	return string(content), nil
}

// content returns the first so many bytes of a text.
func (t text) content(p *progress, most int64) ([]byte, error) {
	r, err := t.open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }() // nothing was written
	content, err := io.ReadAll(io.LimitReader(p.over(r), most))
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	return content, nil
}

// within returns what read does, unless ctx is done before, which leaves it
// behind: neither to open a pipe nor to read from one can be broken off.
func within(ctx context.Context, read func() ([]byte, error)) ([]byte, error) {
	type result struct {
		content []byte
		err     error
	}
	done := make(chan result, 1)
	go func() {
		content, err := read()
		done <- result{content, err}
	}()
	select {
	case got := <-done:
		return got.content, got.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
