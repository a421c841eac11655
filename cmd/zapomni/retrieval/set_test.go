package retrieval_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/cmd/zapomni/retrieval"
)

// The files of a small set.
const (
	corpusText = `{"id": "d1", "text": "Anna moved to Lisbon.", "meta": {"title": "Anna"}}

{"id": "d2", "text": "I adopted a puppy", "meta": {"ws": "chat", "speaker": "Ben", "date": "2023-05-08T13:56:00", "date_text": "1:56 pm on 8 May, 2023", "caption": "a dog"}}
{"id": "d3", "text": "Hello!", "meta": {"ws": "chat", "speaker": "Anna", "date": "2023-05-08T13:56:00", "date_text": "1:56 pm on 8 May, 2023"}}
{"id": "d4", "text": "Bye!", "meta": {"ws": "chat", "speaker": "Anna"}}
`
	queriesText = `{"id": "q1", "text": "Where does Anna live?", "category": "x", "meta": {"answer": "Lisbon"}}
{"id": "q2", "text": "Which pet has Ben?", "meta": {"ws": "chat"}}
{"id": "q3", "text": "Why?"}`
	qrelsText = "query-id\tcorpus-id\tscore\nq1\td1\t1\r\nq2\td2\t1\nq2\td9\t1\nq2\td9\t1\nq3\td1\t0\nq9\td1\t1\n"
)

// folder writes files, and returns where.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return dir
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.String()
}

func TestReadReadsASet(t *testing.T) {
	dir := folder(t, map[string]string{"mine/corpus.jsonl": corpusText, "mine/queries.jsonl": queriesText, "mine/qrels.tsv": qrelsText})
	set, err := retrieval.Read(filepath.Join(dir, "mine"))
	require.NoError(t, err)
	require.Equal(t, "mine", set.Name)
	require.Equal(t, []string{"", "chat"}, set.Workspaces())
	require.Len(t, set.Documents, 4)
	require.Len(t, set.Questions, 2)
	require.Equal(t, map[string]bool{"d2": true, "d9": true}, set.Questions[1].Answers)
	require.Equal(t, "chat", set.Questions[1].Meta.Workspace)
	require.Equal(t, [3]int{1, 1, 1}, [3]int{set.Unanswered, set.StrayQuestions, set.StrayDocuments})
	sum := sha256.Sum256([]byte(corpusText + queriesText + qrelsText))
	require.Equal(t, hex.EncodeToString(sum[:]), set.SHA256)
}

func TestReadMakesNoDifferenceOfCompression(t *testing.T) {
	plain, err := retrieval.Read(folder(t, map[string]string{"corpus.jsonl": corpusText, "queries.jsonl": queriesText, "qrels.tsv": qrelsText}))
	require.NoError(t, err)
	packed, err := retrieval.Read(folder(t, map[string]string{
		"corpus.jsonl.gz": zipped(t, corpusText), "queries.jsonl.gz": zipped(t, queriesText), "qrels.tsv": qrelsText,
	}))
	require.NoError(t, err)
	packed.Name = plain.Name
	require.Equal(t, plain, packed)
}

