package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

func meaningRaces() map[string]func(*testing.T, memory.Store) {
	return map[string]func(*testing.T, memory.Store){
		"SameChunksAttachedByManyAtOnce":   sameChunksAttachedByMany,
		"TwoModelsAttachedAtOnce":          twoModelsAttachedAtOnce,
		"AttachWhileMemoriesChange":        attachWhileMemoriesChange,
		"AttachWhileOthersDetach":          attachWhileOthersDetach,
		"NearestWhileModelsChange":         nearestWhileModelsChange,
		"AttachOfAWorkspaceBeingDeleted":   attachOfAWorkspaceBeingDeleted,
		"NearestWhileOthersAttach":         nearestWhileOthersAttach,
		"AttachFailuresDoNotHurtTheOthers": attachFailures,
	}
}

func meaningContexts() map[string]func(*testing.T, memory.Store) {
	return map[string]func(*testing.T, memory.Store){
		"DoneContextAttachesNothing":           doneContextAttachesNothing,
		"CancelledAttachIsWholeOrNotThere":     cancelledAttach,
		"CallsOfMeaningAfterCloseAreRefused":   meaningAfterClose,
		"CancelledNearestLeavesTheStoreUsable": cancelledNearest,
	}
}

// all are vectors for all chunks of home that wait, so many degrees apart.
func all(t *testing.T, s memory.Store, degrees float64) []memory.Attachment {
	t.Helper()
	var vectors []memory.Attachment
	for i, u := range unembedded(t, s, home, 100) {
		vectors = append(vectors, memory.Attachment{Ref: u.Ref, Vector: ray(float64(i) * degrees)})
	}
	return vectors
}

func manyNotes(t *testing.T, s memory.Store, n int) []memory.Memory {
	t.Helper()
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprint("number ", i)
	}
	return notes(t, s, home, texts...)
}

func sameChunksAttachedByMany(t *testing.T, s memory.Store) {
	manyNotes(t, s, 60)
	vectors := all(t, s, 3)
	require.NoError(t, together(8, func(caller int) error {
		for part := range slices.Chunk(vectors[caller%4:], 7) {
			if err := s.Attach(t.Context(), home, tall, part); err != nil {
				return err
			}
		}
		return nil
	}))
	require.Equal(t, memory.Embedding{Model: tall, Dimensions: 4, Chunks: 60, Embedded: 60}, embedding(t, s, home))
	require.Len(t, nearestOf(t, s, home, tall, ray(0)), 60)
	require.Empty(t, waitingTexts(t, s, home))
}

func twoModelsAttachedAtOnce(t *testing.T, s memory.Store) {
	manyNotes(t, s, 40)
	vectors := all(t, s, 3)
	var won [2]int
	require.NoError(t, together(2, func(caller int) error {
		for part := range slices.Chunk(vectors, 4) {
			err := s.Attach(t.Context(), home, []string{tall, wide}[caller], part)
			if err == nil {
				won[caller]++
			} else if !errors.Is(err, memory.ErrConflict) {
				return err
			}
		}
		return nil
	}))
	model := tall
	if won[1] > 0 {
		model = wide
	}
	require.Contains(t, won, 10, "one of them has it all")
	require.Contains(t, won, 0, "and the other nothing")
	require.Equal(t, memory.Embedding{Model: model, Dimensions: 4, Chunks: 40, Embedded: 40}, embedding(t, s, home))
}

