package transfer_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/db/transfer"
	"zapomni/memory"
)

var errBroken = errors.New("broken")

// faulty is a store of which single calls fail.
type faulty struct {
	memory.Store

	get    func(memory.ID) error
	put    func(memory.Memory) (memory.Memory, error)
	counts func(memory.Counts) memory.Counts
	infos  []memory.WorkspaceInfo
}

func (f *faulty) Get(ctx context.Context, w memory.Workspace, id memory.ID) (memory.Memory, error) {
	if f.get != nil {
		if err := f.get(id); err != nil {
			return memory.Memory{}, err
		}
	}
	return f.Store.Get(ctx, w, id)
}

func (f *faulty) Put(ctx context.Context, m memory.Memory) error {
	if f.put != nil {
		var err error
		if m, err = f.put(m); err != nil || m.ID == "" {
			return err
		}
	}
	return f.Store.Put(ctx, m)
}

func (f *faulty) Counts(ctx context.Context, w memory.Workspace) (memory.Counts, error) {
	c, err := f.Store.Counts(ctx, w)
	if f.counts != nil {
		c = f.counts(c)
	}
	return c, err
}

func (f *faulty) Workspaces(ctx context.Context) ([]memory.WorkspaceInfo, error) {
	infos, err := f.Store.Workspaces(ctx)
	return append(infos, f.infos...), err
}

func TestCopyGoesOnWhereItWasCutOff(t *testing.T) {
	from, to := open(t), open(t)
	fill(t, from, home, 40)
	fill(t, from, "work", 10)
	left := 0
	cut := &faulty{Store: to, put: func(m memory.Memory) (memory.Memory, error) {
		if left--; left < 0 {
			return m, fmt.Errorf("put: %w", memory.ErrUnavailable)
		}
		return m, nil
	}}
	for runs := 1; ; runs++ {
		left = 7
		report, err := transfer.Copy(t.Context(), from, cut, transfer.Options{})
		if err == nil {
			require.Equal(t, 8, runs)
			require.Equal(t, 49, report.Skipped)
			require.Equal(t, 50, report.Verified)
			break
		}
		require.ErrorIs(t, err, memory.ErrUnavailable)
		require.Equal(t, 7, report.Copied)
	}
	requireSame(t, from, to)
}

func TestCopyReportsWhatCannotBeReadOrKept(t *testing.T) {
	from, to := open(t), open(t)
	all := fill(t, from, home, 10)
	source := &faulty{Store: from, get: func(id memory.ID) error {
		switch id {
		case all[2].ID:
			return errBroken
		case all[4].ID:
			return memory.ErrNotFound
		}
		return nil
	}}
	destination := &faulty{Store: to, put: func(m memory.Memory) (memory.Memory, error) {
		if m.ID == all[6].ID {
			return m, memory.ErrInvalid
		}
		return m, nil
	}}
	report, err := transfer.Copy(t.Context(), source, destination, transfer.Options{})
	require.NoError(t, err)
	require.Equal(t, []transfer.Problem{
		{Workspace: home, Memory: all[2].ID, Err: errBroken}, {Workspace: home, Memory: all[6].ID, Err: memory.ErrInvalid},
	}, report.Failures)
	require.False(t, report.Complete())
	require.Equal(t, 1, report.Gone)
	require.Equal(t, 7, report.Verified)
	require.Len(t, list(t, to, home), 7)
}

func TestCopyReportsWhatCannotBeReadInTheDestination(t *testing.T) {
	from, to := open(t), open(t)
	all := fill(t, from, home, 10)
	require.NoError(t, to.Put(t.Context(), all[3]))
	destination := &faulty{Store: to, get: func(id memory.ID) error {
		if id == all[3].ID {
			return errBroken
		}
		return nil
	}}
	report, err := transfer.Copy(t.Context(), from, destination, transfer.Options{Overwrite: true})
	require.NoError(t, err)
	require.Len(t, report.Failures, 1)
	require.Equal(t, all[3].ID, report.Failures[0].Memory)
	require.EqualError(t, report.Failures[0].Err, "in the destination: broken")
	require.Equal(t, 9, report.Copied)
}

func TestCopyEndsWithTheStores(t *testing.T) {
	for _, tc := range []struct {
		name  string
		fault error
	}{
		{"unavailable", memory.ErrUnavailable},
		{"full", memory.ErrFull},
		{"cancelled", context.Canceled},
		{"out of time", context.DeadlineExceeded},
	} {
		t.Run(tc.name, func(t *testing.T) {
			from, to := open(t), open(t)
			all := fill(t, from, home, 20)
			fault := fmt.Errorf("get: %w", tc.fault)
			_, err := transfer.Copy(t.Context(), &faulty{Store: from, get: func(id memory.ID) error {
				if id == all[10].ID {
					return fault
				}
				return nil
			}}, to, transfer.Options{})
			require.ErrorIs(t, err, tc.fault)
			require.Len(t, list(t, to, home), 10)

			_, err = transfer.Copy(t.Context(), from, &faulty{Store: to, get: func(memory.ID) error { return fault }}, transfer.Options{})
			require.ErrorIs(t, err, tc.fault)
		})
	}
}