func TestReadNamesWhatIsWrong(t *testing.T) {
	for _, tc := range []struct {
		name, file, text string
		want             []string
	}{
		{"no corpus", "corpus.jsonl", "", []string{"corpus.jsonl is missing"}},
		{"no questions", "queries.jsonl", "", []string{"queries.jsonl is missing"}},
		{"no answers", "qrels.tsv", "", []string{"qrels.tsv is missing"}},
		{"a broken line", "corpus.jsonl", corpusText + `{"id": "d4"`, []string{"corpus.jsonl: line 6: ", "unexpected end of JSON"}},
		{"an id that is a number", "corpus.jsonl", `{"id": 1}`, []string{"corpus.jsonl: line 1: ", "number"}},
		{"a document without an id", "corpus.jsonl", `{"text": "x"}`, []string{"line 1: there is no id"}},
		{"a document without a text", "corpus.jsonl", `{"id": "d1", "text": " "}`, []string{"line 1: there is no text"}},
		{"a document that comes twice", "corpus.jsonl", corpusText + corpusText, []string{`line 6: there is another document "d1"`}},
		{"a date that is none", "corpus.jsonl", `{"id": "d1", "text": "x", "meta": {"speaker": "Ben", "date": "May"}}`, []string{"corpus.jsonl: line 1: the date should be like", `is "May"`}},
		{"bytes that are no UTF-8", "corpus.jsonl", "{\"id\": \"d1\", \"text\": \"caf\xe9\"}", []string{"corpus.jsonl: line 1: it is not valid UTF-8"}},
		{"no document", "corpus.jsonl", "\n", []string{"there is no document"}},
		{"a question without an id", "queries.jsonl", `{"text": "x"}`, []string{"queries.jsonl: line 1: there is no id"}},
		{"a question without a text", "queries.jsonl", `{"id": "q1"}`, []string{"line 1: there is no text"}},
		{"a question that comes twice", "queries.jsonl", queriesText + "\n" + queriesText, []string{`line 4: there is another question "q1"`}},
		{"a question that is too long", "queries.jsonl", `{"id": "q1", "text": "` + strings.Repeat("ы", 1001) + `"}`, []string{"line 1: the text has 1001 characters, and a question at most 1000"}},
		{"a broken question", "queries.jsonl", "[]", []string{"queries.jsonl: line 1: "}},
		{"blanks for tabs", "qrels.tsv", "q1 d1 1\n", []string{"qrels.tsv: line 1: ", "not 1 fields"}},
		{"a score that is none", "qrels.tsv", "q1\td1\t1\nq1\td1\tyes\n", []string{"qrels.tsv: line 2: ", `"yes"`}},
		{"only answers to other questions", "qrels.tsv", "q9\td1\t1\n", []string{"qrels.tsv has no answer to any of 3 questions"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			files := map[string]string{"corpus.jsonl": corpusText, "queries.jsonl": queriesText, "qrels.tsv": qrelsText}
			files[tc.file] = tc.text
			if tc.text == "" {
				delete(files, tc.file)
			}
			_, err := retrieval.Read(folder(t, files))
			require.Error(t, err)
			for _, want := range tc.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

func TestReadRefusesADamagedFile(t *testing.T) {
	whole := zipped(t, corpusText)
	for _, tc := range []struct{ name, corpus string }{
		{"not compressed", corpusText},
		{"cut off", whole[:len(whole)-12]},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := retrieval.Read(folder(t, map[string]string{"corpus.jsonl.gz": tc.corpus, "queries.jsonl": queriesText, "qrels.tsv": qrelsText}))
			require.ErrorContains(t, err, "corpus.jsonl.gz: ")
			require.NotContains(t, err.Error(), "JSON")
		})
	}
}

func TestReadOverlooksAMarkOfTheEncoding(t *testing.T) {
	set, err := retrieval.Read(folder(t, map[string]string{
		"corpus.jsonl": "\ufeff" + corpusText, "queries.jsonl": "\ufeff" + queriesText, "qrels.tsv": "\ufeffq1\td1\t1\n",
	}))
	require.NoError(t, err)
	require.Equal(t, map[string]bool{"d1": true}, set.Questions[0].Answers)
}

func TestReadCountsAnswersThatCannotBeFound(t *testing.T) {
	set, err := retrieval.Read(folder(t, map[string]string{
		"corpus.jsonl": corpusText, "queries.jsonl": queriesText,
		"qrels.tsv": "q1\td1\t1\nq1\td2\t1\nq1\td2\t1\nq1\td3\tNaN\nq1\td9\t1\nq2\td1\t1\n",
	}))
	require.NoError(t, err)
	require.Equal(t, map[string]bool{"d1": true, "d2": true, "d9": true}, set.Questions[0].Answers)
	require.Equal(t, [2]int{1, 2}, [2]int{set.StrayDocuments, set.Elsewhere})
}

func TestFindFindsSets(t *testing.T) {
	dir := folder(t, map[string]string{
		"b/corpus.jsonl.gz": "", "b/queries.jsonl.gz": "", "b/qrels.tsv": "",
		"a/qrels.tsv": "", "other/notes.txt": "", "README.md": "",
	})
	got, err := retrieval.Find(dir)
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(dir, "a"), filepath.Join(dir, "b")}, got)

	got, err = retrieval.Find(filepath.Join(dir, "a"))
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(dir, "a")}, got)

	_, err = retrieval.Find(filepath.Join(dir, "other"))
	require.ErrorContains(t, err, "holds no set")
	_, err = retrieval.Find(filepath.Join(dir, "nowhere"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestTurnsAreToldWithSpeakerAndTime(t *testing.T) {
	set, err := retrieval.Read(folder(t, map[string]string{"corpus.jsonl": corpusText, "queries.jsonl": queriesText, "qrels.tsv": qrelsText}))
	require.NoError(t, err)
	type told struct {
		text     string
		metadata map[string]any
	}
	at := map[string]any{"timestamp": "2023-05-08T13:56:00"}
	var got []told
	for _, d := range set.Documents {
		text, metadata := d.Told()
		got = append(got, told{text, metadata})
	}
	require.Equal(t, []told{
		{"Anna moved to Lisbon.", nil},
		{"Ben (1:56 pm on 8 May, 2023): I adopted a puppy [shared a photo: a dog]", at},
		{"Anna (1:56 pm on 8 May, 2023): Hello!", at},
		{"Anna: Bye!", nil},
	}, got)
}
