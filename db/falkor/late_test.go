package falkor

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/db/falkor/cypher"
	"zapomni/db/falkor/falkortest"
	"zapomni/memory"
)

// giveUp begins a write that a frozen server is not going to answer, and waits
// until its caller has given it up.
func giveUp(t *testing.T, write func(ctx context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, write(ctx), context.DeadlineExceeded)
}

// meanwhile runs a write that has been sent when the server goes on.
func meanwhile(t *testing.T, s *Store, server *falkortest.Server, write func() error) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- write() }()
	require.Eventually(t, func() bool { return s.Pool().ActiveConnections > 0 }, time.Minute, 50*time.Millisecond)
	server.Resume()
	require.NoError(t, <-done)
}

// given is a version of a memory that takes a server longer to read than the
// next one, and yet fits into the buffers of a connection.
func given(m memory.Memory) memory.Memory {
	m.Text = strings.Repeat("given up long ago ", 6_000)
	m.Chunks = []memory.Chunk{{Start: 0, End: 17}}
	return m
}

const lateRounds = 30

func TestLatePutDoesNotUndoANewerOne(t *testing.T) {
	t.Parallel()
	server := falkortest.Start(t)
	s := openAt(t, configFor(t, server))
	var all []memory.Memory
	for range lateRounds {
		m := noteOf("default", "the newer one")
		all = append(all, m)
		server.Pause()
		giveUp(t, func(ctx context.Context) error { return s.Put(ctx, given(m)) })
		meanwhile(t, s, server, func() error { return s.Put(t.Context(), m) })
	}
	for i, m := range all {
		got, err := s.Get(t.Context(), "default", m.ID)
		require.NoError(t, err)
		require.Equal(t, m, got, "memory %d", i)
	}
}

func TestLatePutDoesNotBringBackWhatWasDeleted(t *testing.T) {
	t.Parallel()
	server := falkortest.Start(t)
	s := openAt(t, configFor(t, server))
	var all []memory.Memory
	for range lateRounds {
		m := noteOf("default", "the older one")
		require.NoError(t, s.Put(t.Context(), m))
		all = append(all, m)
	}
	for _, m := range all {
		server.Pause()
		giveUp(t, func(ctx context.Context) error { return s.Put(ctx, given(m)) })
		meanwhile(t, s, server, func() error { return s.Delete(t.Context(), "default", m.ID) })
	}
	for i, m := range all {
		_, err := s.Get(t.Context(), "default", m.ID)
		require.ErrorIs(t, err, memory.ErrNotFound, "memory %d", i)
	}
	counts, err := s.Counts(t.Context(), "default")
	require.NoError(t, err)
	require.Zero(t, counts)
	ids, _, err := s.List(t.Context(), "default", "", 99)
	require.NoError(t, err)
	require.Empty(t, ids)
	for _, m := range all {
		require.ErrorIs(t, s.Delete(t.Context(), "default", m.ID), memory.ErrNotFound)
		require.NoError(t, s.Put(t.Context(), m), "it may come back if it is put")
	}
	counts, err = s.Counts(t.Context(), "default")
	require.NoError(t, err)
	require.Equal(t, lateRounds, counts.Memories)
}

// A Delete is too short to be overtaken for sure: what the server came to late
// is sent by hand.
func TestLateDeleteDoesNotTakeAwayWhatWasPutSince(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	m := noteOf("default", "put again")
	require.NoError(t, s.Put(t.Context(), m))
	late := append(s.tickets.take(), cypher.P("key", storeKey), cypher.P("id", string(m.ID)))
	require.NoError(t, s.Put(t.Context(), m))
	for _, text := range []string{deleteMemory, deleteDoubtful} {
		raw(t, s, s.graph, text, late...)
		got, err := s.Get(t.Context(), "default", m.ID)
		require.NoError(t, err)
		require.Equal(t, m, got)
		counts, err := s.Counts(t.Context(), "default")
		require.NoError(t, err)
		require.Equal(t, 1, counts.Chunks)
	}
}

// Neither needs a ticket: a ref is never used again, nor is the number of a
// space.
func TestLateAttachAndDetachDoNothing(t *testing.T) {
	t.Parallel()
	s := openNew(t)
	m := noteOf("default", "put again")
	require.NoError(t, s.Put(t.Context(), m))
	attachIt := func() (space, memory.Attachment) {
		a := memory.Attachment{Ref: waiting(t, s, "default", 9)[0].Ref, Vector: []float32{1, 2}}
		require.NoError(t, s.Attach(t.Context(), "default", "m", []memory.Attachment{a}))
		sp, err := s.spaceOf(t.Context(), s.graph)
		require.NoError(t, err)
		return sp, a
	}
	sp, a := attachIt()
	late := func(to space) {
		raw(t, s, s.graph, fmt.Sprintf(attachVectors, to.number), cypher.P("key", storeKey), cypher.P("schema", schema),
			cypher.P("space", to.number), cypher.P("model", "m"), cypher.P("vectors", attachable([]memory.Attachment{a})))
	}
	require.NoError(t, s.Detach(t.Context(), "default"))
	late(sp)
	require.Len(t, waiting(t, s, "default", 9), 1, "its space has been left")
	requireSound(t, s, s.graph)

	require.NoError(t, s.Put(t.Context(), m))
	now, _ := attachIt()
	late(now)
	left, err := s.leaveSpace(t.Context(), s.graph, leaveAnySpace, sp.number)
	require.NoError(t, err)
	require.False(t, left, "another has been claimed since")
	require.Empty(t, waiting(t, s, "default", 9))
	requireSound(t, s, s.graph)
}

func TestTicketsOfOtherProcessesAreNotCompared(t *testing.T) {
	t.Parallel()
	c := configFor(t, falkortest.Shared(t))
	first, second := openAt(t, c), openAt(t, c)
	m := noteOf("default", "of the first")
	for range 20 {
		require.NoError(t, first.Put(t.Context(), m))
	}
	m.Text = "of the other"
	require.NoError(t, second.Put(t.Context(), m))
	got, err := first.Get(t.Context(), "default", m.ID)
	require.NoError(t, err)
	require.Equal(t, m, got)
	require.NoError(t, second.Delete(t.Context(), "default", m.ID))
	require.ErrorIs(t, first.Delete(t.Context(), "default", m.ID), memory.ErrNotFound)
}

func TestDoubtsAreRememberedUpToANumber(t *testing.T) {
	t.Parallel()
	var d doubts
	first := memory.NewID()
	d.add("g", first)
	d.add("g", first)
	require.True(t, d.has("g", first))
	require.False(t, d.has("h", first))
	for range mostDoubts - 1 {
		d.add("g", memory.NewID())
	}
	require.True(t, d.has("g", first))
	d.add("g", memory.NewID())
	require.False(t, d.has("g", first), "the oldest is forgotten")
}