func TestCopyStopsWhenToldTo(t *testing.T) {
	from, to := open(t), open(t)
	fill(t, from, home, 20)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := transfer.Copy(ctx, from, to, transfer.Options{Progress: func(p transfer.Progress) {
		if p.Done == 5 {
			cancel()
		}
	}})
	require.ErrorIs(t, err, context.Canceled)
	require.Len(t, list(t, to, home), 5)
}

func TestCopyNoticesADestinationThatIsNotTrue(t *testing.T) {
	var lost memory.ID
	for _, tc := range []struct {
		name string
		to   faulty
		want transfer.Problem
	}{
		{"it loses a memory", faulty{put: func(m memory.Memory) (memory.Memory, error) {
			if m.ID == lost {
				m.ID = ""
			}
			return m, nil
		}}, transfer.Problem{Memory: "lost", Err: transfer.ErrMissing}},
		{"it changes a memory", faulty{put: func(m memory.Memory) (memory.Memory, error) {
			if m.ID == lost {
				m.ValidFrom = m.ValidFrom.Add(time.Microsecond)
			}
			return m, nil
		}}, transfer.Problem{Memory: "lost", Err: transfer.ErrChanged}},
		{"it cannot read one back", faulty{get: func() func(memory.ID) error {
			calls := 0
			return func(id memory.ID) error {
				if id != lost {
					return nil
				}
				if calls++; calls == 1 {
					return memory.ErrNotFound
				}
				return errBroken
			}
		}()}, transfer.Problem{Memory: "lost", Err: errBroken}},
		{
			"it miscounts memories",
			faulty{counts: func(c memory.Counts) memory.Counts { c.Memories++; return c }},
			transfer.Problem{Err: transfer.ErrCount},
		},
		{
			"it miscounts chunks",
			faulty{counts: func(c memory.Counts) memory.Counts { c.Chunks--; return c }},
			transfer.Problem{Err: transfer.ErrCount},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			from := open(t)
			lost = fill(t, from, home, 20)[11].ID
			tc.to.Store, tc.want.Workspace = open(t), home
			if tc.want.Memory != "" {
				tc.want.Memory = lost
			}
			report, err := transfer.Copy(t.Context(), from, &tc.to, transfer.Options{})
			require.NoError(t, err)
			require.Equal(t, []transfer.Problem{tc.want}, report.Failures)
		})
	}
}

func TestCopyTellsWhatCameIntoTheSourceMeanwhile(t *testing.T) {
	from, to := open(t), open(t)
	fill(t, from, home, 5)
	var late []transfer.Problem
	more := transfer.Options{Progress: func(p transfer.Progress) {
		if p.Stage == transfer.Copying || late != nil {
			return
		}
		for _, m := range append(fill(t, from, "late", 2), note(home, 5)) {
			require.NoError(t, from.Put(t.Context(), m))
			late = append(late, transfer.Problem{Workspace: m.Workspace, Memory: m.ID, Err: transfer.ErrLate})
		}
	}}
	report, err := transfer.Copy(t.Context(), from, to, more)
	require.NoError(t, err)
	require.Equal(t, 5, report.Verified)
	require.ElementsMatch(t, late, report.Failures)
	require.False(t, report.Complete())

	report, err = transfer.Copy(t.Context(), from, to, transfer.Options{})
	require.NoError(t, err)
	require.True(t, report.Complete())
	requireSame(t, from, to)
}

// half is a store in which a workspace was claimed by someone who died.
type half struct{ memory.Store }

func (half) AddWorkspace(context.Context, memory.WorkspaceInfo) error { return memory.ErrConflict }

func TestCopySaysThatAWorkspaceIsInTheMaking(t *testing.T) {
	from := open(t)
	fill(t, from, "work", 1)
	_, err := transfer.Copy(t.Context(), from, half{open(t)}, transfer.Options{})
	require.ErrorIs(t, err, memory.ErrUnavailable)
	require.ErrorContains(t, err, "copy workspace work: ")
	require.ErrorContains(t, err, "try again in a minute")
}

func TestCopyReportsWorkspacesThatHaveNoProperName(t *testing.T) {
	from, to := open(t), open(t)
	all := fill(t, from, "My Project", 3)
	report, err := transfer.Copy(t.Context(), from, to, transfer.Options{})
	require.NoError(t, err)
	require.Len(t, report.Failures, 3)
	require.Equal(t, all[0].ID, report.Failures[0].Memory)
	require.ErrorIs(t, report.Failures[0].Err, memory.ErrInvalid)
	infos, err := to.Workspaces(t.Context())
	require.NoError(t, err)
	require.Len(t, infos, 1)
}

func TestCopyEndsIfAWorkspaceCannotBeMade(t *testing.T) {
	from := open(t)
	_, err := transfer.Copy(t.Context(), &faulty{Store: from, infos: []memory.WorkspaceInfo{{ID: "work"}}}, closed(t), transfer.Options{})
	require.ErrorIs(t, err, memory.ErrUnavailable)
}

func closed(t *testing.T) memory.Store {
	t.Helper()
	s := open(t)
	require.NoError(t, s.Close())
	return s
}
