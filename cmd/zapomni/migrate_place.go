package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"zapomni/config"
	"zapomni/db"
	"zapomni/db/falkor"
	"zapomni/db/transfer"
	"zapomni/memory"
	"zapomni/memory/chunk"
)

// place is a store as the command line names it.
type place struct {
	flag   string         // that names it
	name   string         // for a person, without a password
	file   string         // of an embedded store; empty for any other
	falkor *falkor.Config // of any other
	python bool           // it is a graph of the Python version
}

const pythonPlace = "python"

// place reads the value of a flag.
func (a *app) place(flag, text string, c config.Config) (place, error) {
	p := place{flag: flag}
	rest, python := text, false
	if text == pythonPlace {
		rest, python = db.FalkorDB, true
	} else if after, ok := strings.CutPrefix(text, pythonPlace+":"); ok {
		rest, python = after, true
	}
	path, embedded := strings.CutPrefix(rest, db.Embedded+":")
	switch {
	case python && flag != "--from":
		return p, misused("%s: the graph of the Python version can only be read", flag)
	case rest == db.Embedded && !python:
		p.file = c.DB.Embedded.Path
	case embedded && path != "" && !python:
		p.file = a.fileOf(path)
	case rest == db.FalkorDB:
		p.falkor = &c.DB.Falkor
	case strings.Contains(rest, "://"):
		at, err := falkorAt(rest, c.DB.Falkor)
		if err != nil {
			return p, misused("%s: %w", flag, err)
		}
		p.falkor = &at
	case strings.Contains(rest, "@"):
		return p, misused("%s: %w", flag, errPlaceURL) // it may hold a password
	default:
		return p, misused("%s should be embedded, embedded:PATH, falkordb, a redis:// URL, or python:URL to read from, got %q", flag, rest)
	}
	p.python = python
	p.name = p.describe(rest)
	return p, nil
}

// fileOf finds the file of a store, which the path of its directory may stand
// for. Where there is nothing yet, a path with an extension is a file.
func (a *app) fileOf(path string) string {
	dir := os.IsPathSeparator(path[len(path)-1])
	if rest, ok := strings.CutPrefix(path, "~"); ok && (rest == "" || os.IsPathSeparator(rest[0])) {
		path = filepath.Join(cmp.Or(a.variable("HOME"), a.variable("USERPROFILE")), rest)
	}
	path = a.path(path)
	fi, err := os.Stat(path)
	if err == nil {
		dir = fi.IsDir()
	} else {
		dir = dir || filepath.Ext(path) == ""
	}
	if dir {
		return filepath.Join(path, "zapomni.db")
	}
	return path
}

var errPlaceURL = errors.New("the URL cannot be read: it should be like redis://user:password@host:port?graph=NAME")

// falkorAt returns the settings for a URL. What is configured of another server
// is not carried over to it: least of all a password.
func falkorAt(text string, configured falkor.Config) (falkor.Config, error) {
	u, err := url.Parse(text)
	if err != nil {
		return falkor.Config{}, errPlaceURL // the cause would repeat the password
	}
	c := falkor.Defaults()
	c.ConnectionTimeout, c.Wait, c.Pool, c.Retry = configured.ConnectionTimeout, configured.Wait, configured.Pool, configured.Retry
	c.HNSWM, c.HNSWBuild, c.HNSWSearch = configured.HNSWM, configured.HNSWBuild, configured.HNSWSearch
	if u.Scheme == "rediss" || u.Scheme == "falkors" {
		c.TLS = configured.TLS
	}
	query := u.Query()
	c.Graph = cmp.Or(query.Get("graph"), configured.Graph)
	query.Del("graph")
	u.RawQuery = query.Encode()
	c.URL = falkor.Secret(u.String())
	return c, c.Validate()
}

func (p place) describe(text string) string {
	if p.file != "" {
		return db.Embedded + " " + p.file
	}
	name := db.FalkorDB
	if u, err := url.Parse(text); err == nil && u.Scheme != "" {
		u.RawQuery = ""
		if _, secret := u.User.Password(); u.User != nil && !secret {
			u.User = url.User("xxxxx") // some write the password alone
		}
		name = u.Redacted()
	}
	if p.python {
		name = pythonPlace + " " + name
	}
	return name + " graph " + p.falkor.Graph
}

// readable is an open source.
type readable interface {
	transfer.Source
	io.Closer
}

// source opens p to be read. Opening a store makes it where there is none, so
// that is looked at first.
func (p place) source(ctx context.Context, c config.Config, log *slog.Logger) (readable, error) {
	switch {
	case p.python:
		return falkor.OpenPython(ctx, *p.falkor, chunk.Options{Size: c.Memory.ChunkSize, Overlap: c.Memory.ChunkOverlap}, log)
	case p.file != "":
		if fi, err := os.Stat(p.file); errors.Is(err, fs.ErrNotExist) || err == nil && fi.Size() == 0 {
			return nil, fmt.Errorf("there is no store %s", p.file)
		}
	default:
		id, err := falkor.Identify(ctx, *p.falkor, log)
		if err != nil {
			return nil, err
		}
		if id.Missing() {
			return nil, fmt.Errorf("there is no graph %s: another one can be named with ?graph=NAME", p.falkor.Graph)
		}
	}
	return p.store(ctx, c, log)
}

// store opens p to be written.
func (p place) store(ctx context.Context, c config.Config, log *slog.Logger) (memory.Store, error) {
	if p.file != "" {
		c.DB.Driver, c.DB.Embedded.Path = db.Embedded, p.file
	} else {
		c.DB.Driver, c.DB.Falkor = db.FalkorDB, *p.falkor
	}
	return db.Open(ctx, c.DB, log)
}

// distinct refuses to copy a store to itself.
func distinct(ctx context.Context, from, to place, log *slog.Logger) error {
	same := false
	switch {
	case from.file != "" && to.file != "":
		same = from.file == to.file || sameFile(from.file, to.file)
	case from.falkor != nil && to.falkor != nil:
		source, err := falkor.Identify(ctx, *from.falkor, log)
		if err != nil {
			return fmt.Errorf("open the source: %w", err)
		}
		destination, err := falkor.Identify(ctx, *to.falkor, log)
		if err != nil {
			return fmt.Errorf("open the destination: %w", err)
		}
		same = source.Overlaps(destination)
	}
	if !same {
		return nil
	}
	if from.falkor != nil {
		return misused("source and destination share a graph: name another one for the destination with ?graph=NAME")
	}
	return misused("source and destination are the same file: %s", from.file)
}
