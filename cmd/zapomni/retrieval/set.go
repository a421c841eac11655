// Package retrieval reads documents, and questions whose answers among them are
// known, and measures how well a search finds those.
//
// A set of them is a folder with three files:
//
//	corpus.jsonl   a document a line: {"id", "text", "meta"}
//	queries.jsonl  a question a line: {"id", "text", "meta"}
//	qrels.tsv      below a heading, a question, a document that answers it, and 1
//
// The first two may be compressed, as corpus.jsonl.gz and queries.jsonl.gz; what
// is not compressed comes first. A set is read whole or not at all, and an error
// names the file and the line.
package retrieval

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// The files of a set, by their names without the mark of compression.
const (
	corpus  = "corpus.jsonl"
	queries = "queries.jsonl"
	qrels   = "qrels.tsv"
)

// Set is what Read read.
type Set struct {
	// Name is that of the folder.
	Name      string
	Documents []Document // in the order of the file; at least one
	Questions []Question // those with a known answer; at least one
	// Unanswered is how many more questions there are: nobody knows an answer.
	Unanswered int
	// StrayQuestions and StrayDocuments are how many answers in qrels.tsv name a
	// question, or a document, that is not there. The former count for nothing;
	// the latter nobody can find, and they lower what is measured.
	StrayQuestions, StrayDocuments int
	// Elsewhere is how many more answers are documents of another workspace than
	// their question's: nobody can find those either.
	Elsewhere int
	// SHA256 is the checksum, in hexadecimal digits, of the three files one
	// after the other, in the order above and uncompressed.
	SHA256 string
}

// Document is a text to be found.
type Document struct {
	ID   string `json:"id"`
	Text string `json:"text"`
	Meta struct {
		Workspace string `json:"ws"`
		// The others are of a line of a conversation, which has a speaker.
		Speaker  string `json:"speaker"`
		Date     string `json:"date"`      // as of metadata's timestamp
		DateText string `json:"date_text"` // as people say it
		Caption  string `json:"caption"`   // of a photo shown along with it
	} `json:"meta"`
}

// Told is how a document is kept: the lines of a conversation with speaker and
// time, and all else as it is, without metadata.
func (d Document) Told() (text string, metadata map[string]any) {
	if d.Meta.Speaker == "" {
		return d.Text, nil
	}
	text = d.Meta.Speaker + ": " + d.Text
	if d.Meta.DateText != "" {
		text = fmt.Sprintf("%s (%s): %s", d.Meta.Speaker, d.Meta.DateText, d.Text)
	}
	if d.Meta.Caption != "" {
		text += fmt.Sprintf(" [shared a photo: %s]", d.Meta.Caption)
	}
	if d.Meta.Date == "" {
		return text, nil
	}
	return text, map[string]any{"timestamp": d.Meta.Date}
}

// Question is asked of the workspace that it names.
type Question struct {
	ID   string `json:"id"`
	Text string `json:"text"`
	Meta struct {
		Workspace string `json:"ws"`
	} `json:"meta"`
	// Answers are the IDs of the documents that answer it; at least one.
	Answers map[string]bool `json:"-"`
}

// Workspaces returns those that documents are in, in the order of their first
// documents.
func (s *Set) Workspaces() []string {
	var all []string
	known := make(map[string]bool)
	for _, d := range s.Documents {
		if w := d.Meta.Workspace; !known[w] {
			known[w] = true
			all = append(all, w)
		}
	}
	return all
}

// Find returns the folders of the sets in dir: dir itself if it has any of the
// files of one, or else those right below it that have, in the order of their
// names. There is at least one.
func Find(dir string) ([]string, error) {
	below, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("look for sets: %w", err)
	}
	if slices.ContainsFunc([]string{corpus, queries, qrels}, func(name string) bool {
		_, err := locate(dir, name)
		return err == nil
	}) {
		return []string{dir}, nil
	}
	var sets []string
	for _, entry := range below {
		folder := filepath.Join(dir, entry.Name())
		for _, name := range []string{corpus, queries, qrels} {
			if _, err := locate(folder, name); err == nil {
				sets = append(sets, folder)
				break
			}
		}
	}
	if len(sets) == 0 {
		return nil, fmt.Errorf("%s holds no set: neither it nor a folder in it has %s, %s and %s", dir, corpus, queries, qrels)
	}
	return sets, nil
}

// errMissing says that a file of a set is not there.
var errMissing = errors.New("is missing")

// locate returns the path of a file of a set, compressed or not.
func locate(folder, name string) (string, error) {
	paths := []string{filepath.Join(folder, name)}
	if name != qrels {
		paths = append(paths, paths[0]+compressed)
	}
	for _, path := range paths {
		fi, err := os.Stat(path)
		if err == nil && !fi.IsDir() {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s %w", paths[0], errMissing)
}
