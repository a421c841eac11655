package embedded

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
)

// How many writes, and how many bytes of texts and vectors, share a transaction at most.
const (
	groupLimit  = 64
	groupWeight = 1 << 20
)

// job is a write that waits for its turn.
type job struct {
	ctx  context.Context // of the caller who waits
	run  func(*tx) error
	done chan error // has room for the one answer
}

// write runs do within a transaction and returns once that is committed. If
// ctx is done before do has its turn, do does not run. It may run more than
// once, but takes effect at most once.
//
// A write never waits for company. Whoever has the turn writes for all that
// wait by then; those who come meanwhile go together in the next transaction.
func (s *Store) write(ctx context.Context, do func(*tx) error) error {
	return s.read(ctx, func() error {
		j := &job{ctx: ctx, run: do, done: make(chan error, 1)}
		s.queue.add(j)
		for {
			select {
			case err := <-j.done:
				return err
			case s.turn <- struct{}{}:
				s.writeGroup(ctx)
				<-s.turn
			case <-ctx.Done():
				if s.queue.remove(j) {
					return ctx.Err()
				}
				return <-j.done
			}
		}
	})
}

// writeGroup runs all that wait in one transaction, for which it waits no
// longer than until ctx is done. If it fails, each is given a transaction of
// its own, so that no write suffers from another.
func (s *Store) writeGroup(ctx context.Context) {
	if s.queue.empty() {
		return // another caller wrote for this one
	}
	t, err := s.beginCurrent(ctx)
	if err != nil {
		if ctx.Err() == nil {
			s.refuse(err)
		}
		return // if this caller gave up, another one tries
	}
	var group []*job
	for err == nil && len(group) < groupLimit && t.weight < groupWeight {
		j := s.queue.next()
		if j == nil {
			break
		}
		t.changed = false
		if err = j.try(t); err != nil && !t.changed {
			j.done <- err
			err = nil
			continue
		}
		group = append(group, j)
	}
	err = t.end(err)
	for _, j := range group {
		if err != nil && len(group) > 1 {
			j.done <- s.writeAlone(ctx, j)
		} else {
			j.done <- err
		}
	}
}

func (s *Store) writeAlone(ctx context.Context, j *job) error {
	// Whoever has the turn answers those it has taken, even if it gave up.
	t, err := s.beginCurrent(context.WithoutCancel(ctx))
	if err != nil {
		return err
	}
	return t.end(j.try(t))
}

// try runs j unless its caller is gone. A panic is an error like others: it
// must not keep the turn from those who wait.
func (j *job) try(t *tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			t.changed = true
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	if err := j.ctx.Err(); err != nil {
		return err
	}
	return j.run(t)
}

// refuse answers all that wait with err: they have waited as long for what
// did not come.
func (s *Store) refuse(err error) {
	for j := s.queue.next(); j != nil; j = s.queue.next() {
		j.done <- err
	}
}

// queue holds the writes that wait, first come first.
type queue struct {
	mu   sync.Mutex
	jobs []*job
}

func (q *queue) add(j *job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.jobs = append(q.jobs, j)
}

func (q *queue) empty() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.jobs) == 0
}

// next takes the first job out, nil if there is none.
func (q *queue) next() *job {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.jobs) == 0 {
		return nil
	}
	j := q.jobs[0]
	q.jobs = slices.Delete(q.jobs, 0, 1)
	return j
}

// remove takes j out, and says whether it was still there.
func (q *queue) remove(j *job) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.jobs, j)
	if i < 0 {
		return false
	}
	q.jobs = slices.Delete(q.jobs, i, i+1)
	return true
}
