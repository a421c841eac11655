package main

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func TestAddPrintsTheIDThatSearchFinds(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		args     []string
	}{
		{"from the command line", "", []string{"Anna moved", "to Lisbon"}},
		{"from a pipe", "Anna moved to Lisbon", nil},
		{"from a pipe that is named", "Anna moved to Lisbon", []string{"-"}},
		{"from a pipe named as a file", "Anna moved to Lisbon", []string{"--file", "-"}},
		{"from a file", "", []string{"--file", "anna.txt"}},
		{"from a file with a mark of its encoding", "", []string{"--file", "mark.txt"}},
		{"of a text that only looks like a flag", "", []string{"--", "Anna moved", "to Lisbon"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := newHome(t)
			h.write(t, "anna.txt", "Anna moved to Lisbon\n")
			h.write(t, "mark.txt", "\ufeffAnna moved to Lisbon")
			got := h.pipe(t, tc.in, append([]string{"add"}, tc.args...)...)
			require.Zero(t, got.status, got.err)
			id := strings.TrimSuffix(got.out, "\n")
			require.NoError(t, uuid.Validate(id))

			found := decoded[answer](t, h.fine(t, "search", "--json", "where did Anna move"))
			require.Len(t, found.Hits, 1)
			require.Equal(t, id, string(found.Hits[0].ID))
			require.Equal(t, "Anna moved to Lisbon", found.Hits[0].Text)
		})
	}
}

func TestAddKeepsWhatIsSaidOfTheText(t *testing.T) {
	h := newHome(t)
	out := h.fine(t, "add", "hello", "--json", "--tag", "a", "--tag", "b,c", "--source", "chat",
		"--timestamp", "2024-05-01", "--metadata", `{"tags": ["z"], "source": "elsewhere", "big": 12345678901234567890}`)
	got := decoded[added](t, out)
	require.Equal(t, []string{"z", "a", "b,c"}, got.Tags)
	require.Equal(t, "chat", got.Source)
	require.Equal(t, time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC), got.ValidFrom)
	require.Equal(t, "default", string(got.Workspace))
	require.Equal(t, 1, got.Chunks)
	require.WithinDuration(t, time.Now(), got.CreatedAt, time.Minute)
}

func TestAddTakesTheFileAsSourceUnlessTold(t *testing.T) {
	h := newHome(t)
	h.write(t, "notes/a.txt", "hello")
	path := filepath.Join("notes", "a.txt")
	for _, tc := range []struct {
		name string
		args []string
		want string
	}{
		{"the path", nil, path},
		{"a flag", []string{"--source", "mine"}, "mine"},
		{"metadata", []string{"--metadata", `{"source": "theirs"}`}, "theirs"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out := h.fine(t, append([]string{"add", "--json", "--file", path}, tc.args...)...)
			require.Equal(t, tc.want, decoded[added](t, out).Source)
		})
	}
}

func TestAddOfSeveralFilesGoesOnAfterOneThatFails(t *testing.T) {
	h := newHome(t)
	h.write(t, "a.txt", "first")
	h.write(t, "bad.txt", "ab\xffcd")
	h.write(t, "blank.txt", " \n")
	h.write(t, "b.txt", "second")
	got := h.run(t, "add", "--file", "a.txt", "--file", "missing.txt", "--file", "bad.txt", "--file", "blank.txt",
		"--file", ".", "--file", "b.txt")
	require.Equal(t, exitError, got.status)
	require.Len(t, strings.Fields(got.out), 2)
	require.Contains(t, got.err, "zapomni: add missing.txt: ")
	require.Contains(t, got.err, "zapomni: add bad.txt: text is not valid UTF-8 at byte 2\n")
	require.Contains(t, got.err, "zapomni: add blank.txt: text cannot be empty")
	require.Contains(t, got.err, "zapomni: add .: it is a directory: name the files in it\n")
	require.True(t, strings.HasSuffix(got.err, "zapomni: 4 of 6 files were not added\n"), got.err)
	require.Equal(t, 2, decoded[stats](t, h.fine(t, "stats", "--json")).Memories)
}

func TestAddRefusesWhatIsTooLong(t *testing.T) {
	h := newHome(t)
	h.environ = append(h.environ, "MAX_TEXT_LENGTH=1000")
	long := strings.Repeat("ж", 1000)
	h.write(t, "fits.txt", long)
	h.write(t, "chars.txt", long+"ж")
	h.write(t, "bytes.txt", strings.Repeat("a", 4001))
	h.fine(t, "add", "--file", "fits.txt")
	require.Contains(t, h.run(t, "add", "--file", "chars.txt").err, "Text exceeds maximum length (1000 chars)")
	require.Contains(t, h.run(t, "add", "--file", "bytes.txt").err, "it has 4001 bytes, and a memory at most 1000 characters")
	require.Contains(t, h.pipe(t, strings.Repeat("a", 4001), "add").err, "it has more than 4000 bytes, and a memory at most 1000 characters")
}

func TestAddStopsWaitingForInputWhenTold(t *testing.T) {
	reader, writer := io.Pipe()
	defer writer.Close()
	never := make(chan struct{})
	defer close(never)
	for _, tc := range []struct {
		name string
		open func() (io.ReadCloser, error)
	}{
		{"that says nothing", func() (io.ReadCloser, error) { return reader, nil }},
		{"that nobody opened to write", func() (io.ReadCloser, error) { <-never; return nil, io.EOF }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			p := &progress{stop: make(chan struct{})}
			defer p.end()
			cancel()
			_, err := text{name: "silent", size: -1, open: tc.open}.read(ctx, p, 1000)
			require.ErrorIs(t, err, context.Canceled)
		})
	}
}

func TestAddThatCannotPrintSaysWhatItKept(t *testing.T) {
	h := newHome(t)
	h.write(t, "a.txt", "first")
	h.write(t, "b.txt", "second")
	var errOut bytes.Buffer
	status := run(t.Context(), world{
		in: strings.NewReader(""), out: unwritable{}, err: &errOut, environ: h.environ, dir: h.dir,
	}, []string{"add", "--file", "a.txt", "--file", "b.txt"})
	require.Equal(t, exitError, status)
	id := string(decoded[answer](t, h.fine(t, "search", "--json", "first second")).Hits[0].ID)
	require.Equal(t, "zapomni: a.txt was added as "+id+", but that cannot be printed: nobody reads\n", errOut.String())
	require.Equal(t, 1, decoded[stats](t, h.fine(t, "stats", "--json")).Memories)
}
