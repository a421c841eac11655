// Package transfer copies everything from one store to another, and proves
// that it arrived.
//
// What Copy promises:
//
//   - The source is only read, and nothing is taken away from the destination.
//     What it holds already stays, and is replaced only if Options says so.
//   - Memories are put in the order in which they were first recorded, one at a
//     time. Wherever a run is cut off, a further one goes on from there: what
//     has arrived is recognized by its ID and its Print.
//   - At the end all that was put is read back and compared, and counted; and
//     the source is listed once more. What came into it meanwhile is in the
//     Report. What was changed in it meanwhile is in the destination as it was
//     when it was read, or as it is now.
//   - What cannot be read or kept is in the Report, by its ID; the rest is
//     copied.
package transfer

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"zapomni/memory"
)

// Source is what memories are copied from: the reading side of memory.Store,
// with the same promises. An error of Get that is memory.ErrUnavailable, or the
// context's own, ends the copying; any other is taken to be that memory's own.
type Source interface {
	Workspaces(ctx context.Context) ([]memory.WorkspaceInfo, error)
	List(ctx context.Context, w memory.Workspace, after memory.Cursor, n int) ([]memory.ID, memory.Cursor, error)
	Get(ctx context.Context, w memory.Workspace, id memory.ID) (memory.Memory, error)
	Counts(ctx context.Context, w memory.Workspace) (memory.Counts, error)
}

// Options say how to copy. The zero value changes nothing that is there, and
// is silent.
type Options struct {
	// Overwrite replaces memories that the destination holds under the same ID
	// with another content.
	Overwrite bool
	// Progress, unless nil, is called for each step, from one goroutine.
	Progress func(Progress)
}

// Progress says how far a run is.
type Progress struct {
	Stage     Stage
	Workspace memory.Workspace // at which it is
	// Done and Total count memories of all workspaces in this stage. Total is
	// what the source counted at the start: it may be off if that is in use.
	Done, Total int
}

// Stage is a part of a run.
type Stage string

// The stages, in their order.
const (
	Copying   Stage = "copying"
	Verifying Stage = "verifying"
)

// Report says what a run did. Where nothing else is said, it counts memories.
type Report struct {
	Workspaces int // of the source
	Created    int // workspaces that the destination lacked
	Copied     int
	Chunks     int // of those copied or replaced
	Replaced   int // were there with another content
	Skipped    int // were there with the same content
	Gone       int // were deleted from the source meanwhile
	// Verified are in the destination now, each compared with what was read
	// from the source.
	Verified int
	// Moved stand behind one in the destination that was recorded later, and
	// was there already.
	Moved int
	// Described are workspaces that the destination had already, with another
	// name, description or age, which it keeps.
	Described []memory.Workspace
	// Conflicts were left as they are in the destination.
	Conflicts []Problem
	// Failures could not be read, kept or found again, or came too late.
	Failures []Problem
}

// Complete says whether the destination holds all that the source did when it
// was listed last.
func (r Report) Complete() bool { return len(r.Conflicts)+len(r.Failures) == 0 }

// Problem is one memory that is not as it should be, or a workspace if Memory
// is empty.
type Problem struct {
	Workspace memory.Workspace
	Memory    memory.ID
	Err       error
}

// String says what is wrong with what.
func (p Problem) String() string {
	if p.Memory == "" {
		return fmt.Sprintf("workspace %q: %v", p.Workspace, p.Err)
	}
	return fmt.Sprintf("memory %q of workspace %q: %v", p.Memory, p.Workspace, p.Err)
}

// Causes of a Problem, beside the errors of stores.
var (
	ErrDiffers = errors.New("the destination holds another content under this ID")
	ErrMissing = errors.New("it did not arrive")
	ErrChanged = errors.New("what arrived is not what was sent")
	ErrCount   = errors.New("the destination's counts are not those of what it holds")
	ErrLate    = errors.New("it came into the source after that was copied: the same command goes on with it")
)

// Copy copies all workspaces and memories. An error means that the run was cut
// short; the report tells what was done until then.
func Copy(ctx context.Context, from Source, to memory.Store, o Options) (Report, error) {
	r := &run{from: from, to: to, Options: o}
	err := r.all(ctx)
	return r.report, err
}

// run is one call of Copy.
type run struct {
	Options

	from   Source
	to     memory.Store
	report Report
	at     Progress
}

func (r *run) all(ctx context.Context) error {
	infos, err := r.from.Workspaces(ctx)
	if err != nil {
		return fmt.Errorf("list the workspaces of the source: %w", err)
	}
	r.report.Workspaces = len(infos)
	if err := r.count(ctx, infos); err != nil {
		return err
	}
	sent := make([]*parcel, len(infos))
	for i, info := range infos {
		if sent[i], err = r.copy(ctx, info); err != nil {
			return fmt.Errorf("copy workspace %s: %w", info.ID, err)
		}
	}
	r.at = Progress{Stage: Verifying}
	for _, p := range sent {
		r.at.Total += len(p.sums)
	}
	for _, p := range sent {
		if err := r.verify(ctx, p); err != nil {
			return fmt.Errorf("verify workspace %s: %w", p.workspace, err)
		}
	}
	return r.lookAgain(ctx, sent)
}

// count finds out how much there is to do.
func (r *run) count(ctx context.Context, infos []memory.WorkspaceInfo) error {
	r.at = Progress{Stage: Copying}
	for _, info := range infos {
		counts, err := r.from.Counts(ctx, info.ID)
		if err != nil {
			return fmt.Errorf("count the memories of the source: %w", err)
		}
		r.at.Total += counts.Memories
	}
	return nil
}

// step tells that n more memories are done in w.
func (r *run) step(w memory.Workspace, n int) {
	r.at.Workspace = w
	r.at.Done += n
	if r.Progress != nil {
		r.Progress(r.at)
	}
}

func (r *run) fail(w memory.Workspace, id memory.ID, err error) {
	r.report.Failures = append(r.report.Failures, Problem{w, id, err})
}

// final says whether err concerns more than one memory, so that going on is of
// no use.
func final(err error) bool {
	return errors.Is(err, memory.ErrUnavailable) || errors.Is(err, memory.ErrFull) ||
		errors.Is(err, memory.ErrNoWorkspace) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// page is how many IDs are listed at once.
const page = 1000

// lister is what a source and a store have in common.
type lister interface {
	List(ctx context.Context, w memory.Workspace, after memory.Cursor, n int) ([]memory.ID, memory.Cursor, error)
}

// pages goes through the IDs of a workspace. An error is the last it gives.
func pages(ctx context.Context, l lister, w memory.Workspace) iter.Seq2[[]memory.ID, error] {
	return func(yield func([]memory.ID, error) bool) {
		for after := memory.Cursor(""); ; {
			ids, next, err := l.List(ctx, w, after, page)
			if err != nil {
				yield(nil, fmt.Errorf("list: %w", err))
				return
			}
			if !yield(ids, nil) || next == "" {
				return
			}
			after = next
		}
	}
}
