package falkor

import (
	"context"
	"strings"

	"github.com/redis/go-redis/v9"
)

// route says which server a command is for.
type route struct {
	graph   string
	effect  Effect
	primary bool
}

// routeOf finds the graph among the arguments of a command, or says home.
func routeOf(effect Effect, home string, args []any) route {
	at := 1
	name, _ := args[0].(string)
	switch strings.ToUpper(name) {
	case "GRAPH.CONSTRAINT", "GRAPH.MEMORY":
		at = 2
	case "GRAPH.LIST", "GRAPH.CONFIG", "GRAPH.INFO", "MODULE", "INFO", "PING":
		at = len(args)
	}
	if at < len(args) {
		if graph, ok := args[at].(string); ok {
			home = graph
		}
	}
	return route{graph: home, effect: effect}
}

// mostRedirects is how many servers in a row may name another one.
const mostRedirects = 3

// on carries out command on node, or on the server that node names instead.
func (s *sender) on(ctx context.Context, node *redis.Client, effect Effect, command redis.Cmder) error {
	err := s.once(ctx, node, effect, false, command)
	for range mostRedirects {
		address, asking, moved := redirected(command)
		if !moved {
			return err
		}
		next := s.pool.servers.at(ctx, address)
		if next == nil {
			return err
		}
		err = s.once(ctx, next, effect, asking, command)
	}
	return err
}

// once carries out command on node. With asking, node answers for a graph that
// is on its way to it.
func (s *sender) once(ctx context.Context, node *redis.Client, effect Effect, asking bool, command redis.Cmder) error {
	replicas := s.waitReplicas
	if effect == Reads {
		replicas = 0
	}
	if whole, ok := command.(*transaction); ok { // of which nothing is asked: it waits for its graph to have come
		return whole.guarded(ctx, node, func(p redis.Pipeliner) error { return s.exec(ctx, p, replicas, command) })
	}
	if replicas == 0 && !asking {
		return node.Process(ctx, command)
	}
	p := node.Pipeline()
	if asking {
		p.Do(ctx, "ASKING")
	}
	_ = p.Process(ctx, command) // queued; the error is that of Exec
	return s.exec(ctx, p, replicas, command)
}

// exec sends what is queued in p, command at its end. A write is followed, on
// the same connection, by a wait for the replicas to have it.
func (s *sender) exec(ctx context.Context, p redis.Pipeliner, replicas int, command redis.Cmder) error {
	have := redis.NewIntCmd(ctx, "WAIT", replicas, max(1, s.waitTime.Milliseconds())) // 0 is for ever
	if replicas > 0 {
		_ = p.Process(ctx, have)
	}
	if _, err := p.Exec(ctx); err != nil {
		return err
	}
	if have.Val() < int64(replicas) && refusal(command) == "" {
		return &behindError{have: have.Val(), want: int64(replicas)}
	}
	return nil
}

// refusal is the error that the server answered to command, if any.
func refusal(command redis.Cmder) string {
	if raw, ok := command.(*redis.RawCmd); ok {
		if text := raw.Val(); len(text) > 0 && text[0] == '-' {
			return strings.TrimRight(string(text[1:]), "\r\n")
		}
		return ""
	}
	if err := command.Err(); err != nil {
		return err.Error()
	}
	return ""
}

// redirected is the server that command should have gone to: MOVED for good,
// or ASK for this time.
func redirected(command redis.Cmder) (address string, asking, moved bool) {
	words := strings.Fields(refusal(command))
	if len(words) != 3 || words[0] != "MOVED" && words[0] != "ASK" {
		return "", false, false
	}
	return words[2], words[0] == "ASK", true
}
