package falkor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// Identity tells which graphs a Config leads to, however it names the server.
type Identity struct {
	address string
	server  string // what the server calls itself; empty if it does not say
	db      int
	graph   string
	missing bool
}

// Missing says that there is no such graph yet. A server that does not tell is
// taken to have it.
func (i Identity) Missing() bool { return i.missing }

// Identify asks the server that c leads to who it is. It makes no graph.
func Identify(ctx context.Context, c Config, log *slog.Logger) (id Identity, err error) {
	c.Pool.MinSize = 1
	client, err := NewClient(c, log)
	if err != nil {
		return Identity{}, err
	}
	client.looks = true
	if err := client.Init(ctx); err != nil {
		return Identity{}, err
	}
	defer func() { err = errors.Join(err, client.Close(ctx)) }()
	host, port := c.place()
	e, err := c.endpoint()
	if err != nil {
		return Identity{}, err
	}
	id = Identity{address: fmt.Sprint(host, ":", port), db: e.db, graph: c.Graph}
	// Replicas call themselves by other names. That a user may not ask leaves
	// the address.
	answer, err := client.Do(ctx, Repeatable, "INFO", "server")
	if ctx.Err() != nil {
		return Identity{}, err
	}
	if info, ok := answer.(string); ok {
		for line := range strings.Lines(info) {
			if name, is := strings.CutPrefix(line, "run_id:"); is {
				id.server = strings.TrimSpace(name)
			}
		}
	}
	there, err := client.Do(ctx, Reads, "EXISTS", c.Graph)
	if ctx.Err() != nil {
		return Identity{}, err
	}
	id.missing = err == nil && there == int64(0)
	return id, nil
}

// Overlaps says whether any graph belongs to both: the same one, or that of a
// workspace of the one to the other.
func (i Identity) Overlaps(other Identity) bool {
	return i.db == other.db && (i.address == other.address || i.server != "" && i.server == other.server) &&
		(i.graph == other.graph || strings.HasPrefix(i.graph, other.graph+":") || strings.HasPrefix(other.graph, i.graph+":"))
}
