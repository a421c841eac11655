package retrieval

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"zapomni/memory"
)

// compressed is how the name of a compressed file ends.
const compressed = ".gz"

// reading is a set being read.
type reading struct {
	set       Set
	sum       hash.Hash
	documents map[string]string // their workspaces
	questions map[string]*Question
	order     []*Question // as in the file
}

// Read reads the set in a folder.
func Read(folder string) (*Set, error) {
	full, err := filepath.Abs(folder)
	if err != nil {
		return nil, fmt.Errorf("read set: %w", err)
	}
	r := &reading{
		set: Set{Name: filepath.Base(full)}, sum: sha256.New(),
		documents: make(map[string]string), questions: make(map[string]*Question),
	}
	for _, file := range []struct {
		name string
		take func(n int, line []byte) error
	}{{corpus, r.document}, {queries, r.question}, {qrels, r.answer}} {
		path, err := locate(folder, file.name)
		if err == nil {
			err = eachLine(path, r.sum, file.take)
		}
		if err != nil {
			return nil, fmt.Errorf("read set %s: %w", r.set.Name, err)
		}
	}
	for _, q := range r.order {
		if len(q.Answers) == 0 {
			r.set.Unanswered++
			continue
		}
		r.set.Questions = append(r.set.Questions, *q)
	}
	switch {
	case len(r.set.Documents) == 0:
		return nil, fmt.Errorf("read set %s: there is no document", r.set.Name)
	case len(r.set.Questions) == 0:
		return nil, fmt.Errorf("read set %s: %s has no answer to any of %d questions", r.set.Name, qrels, len(r.order))
	}
	r.set.SHA256 = hex.EncodeToString(r.sum.Sum(nil))
	return &r.set, nil
}

func (r *reading) document(_ int, line []byte) error {
	var d Document
	if err := json.Unmarshal(line, &d); err != nil {
		return err
	}
	_, again := r.documents[d.ID]
	_, undated := memory.ParseTime(d.Meta.Date)
	switch {
	case d.ID == "":
		return errors.New("there is no id")
	case again:
		return fmt.Errorf("there is another document %q", d.ID)
	case strings.TrimSpace(d.Text) == "":
		return errors.New("there is no text")
	case d.Meta.Speaker != "" && d.Meta.Date != "" && undated != nil:
		return fmt.Errorf("the date should be like 2025-03-01 or 2025-03-01T18:30:00, and is %q", d.Meta.Date)
	}
	r.documents[d.ID] = d.Meta.Workspace
	r.set.Documents = append(r.set.Documents, d)
	return nil
}

func (r *reading) question(_ int, line []byte) error {
	q := &Question{Answers: make(map[string]bool)}
	if err := json.Unmarshal(line, q); err != nil {
		return err
	}
	length := utf8.RuneCountInString(q.Text)
	switch {
	case q.ID == "":
		return errors.New("there is no id")
	case r.questions[q.ID] != nil:
		return fmt.Errorf("there is another question %q", q.ID)
	case strings.TrimSpace(q.Text) == "":
		return errors.New("there is no text")
	case length > memory.MaxQueryLength:
		return fmt.Errorf("the text has %d characters, and a question at most %d", length, memory.MaxQueryLength)
	}
	r.questions[q.ID] = q
	r.order = append(r.order, q)
	return nil
}

func (r *reading) answer(n int, line []byte) error {
	fields := strings.Split(string(line), "\t")
	if len(fields) != 3 {
		return fmt.Errorf("there should be a question, a document and a score, with tabs between them, and not %d fields", len(fields))
	}
	score, err := strconv.ParseFloat(strings.TrimSpace(fields[2]), 64)
	q := r.questions[fields[0]]
	w, known := r.documents[fields[1]]
	switch {
	case err != nil && n == 1:
		return nil // the heading
	case err != nil:
		return fmt.Errorf("the score should be a number, and is %q", fields[2])
	case !(score > 0): // so that NaN is none
		return nil // it was looked at, and answers nothing
	case q == nil:
		r.set.StrayQuestions++
		return nil
	case q.Answers[fields[1]]: // it has been counted
	case !known:
		r.set.StrayDocuments++
	case w != q.Meta.Workspace:
		r.set.Elsewhere++
	}
	q.Answers[fields[1]] = true
	return nil
}

// errNotUTF8 is told, as what was read instead would not be what is there.
var errNotUTF8 = errors.New("it is not valid UTF-8")

// eachLine hands take each line of a file that is not blank, counted from 1,
// without the end of the line, and writes the whole to sum.
func eachLine(path string, sum io.Writer, take func(n int, line []byte) error) (err error) {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // nothing was written
	var from io.Reader = file
	if strings.HasSuffix(path, compressed) {
		if from, err = gzip.NewReader(file); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	lines := bufio.NewReaderSize(io.TeeReader(from, sum), 1<<16)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		end := errors.Is(err, io.EOF)
		if err != nil && !end {
			return fmt.Errorf("%s: line %d: %w", path, n, err)
		}
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff")) // a mark of the encoding
		}
		if line = bytes.TrimRight(line, "\r\n"); len(bytes.TrimSpace(line)) > 0 {
			err := errNotUTF8
			if utf8.Valid(line) {
				err = take(n, line)
			}
			if err != nil {
				return fmt.Errorf("%s: line %d: %w", path, n, err)
			}
		}
		if end {
			return nil
		}
	}
}
