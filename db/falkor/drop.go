package falkor

import (
	"context"
	"strings"

	"github.com/google/uuid"
)

// DropGraph deletes a graph, which the server may be at. That there is none is
// no error.
//
// FalkorDB 4.16 dies of a graph that is deleted while queries are at it. So the
// graph is set aside first, where no new query finds it, and a write lets those
// before it end.
func (c *Client) DropGraph(ctx context.Context, graph string) error {
	aside := besides(graph, uuid.NewString())
	_, err := c.Do(ctx, Repeatable, "RENAME", graph, aside)
	if err != nil && noGraph(err) {
		// Or the answer was lost to an earlier attempt that did it.
		_, err = c.Query(ctx, Statement{Graph: aside, Text: "RETURN 1", Effect: Reads})
		if err != nil && noGraph(err) {
			return nil
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
