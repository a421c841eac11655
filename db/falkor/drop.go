package falkor

import (
	"context"
	"errors"
	"strings"

	"github.com/google/uuid"
)

// DropGraph deletes a graph, which the server may be at. That there is none is
// no error.
func (c *Client) DropGraph(ctx context.Context, graph string) error {
	return c.drop(ctx, graph, func(aside string) error {
		_, err := c.Do(ctx, Repeatable, "RENAME", graph, aside)
		return err
	})
}

// dropGraph deletes a graph, and forgets what is known of it.
func (s *Store) dropGraph(ctx context.Context, graph string) error {
	defer s.dropped(graph)
	return s.client.DropGraph(ctx, graph)
}

// dropIf deletes a graph if due says so, while nobody else makes it ready: what
// is made after that stays.
func (s *Store) dropIf(ctx context.Context, graph string, due func() (bool, error)) error {
	for range attempts {
		err := s.asOne(ctx, graph, func(m *making) error {
			if is, err := due(); err != nil || !is {
				return err
			}
			defer s.dropped(graph)
			return s.client.drop(ctx, graph, func(aside string) error { return m.finish(ctx, []any{"RENAME", graph, aside}) })
		})
		if !errors.Is(err, errTaken) {
			return err
		}
	}
	return errRestless
}

// drop deletes a graph, which rename sets aside.
//
// FalkorDB 4.16 dies of a graph that is deleted while queries are at it. So the
// graph is set aside first, where no new query finds it, and a write lets those
// before it end.
func (c *Client) drop(ctx context.Context, graph string, rename func(aside string) error) error {
	aside := besides(graph, uuid.NewString())
	err := rename(aside)
	if err != nil && (noGraph(err) || errors.Is(err, errTaken)) {
		// Or the answer was lost to an earlier attempt that did it.
		_, lost := c.Query(ctx, Statement{Graph: aside, Text: "RETURN 1", Effect: Reads, primary: true})
		switch {
		case lost == nil:
			err = nil
		case noGraph(lost) && noGraph(err):
			return nil
		case !noGraph(lost):
			err = lost
		}
	}
	if err != nil {
		return err
	}
	if _, err := c.Query(ctx, Statement{Graph: aside, Text: "CREATE (g:Gone) WITH g DELETE g", Effect: Repeatable}); err != nil {
		return err
	}
	_, err = c.Do(ctx, Repeatable, "GRAPH.DELETE", aside)
	if err != nil && noGraph(err) {
		return nil
	}
	return err
}

// besides names another key on the same server of a cluster, which looks at
// what is in the first braces, if there is anything, and else at all.
func besides(graph, name string) string {
	_, rest, open := strings.Cut(graph, "{")
	if tag, _, closed := strings.Cut(rest, "}"); open && closed && tag != "" {
		return graph + ":" + name
	}
	return "{" + graph + "}:" + name
}
