package falkor

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
)

// transaction is commands that a server carries out one right after the other,
// with nothing else between them. It is the command at their end, and its
// answer is all of theirs.
type transaction struct {
	*redis.Cmd
	commands [][]any
}

func newTransaction(ctx context.Context, commands [][]any) *transaction {
	return &transaction{redis.NewCmd(ctx, "EXEC"), commands}
}

// queue adds the transaction to p.
func (t *transaction) queue(ctx context.Context, p redis.Pipeliner) {
	p.Do(ctx, "MULTI")
	for _, c := range t.commands {
		p.Do(ctx, c...)
	}
	_ = p.Process(ctx, t.Cmd) // queued
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

// together carries out commands on a graph as one transaction. Each of them
// has to bear being sent twice. It returns why each was refused, nil for one
// that was done; the last error is that of all of them.
func (c *Client) together(ctx context.Context, graph string, commands [][]any) ([]error, error) {
	p, err := c.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer c.leave()
	r, s := c.retrying(nil), c.sender(p)
	t := newTransaction(ctx, commands)
	_, err = r.run(ctx, Repeatable, "MULTI", func(int) error {
		t = newTransaction(ctx, commands)
		return s.send(ctx, route{graph: graph, effect: Repeatable}, t)
	})
	return t.refused(), err
}