// attachWhileMemoriesChange: a vector is never given to a chunk other than that
// it was made of.
func attachWhileMemoriesChange(t *testing.T, s memory.Store) {
	ms := manyNotes(t, s, 60)
	vectors := all(t, s, 3)
	require.NoError(t, together(3, func(caller int) error {
		for i, m := range ms {
			var err error
			switch {
			case caller == 0:
				err = s.Attach(t.Context(), home, tall, vectors[i:i+1])
			case caller == 1 && i%3 == 0:
				err = s.Put(t.Context(), m)
			case caller == 2 && i%3 == 1:
				err = s.Delete(t.Context(), home, m.ID)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}))
	embedded := 0
	for i, m := range ms {
		got, err := s.Get(t.Context(), home, m.ID)
		if i%3 == 1 {
			require.ErrorIs(t, err, memory.ErrNotFound)
			continue
		}
		require.NoError(t, err)
		if got.Chunks[0].Vector != nil {
			require.Equal(t, vectors[i].Vector, got.Chunks[0].Vector)
			embedded++
		}
	}
	require.GreaterOrEqual(t, embedded, 20, "those that nobody touched")
	e := embedding(t, s, home)
	require.Equal(t, []int{40, embedded}, []int{e.Chunks, e.Embedded})
	require.Len(t, nearestOf(t, s, home, tall, ray(0)), embedded)
	require.Len(t, waitingTexts(t, s, home), 40-embedded)
}

func attachWhileOthersDetach(t *testing.T, s memory.Store) {
	manyNotes(t, s, 40)
	vectors := all(t, s, 3)
	require.NoError(t, together(3, func(caller int) error {
		for part := range slices.Chunk(vectors, 4) {
			var err error
			if caller == 0 {
				err = s.Detach(t.Context(), home)
			} else {
				err = s.Attach(t.Context(), home, tall, part)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}))
	e := embedding(t, s, home)
	require.Equal(t, 40, e.Chunks)
	require.Len(t, nearestOf(t, s, home, tall, ray(0)), e.Embedded)
	require.Len(t, waitingTexts(t, s, home), 40-e.Embedded)
}

// nearestWhileModelsChange: each answer is of one model, and as right as if
// nothing else happened.
func nearestWhileModelsChange(t *testing.T, s memory.Store) {
	manyNotes(t, s, 30)
	vectors := all(t, s, 6)
	opposite := make([]memory.Attachment, len(vectors))
	for i, a := range vectors {
		opposite[len(vectors)-1-i] = memory.Attachment{Ref: vectors[len(vectors)-1-i].Ref, Vector: a.Vector}
	}
	require.NoError(t, together(4, func(caller int) error {
		for i := range 25 {
			if caller == 0 {
				if err := s.Detach(t.Context(), home); err != nil {
					return err
				}
				model, them := tall, vectors
				if i%2 == 1 {
					model, them = wide, opposite
				}
				if err := s.Attach(t.Context(), home, model, them); err != nil {
					return err
				}
				continue
			}
			model, want := tall, vectors[0].Ref
			if caller == 1 {
				model, want = wide, opposite[len(opposite)-1].Ref
			}
			found, err := s.Nearest(t.Context(), home, memory.VectorQuery{Model: model, Vector: ray(0)}, 3)
			if err != nil {
				return err
			}
			if len(found) > 0 && (len(found) != 3 || found[0].Ref != want) {
				return fmt.Errorf("nearest of %s: %v, want %s first", model, found, want)
			}
		}
		return nil
	}))
}

func attachOfAWorkspaceBeingDeleted(t *testing.T, s memory.Store) {
	for range 15 {
		add(t, s, other)
		notes(t, s, other, "soon gone")
		a := memory.Attachment{Ref: refOf(t, s, other, "soon gone"), Vector: ray(0)}
		require.NoError(t, together(3, func(caller int) error {
			if caller == 0 {
				return s.DeleteWorkspace(t.Context(), other)
			}
			return s.Attach(t.Context(), other, tall, []memory.Attachment{a})
		}))
		require.Zero(t, embedding(t, s, other))
		require.Empty(t, nearestOf(t, s, other, tall, ray(0)))
	}
	require.Zero(t, embedding(t, s, home))
}

// nearestWhileOthersAttach what is farther from all that is asked for.
func nearestWhileOthersAttach(t *testing.T, s memory.Store) {
	ms := manyNotes(t, s, 80)
	vectors := all(t, s, 2)
	attach(t, s, home, tall, vectors[:20]...)
	require.NoError(t, together(4, func(caller int) error {
		for i := range 30 {
			if caller == 0 {
				if err := s.Attach(t.Context(), home, tall, vectors[20+2*i:22+2*i]); err != nil {
					return err
				}
				continue
			}
			found, err := s.Nearest(t.Context(), home, memory.VectorQuery{Model: tall, Vector: ray(float64(2 * (i % 10)))}, 1)
			if err != nil {
				return err
			}
			if len(found) != 1 || found[0].Ref != vectors[i%10].Ref {
				return fmt.Errorf("nearest to %d degrees: %v", 2*(i%10), found)
			}
		}
		return nil
	}))
	require.Len(t, nearestOf(t, s, home, tall, ray(0)), len(ms))
}

func attachFailures(t *testing.T, s memory.Store) {
	manyNotes(t, s, 32)
	vectors := all(t, s, 3)
	attach(t, s, home, tall, vectors[0])
	failed := make([]error, 32)
	require.NoError(t, together(32, func(i int) error {
		model, a := tall, vectors[i]
		switch i % 4 {
		case 1:
			model = wide
		case 2:
			a.Vector = []float32{1, 2}
		case 3:
			a.Vector = ray(0)[:0]
		}
		failed[i] = s.Attach(t.Context(), home, model, []memory.Attachment{a})
		return nil
	}))
	for i, err := range failed {
		switch i % 4 {
		case 0:
			require.NoError(t, err)
		case 1:
			require.ErrorIs(t, err, memory.ErrConflict)
		default:
			require.ErrorIs(t, err, memory.ErrInvalid)
		}
	}
	require.Equal(t, memory.Embedding{Model: tall, Dimensions: 4, Chunks: 32, Embedded: 8}, embedding(t, s, home))
}

func doneContextAttachesNothing(t *testing.T, s memory.Store) {
	degreesApart(t, s, home, 2, 5)
	notes(t, s, home, "waits")
	ref := refOf(t, s, home, "waits")
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	expired, stop := context.WithDeadline(t.Context(), time.Now().Add(-time.Hour))
	defer stop()
	for _, ctx := range []context.Context{canceled, expired} {
		for name, call := range meaningCalls(s, ref) {
			require.ErrorIs(t, call(ctx), ctx.Err(), name)
		}
	}
	require.Equal(t, []string{"waits"}, waitingTexts(t, s, home))
	require.Equal(t, memory.Embedding{Model: tall, Dimensions: 4, Chunks: 3, Embedded: 2}, embedding(t, s, home))
}

// cancelledAttach cancels while many are under way: what returned nil is kept,
// and of each, all or none.
func cancelledAttach(t *testing.T, s memory.Store) {
	const callers, each, size = 6, 10, 3
	manyNotes(t, s, callers*each*size)
	groups := slices.Collect(slices.Chunk(all(t, s, 1), size))
	acknowledged := make([]bool, len(groups))
	require.NoError(t, together(callers, func(caller int) error {
		for i := range each {
			at := caller*each + i
			ctx, cancel := context.WithCancel(t.Context())
			if i%3 == 1 {
				go cancel()
			}
			err := s.Attach(ctx, home, tall, groups[at])
			cancel()
			if err != nil && !errors.Is(err, context.Canceled) {
				return err
			}
			acknowledged[at] = err == nil
		}
		return nil
	}))
	kept := 0
	for i, group := range groups {
		n := len(similarTo(t, s, home, ofTall(), group[0].Ref, group[1].Ref, group[2].Ref))
		require.Contains(t, []int{0, size}, n, "group %d", i)
		if acknowledged[i] {
			require.Equal(t, size, n, "group %d", i)
		}
		kept += n
	}
	require.Equal(t, kept, embedding(t, s, home).Embedded)
	require.Len(t, waitingTexts(t, s, home), callers*each*size-kept)
}

func cancelledNearest(t *testing.T, s memory.Store) {
	manyNotes(t, s, 50)
	vectors := all(t, s, 3)
	for i, a := range vectors {
		attach(t, s, home, tall, a)
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		for _, call := range []func() error{
			func() error { _, err := s.Nearest(ctx, home, ofTall(), 9); return err },
			func() error { _, err := s.Similar(ctx, home, ofTall(), []memory.Ref{a.Ref}); return err },
		} {
			if err := call(); err != nil {
				require.ErrorIs(t, err, context.Canceled)
			}
		}
		cancel()
		require.Len(t, nearestOf(t, s, home, tall, ray(0)), i+1)
	}
}

func meaningAfterClose(t *testing.T, s memory.Store) {
	notes(t, s, home, "waits")
	ref := refOf(t, s, home, "waits")
	require.NoError(t, s.Close())
	for name, call := range meaningCalls(s, ref) {
		require.ErrorIs(t, call(t.Context()), memory.ErrUnavailable, name)
	}
}
