package falkor

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
)

// transaction is commands that a server carries out one right after the other,
// with nothing else between them, or not at all if its guard does not hold. It
// is the command at their end, and its answer is all of theirs.
type transaction struct {
	*redis.Cmd
	guard    guard
	commands [][]any
}

// guard holds while a key has a value.
type guard struct{ key, value string }

func newTransaction(ctx context.Context, g guard, commands [][]any) *transaction {
	return &transaction{redis.NewCmd(ctx, "EXEC"), g, commands}
}

// queue adds the transaction to p.
func (t *transaction) queue(ctx context.Context, p redis.Pipeliner) {
	p.Do(ctx, "MULTI")
	for _, c := range t.commands {
		p.Do(ctx, c...)
	}
	_ = p.Process(ctx, t.Cmd) // queued
}

// guarded looks after the guard of t on a connection, and calls exec on it while
// the guard holds: if it ends before the transaction, the server does nothing.
func (t *transaction) guarded(ctx context.Context, node *redis.Client, exec func(redis.Pipeliner) error) error {
	err := node.Watch(ctx, func(tx *redis.Tx) error {
		held, err := tx.Get(ctx, t.guard.key).Result()
		if err != nil {
			return err
		}
		if held != t.guard.value {
			return errTaken
		}
		p := tx.Pipeline()
		t.queue(ctx, p)
		return exec(p)
	}, t.guard.key)
	if errors.Is(err, redis.Nil) { // there is no such key, or no answer of a transaction
		err = errTaken
	}
	if err != nil {
		t.SetErr(err)
	}
	return err
}

// refused returns why each of the commands was refused, nil for one that was
// done.
func (t *transaction) refused() []error {
	answers, _ := t.Val().([]any)
	errs := make([]error, len(t.commands))
	for i := range min(len(answers), len(errs)) {
		if err, ok := answers[i].(redis.Error); ok && !errors.Is(err, redis.Nil) {
			errs[i] = err
		}
	}
	return errs
}

// together carries out commands on a graph as one transaction, if g holds, and
// else returns errTaken. Each of them has to bear being sent twice. It returns
// why each was refused, nil for one that was done; the last error is that of all
// of them.
func (c *Client) together(ctx context.Context, graph string, g guard, commands [][]any) ([]error, error) {
	p, err := c.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer c.leave()
	ctx, span := c.traced(ctx, "MULTI", graph)
	r, s := c.retrying(nil), c.sender(p)
	t := newTransaction(ctx, g, commands)
	_, err = r.run(ctx, Repeatable, "MULTI", func(int) error {
		t = newTransaction(ctx, g, commands)
		return s.send(ctx, route{graph: graph, effect: Repeatable}, t)
	})
	end(span, err)
	return t.refused(), err
}
