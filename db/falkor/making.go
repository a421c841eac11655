package falkor

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
)

// making is the right to make indexes in a graph, or to take the graph away,
// which one has at a time, of all processes: where an index that is there is
// asked for while others write, FalkorDB 4.16 loses relationships of what they
// write. It ends by itself after makingTime. What is done by it is done only
// while it lasts, however late the server comes to it.
type making struct {
	store *Store
	graph string
	by    string
	ended bool
}

// makingTime is how long one may keep others waiting: it may have died.
const makingTime = 10 * time.Second

// errTaken means that the right ended before what was to be done by it.
var errTaken = errors.New("another makes the graph ready meanwhile")

// makingKey is a key beside a graph, on the same server of a cluster, that no
// graph has.
func makingKey(graph string) string { return besides(graph, "~making") }

// asOne calls do, with the right to make graph.
func (s *Store) asOne(ctx context.Context, graph string, do func(*making) error) error {
	m := &making{store: s, graph: graph, by: uuid.NewString()}
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		mine, err := m.claim(ctx)
		if err != nil {
			return err
		}
		if mine {
			break
		}
		if err := rest(ctx, pause); err != nil {
			return err
		}
	}
	defer m.end(ctx)
	return do(m)
}

// claim reports whether the right is ours now.
func (m *making) claim(ctx context.Context) (bool, error) {
	c, key := m.store.client, makingKey(m.graph)
	done, err := c.Do(ctx, Repeatable, "SET", key, m.by, "NX", "PX", makingTime.Milliseconds())
	if err != nil || done != nil {
		return err == nil, err
	}
	// Or the answer was lost to an earlier attempt that did it.
	holds, err := c.Do(ctx, Repeatable, "GET", key)
	return holds == m.by, err
}

// carryOut carries out commands as one transaction, in which nothing else comes
// between. It returns errTaken if the right has ended, and else why the server
// refused one of them. What has been defined already is no error, but must not
// be asked for while others write.
func (m *making) carryOut(ctx context.Context, commands ...[]any) error {
	refused, err := m.store.client.together(ctx, m.graph, guard{makingKey(m.graph), m.by}, commands)
	if err != nil {
		return err
	}
	for _, err := range refused {
		if err != nil && !isDefined(err) {
			return err
		}
	}
	return nil
}

// finish does so, and gives the right back in the same moment: so it is done
// once, though it may be sent more often. Where it was done by an attempt whose
// answer was lost, the error is errTaken.
func (m *making) finish(ctx context.Context, commands ...[]any) error {
	err := m.carryOut(ctx, append(commands, m.release())...)
	m.ended = err == nil || errors.Is(err, errTaken)
	return err
}

func (m *making) release() []any { return []any{"DEL", makingKey(m.graph)} }

// endTime bounds the wait for the server when the right is given back, as the
// caller may be gone.
const endTime = time.Second

// end gives the right back, if it is still ours. If it cannot, others wait until
// it ends by itself.
func (m *making) end(ctx context.Context) {
	if m.ended {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
	defer cancel()
	_ = m.carryOut(ctx, m.release())
}

// rest waits, unless ctx ends before.
func rest(ctx context.Context, pause time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(pause):
		return nil
	}
}
