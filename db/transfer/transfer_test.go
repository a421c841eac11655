package transfer_test

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/db/embedded"
	"zapomni/db/transfer"
	"zapomni/memory"
)

const home = memory.DefaultWorkspace

func open(t *testing.T) memory.Store {
	t.Helper()
	c := embedded.Defaults()
	c.Path = filepath.Join(t.TempDir(), "zapomni.db")
	s, err := embedded.Open(t.Context(), c, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// note makes a memory; many share their time, so that only the order of
// recording tells them apart.
func note(w memory.Workspace, i int) memory.Memory {
	text := fmt.Sprintf("Memory %d.\x00 \x1a0 🐍 %s", i, strings.Repeat("Something else. ", i%40))
	at := time.Date(2024, 5, 17, 8, i/10, 0, 123_456_000, time.UTC)
	m := memory.Memory{
		ID: memory.NewID(), Workspace: w, Text: text, Source: "chat", CreatedAt: at.Add(time.Hour), ValidFrom: at,
		Tags: []string{"a", "b,\n\"c"}, Metadata: []byte(`{"tags":["a","b,\n\"c"],"source":"chat","big":12345678901234567890}`),
		Chunks: []memory.Chunk{{Start: 0, End: len(text)}},
	}
	if n := len(text); n > 100 {
		m.Chunks = []memory.Chunk{{Start: 2, End: 60}, {Start: 50, End: n - 1}}
	}
	if i%3 == 0 {
		m.Chunks[0].Vector = []float32{float32(i) + 0.1, -1e-20, 3}
	}
	if i%7 == 0 {
		m.Metadata, m.Tags, m.Source = nil, nil, ""
	}
	return m
}

func fill(t *testing.T, s memory.Store, w memory.Workspace, n int) []memory.Memory {
	t.Helper()
	if w != home {
		require.NoError(t, s.AddWorkspace(t.Context(), memory.WorkspaceInfo{
			ID: w, Name: "The " + string(w), Description: "of " + string(w), CreatedAt: time.Date(2023, 1, 1, 0, 0, 0, 1000, time.UTC),
		}))
	}
	all := make([]memory.Memory, n)
	for i := range all {
		all[i] = note(w, i)
		require.NoError(t, s.Put(t.Context(), all[i]))
	}
	return all
}

func list(t *testing.T, s memory.Store, w memory.Workspace) []memory.ID {
	t.Helper()
	ids, next, err := s.List(t.Context(), w, "", 1_000_000)
	require.NoError(t, err)
	require.Empty(t, next)
	return ids
}

// requireSame requires that to holds what from does and nothing else, in the
// same order.
func requireSame(t *testing.T, from, to memory.Store) {
	t.Helper()
	want, err := from.Workspaces(t.Context())
	require.NoError(t, err)
	got, err := to.Workspaces(t.Context())
	require.NoError(t, err)
	got[0].CreatedAt = want[0].CreatedAt // each store made its own
	require.Equal(t, want, got)
	for _, info := range want {
		ids := list(t, from, info.ID)
		require.Equal(t, ids, list(t, to, info.ID))
		for _, id := range ids {
			a, err := from.Get(t.Context(), info.ID, id)
			require.NoError(t, err)
			b, err := to.Get(t.Context(), info.ID, id)
			require.NoError(t, err)
			require.Equal(t, a, b)
		}
	}
}

func TestCopyBringsEverything(t *testing.T) {
	from, to := open(t), open(t)
	a, b := fill(t, from, home, 1100), fill(t, from, "work", 30)
	fill(t, from, "empty", 0)
	var seen []transfer.Progress
	report, err := transfer.Copy(t.Context(), from, to, transfer.Options{Progress: func(p transfer.Progress) { seen = append(seen, p) }})
	require.NoError(t, err)
	requireSame(t, from, to)
	require.True(t, report.Complete())
	n, chunks := len(a)+len(b), 0
	for _, m := range append(a, b...) {
		chunks += len(m.Chunks)
	}
	require.Equal(t, transfer.Report{Workspaces: 3, Created: 2, Copied: n, Chunks: chunks, Verified: n}, report)
	require.Equal(t, transfer.Progress{Stage: transfer.Verifying, Workspace: "work", Done: n, Total: n}, seen[len(seen)-1])
	require.Contains(t, seen, transfer.Progress{Stage: transfer.Copying, Workspace: "work", Done: n, Total: n})
}

func TestCopyKeepsTheOrderOfMemoriesOfOneTime(t *testing.T) {
	from, to := open(t), open(t)
	all := fill(t, from, home, 10) // of the same minute
	_, err := transfer.Copy(t.Context(), from, to, transfer.Options{})
	require.NoError(t, err)
	neighbors, err := to.Around(t.Context(), home, []memory.ID{all[4].ID}, 2)
	require.NoError(t, err)
	at := map[int]memory.ID{}
	for _, n := range neighbors {
		at[n.Offset] = n.Memory
	}
	require.Equal(t, map[int]memory.ID{-2: all[2].ID, -1: all[3].ID, 1: all[5].ID, 2: all[6].ID}, at)
}

func TestCopyAgainChangesNothing(t *testing.T) {
	from, to := open(t), open(t)
	fill(t, from, home, 30)
	fill(t, from, "work", 3)
	_, err := transfer.Copy(t.Context(), from, to, transfer.Options{})
	require.NoError(t, err)
	report, err := transfer.Copy(t.Context(), from, to, transfer.Options{Overwrite: true})
	require.NoError(t, err)
	require.Equal(t, transfer.Report{Workspaces: 2, Skipped: 33, Verified: 33}, report)
	requireSame(t, from, to)
}

func TestCopyLeavesWhatTheDestinationHolds(t *testing.T) {
	from, to := open(t), open(t)
	fill(t, from, home, 20)
	own, others := fill(t, to, home, 5), fill(t, to, "private", 5)
	report, err := transfer.Copy(t.Context(), from, to, transfer.Options{})
	require.NoError(t, err)
	require.Equal(t, 20, report.Verified)
	require.True(t, report.Complete())
	require.Len(t, list(t, to, home), 25)
	for _, m := range append(own, others...) {
		got, err := to.Get(t.Context(), m.Workspace, m.ID)
		require.NoError(t, err)
		require.Equal(t, transfer.SumOf(m), transfer.SumOf(got))
	}
}

func TestCopyTreatsConflictsAsTold(t *testing.T) {
	for _, tc := range []struct {
		name      string
		overwrite bool
		want      transfer.Report
	}{
		{"left alone", false, transfer.Report{Workspaces: 1, Copied: 8, Chunks: 12, Skipped: 1, Verified: 9}},
		{"replaced", true, transfer.Report{Workspaces: 1, Copied: 8, Chunks: 13, Skipped: 1, Replaced: 1, Verified: 10}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			from, to := open(t), open(t)
			all := fill(t, from, home, 10)
			changed := all[3]
			changed.Tags = []string{"changed"}
			require.NoError(t, to.Put(t.Context(), all[0]))
			require.NoError(t, to.Put(t.Context(), changed))
			report, err := transfer.Copy(t.Context(), from, to, transfer.Options{Overwrite: tc.overwrite})
			require.NoError(t, err)
			require.Equal(t, tc.overwrite, report.Complete())
			got, err := to.Get(t.Context(), home, changed.ID)
			require.NoError(t, err)
			if tc.overwrite {
				require.Equal(t, all[3].Tags, got.Tags)
				require.Equal(t, 2, report.Moved, "what was recorded before memory 3 is behind it now")
			} else {
				require.Equal(t, changed.Tags, got.Tags)
				require.Len(t, report.Conflicts, 1)
				require.Equal(t, changed.ID, report.Conflicts[0].Memory)
				require.ErrorIs(t, report.Conflicts[0].Err, transfer.ErrDiffers)
			}
			report.Conflicts, report.Moved = nil, 0
			require.Equal(t, tc.want, report)
		})
	}
}

func TestCopyReportsAnIDOfAnotherWorkspace(t *testing.T) {
	from, to := open(t), open(t)
	all := fill(t, from, home, 3)
	fill(t, to, "work", 0)
	taken := all[1]
	taken.Workspace = "work"
	require.NoError(t, to.Put(t.Context(), taken))
	report, err := transfer.Copy(t.Context(), from, to, transfer.Options{Overwrite: true})
	require.NoError(t, err)
	require.Equal(t, 2, report.Verified)
	require.Len(t, report.Conflicts, 1)
	require.ErrorIs(t, report.Conflicts[0].Err, memory.ErrConflict)
	require.Contains(t, report.Conflicts[0].String(), string(taken.ID))
}

func TestCopyKeepsHowTheDestinationDescribesAWorkspace(t *testing.T) {
	from, to := open(t), open(t)
	fill(t, from, "work", 3)
	own := memory.WorkspaceInfo{ID: "work", Name: "Mine", CreatedAt: time.Unix(0, 0).UTC()}
	require.NoError(t, to.AddWorkspace(t.Context(), own))
	report, err := transfer.Copy(t.Context(), from, to, transfer.Options{Overwrite: true})
	require.NoError(t, err)
	require.Equal(t, []memory.Workspace{"work"}, report.Described)
	require.Equal(t, 3, report.Verified)
	got, err := to.Workspace(t.Context(), "work")
	require.NoError(t, err)
	require.Equal(t, own, got)
}
