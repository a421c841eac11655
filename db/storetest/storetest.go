// Package storetest holds the promises of memory.Store as checks that every
// backend runs. A comment on a method of memory.Store is a promise, and has a
// check here; but that what was put survives the death of the process, each
// backend has to check for itself.
package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
	"zapomni/memory/words"
)

// Apart names the checks that a store leaves out whose workspaces know nothing
// of each other: Put does not refuse the ID of a memory of another one.
//
//nolint:gochecknoglobals // a constant list.
var Apart = []string{"PutRefusesIDOfAnotherWorkspace", "SameIDInTwoWorkspacesAtOnce"}

// Run makes each check on a store of its own, but for those that the store
// does not promise. open returns an empty store and closes it when the test
// ends.
func Run(t *testing.T, open func(t *testing.T) memory.Store, but ...string) {
	t.Helper()
	for _, group := range []map[string]func(*testing.T, memory.Store){
		keeping(), vectors(), forgetting(), listing(), matching(), nearest(), filtering(), counting(), reading(), headings(),
		neighborhood(), workspaces(), concurrency(), contexts(), closing(),
		attaching(), models(), detaching(), waiting(), similar(), meaningRaces(), meaningContexts(),
	} {
		for name, check := range group {
			if slices.Contains(but, name) {
				continue
			}
			t.Run(name, func(t *testing.T) { check(t, open(t)) })
		}
	}
}

// The workspaces that checks use: the one that always exists, and two that
// add makes.
const (
	home  memory.Workspace = "default"
	other memory.Workspace = "other"
	third memory.Workspace = "third"
)

// at is a moment, n minutes after some morning.
func at(n int) time.Time {
	return time.Date(2024, 5, 17, 8, n, 0, 123_456_000, time.UTC)
}

// note makes a memory of one chunk that speaks of the moment at(n).
func note(w memory.Workspace, n int, text string) memory.Memory {
	return memory.Memory{
		ID: memory.NewID(), Workspace: w, Text: text, CreatedAt: at(n), ValidFrom: at(n),
		Chunks: []memory.Chunk{{Start: 0, End: len(text)}},
	}
}

// notes puts one memory for each text, a minute apart.
func notes(t *testing.T, s memory.Store, w memory.Workspace, texts ...string) []memory.Memory {
	t.Helper()
	all := make([]memory.Memory, len(texts))
	for i, text := range texts {
		all[i] = note(w, i, text)
		put(t, s, all[i])
	}
	return all
}

func put(t *testing.T, s memory.Store, m memory.Memory) {
	t.Helper()
	require.NoError(t, s.Put(t.Context(), m))
}

func add(t *testing.T, s memory.Store, ws ...memory.Workspace) {
	t.Helper()
	for i, w := range ws {
		require.NoError(t, s.AddWorkspace(t.Context(), memory.WorkspaceInfo{ID: w, Name: string(w), CreatedAt: at(i)}))
	}
}

// terms are those of text as they are indexed, names and wholes included.
func terms(text string) []string {
	var a words.Analyzer
	return a.Terms(text)
}

func anyOf(text string) memory.TermQuery { return memory.TermQuery{Terms: terms(text)} }

// search returns the texts of the chunks that match, best first.
func search(t *testing.T, s memory.Store, w memory.Workspace, q memory.TermQuery, k int) []string {
	t.Helper()
	return textsOf(t, s, w, refs(t, s, w, q, k))
}

func refs(t *testing.T, s memory.Store, w memory.Workspace, q memory.TermQuery, k int) []memory.Ref {
	t.Helper()
	found, err := s.Matching(t.Context(), w, q, k)
	require.NoError(t, err)
	return found
}

// textsOf returns the texts of chunks in the order of refs.
func textsOf(t *testing.T, s memory.Store, w memory.Workspace, refs []memory.Ref) []string {
	t.Helper()
	passages, err := s.Passages(t.Context(), w, refs)
	require.NoError(t, err)
	byRef := make(map[memory.Ref]string, len(passages))
	for _, p := range passages {
		byRef[p.Ref] = p.Text
	}
	require.Len(t, byRef, len(refs), "a passage for each ref")
	texts := make([]string, len(refs))
	for i, ref := range refs {
		texts[i] = byRef[ref]
	}
	return texts
}

func counts(t *testing.T, s memory.Store, w memory.Workspace) memory.Counts {
	t.Helper()
	c, err := s.Counts(t.Context(), w)
	require.NoError(t, err)
	return c
}

// requireMemory compares the two as a store keeps them.
func requireMemory(t *testing.T, want, got memory.Memory) {
	t.Helper()
	require.True(t, want.CreatedAt.Equal(got.CreatedAt), "created %v, got %v", want.CreatedAt, got.CreatedAt)
	require.True(t, want.ValidFrom.Equal(got.ValidFrom), "valid from %v, got %v", want.ValidFrom, got.ValidFrom)
	require.Equal(t, time.UTC, got.CreatedAt.Location())
	require.Equal(t, time.UTC, got.ValidFrom.Location())
	if len(want.Text) > 1000 {
		require.True(t, want.Text == got.Text, "the text differs") //nolint:testifylint // a long text would be printed whole.
		got.Text = want.Text
	}
	got.CreatedAt, got.ValidFrom = want.CreatedAt, want.ValidFrom
	require.Equal(t, want, got)
}

// pieces cuts text into chunks of size bytes, each of which repeats the last
// bytes of the one before, and leaves gap bytes out between them.
func pieces(text string, size, repeat, gap int) []memory.Chunk {
	var chunks []memory.Chunk
	for start := 0; start < len(text); start += size - repeat + gap {
		chunks = append(chunks, memory.Chunk{Start: start, End: min(start+size, len(text))})
	}
	return chunks
}

// prose is text of at least n bytes, in which "word<i>" stands once for each i.
func prose(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "Sentence number word%d says something else. ", i)
	}
	return b.String()
}
