package falkor

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"zapomni/db/falkor/cypher"
	"zapomni/db/falkor/reply"
	"zapomni/memory"
	"zapomni/memory/words"
)

var (
	_ memory.Store   = (*Store)(nil)
	_ memory.Meaning = (*Store)(nil)
	_ memory.Pooled  = (*Store)(nil)
)

// Store is a memory.Store in FalkorDB: a graph for each workspace. Open makes
// one.
//
// Each write is one query, which FalkorDB does whole or not at all, and bears
// being sent twice.
type Store struct {
	client   *Client
	querier  querier // the client, or what a test puts before it
	graph    string  // of the default workspace
	log      *slog.Logger
	analyzer words.Analyzer
	counts   countCache
	vectors  sync.Map // of graphs: *vectorIndex
	spaces   spaces
	tickets  tickets
	doubts   doubts
	growth   growth
}

// Open connects to FalkorDB and makes the graph of the default workspace ready.
func Open(ctx context.Context, c Config, log *slog.Logger) (*Store, error) {
	client, err := NewClient(c, log)
	if err != nil {
		return nil, err
	}
	s := &Store{client: client, querier: client, graph: c.Graph, log: log, tickets: tickets{process: uuid.NewString()}}
	client.onInit = func(ctx context.Context, _ *Client) error {
		err := s.prepareDefault(ctx)
		if err == nil {
			client.log.InfoContext(ctx, "schema_initialized")
		}
		return err
	}
	if err := client.Init(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// graphOf names the graph of a workspace.
func (s *Store) graphOf(w memory.Workspace) string {
	if w == memory.DefaultWorkspace {
		return s.graph
	}
	return s.graph + ":" + string(w)
}

// read asks a graph. One that does not exist is empty.
func (s *Store) read(ctx context.Context, graph, text string, params ...cypher.Param) (Result, error) {
	return s.ask(ctx, Statement{Graph: graph, Text: text, Params: params})
}

// look asks a graph for what decides on a write, which a replica may not know
// yet.
func (s *Store) look(ctx context.Context, graph, text string, params ...cypher.Param) (Result, error) {
	return s.ask(ctx, Statement{Graph: graph, Text: text, Params: params, primary: true})
}

func (s *Store) ask(ctx context.Context, q Statement) (Result, error) {
	found, err := s.querier.Query(ctx, q)
	if err != nil && (noGraph(err) || graphReplaced(err)) {
		return Result{Result: &reply.Result{}}, nil
	}
	return found, err
}

// write changes a graph by a statement that cannot take effect twice.
func (s *Store) write(ctx context.Context, graph, text string, params ...cypher.Param) (Result, error) {
	return s.querier.Query(ctx, Statement{Graph: graph, Text: text, Params: params, Effect: Repeatable})
}

// noGraph tells whether err says that there is no such graph.
func noGraph(err error) bool {
	return strings.Contains(err.Error(), "Invalid graph operation on empty key") || strings.Contains(err.Error(), "no such key")
}

// graphReplaced tells whether err says that the graph was deleted, and perhaps
// made again, while a query waited for its turn, or between two steps of making
// its schema. The query had no effect then.
func graphReplaced(err error) bool {
	return strings.Contains(err.Error(), "when opened key") || strings.Contains(err.Error(), "missing supporting exact-match index")
}

// unlessReplaced returns err, or nil if it says that the graph was replaced.
func unlessReplaced(err error) error {
	if err != nil && graphReplaced(err) {
		return nil
	}
	return err
}

// Ping asks the server for a number.
func (s *Store) Ping(ctx context.Context) error {
	if _, err := s.read(ctx, s.graph, "RETURN 1 AS one"); err != nil {
		return fmt.Errorf("ping: %w", err)
	}
	return nil
}

// Pool describes the connections.
func (s *Store) Pool() memory.PoolStats { return s.client.Stats() }

// closing is how long Close waits for calls under way.
const closing = 10 * time.Second

// Close waits for calls under way, cancels those that take longer than ten
// seconds, and gives the connections back.
func (s *Store) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closing)
	defer cancel()
	s.growth.stop()
	err := s.client.Close(ctx)
	s.growth.all.Wait() // each ends with its next query
	return err
}

func fromMicro(t int64) time.Time { return time.UnixMicro(t).UTC() }
