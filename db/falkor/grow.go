package falkor

import (
	"context"
	"sync"

	"go.opentelemetry.io/otel/trace"

	"zapomni/db/falkor/cypher"
)

// growth brings graphs forward to what this program makes of them, each once at
// a time however many wait for it. The zero value is at rest.
type growth struct {
	mu    sync.Mutex
	under map[string]*growing // by graph
	grown map[string]bool     // graphs that need nothing
	all   sync.WaitGroup
	over  bool
}

// growing is one graph under way.
type growing struct {
	done chan struct{} // closed when err is known
	err  error
}

// grow brings a graph forward, if there is one. It goes on when ctx ends: a large
// graph is through in the end, however short the patience of those who ask for it.
func (s *Store) grow(ctx context.Context, graph string) error {
	g := s.growth.join(graph, func() error {
		// It belongs to no trace: it may be thousands of queries.
		_, err := s.ready(trace.ContextWithSpanContext(context.WithoutCancel(ctx), trace.SpanContext{}), graph)
		return err
	})
	if g == nil {
		return errClosed
	}
	select {
	case <-g.done:
		return g.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// growFrom does so for a graph of a version.
func (s *Store) growFrom(ctx context.Context, graph string, v version) error {
	if !v.isCurrent() {
		if err := s.grow(ctx, graph); err != nil {
			return err
		}
	}
	s.growth.mu.Lock()
	defer s.growth.mu.Unlock()
	if s.growth.grown == nil {
		s.growth.grown = make(map[string]bool)
	}
	s.growth.grown[graph] = true
	return nil
}

// growOnce does so unless a graph is known to need nothing.
func (s *Store) growOnce(ctx context.Context, graph string) error {
	s.growth.mu.Lock()
	grown := s.growth.grown[graph]
	s.growth.mu.Unlock()
	if grown {
		return nil
	}
	found, err := s.read(ctx, graph, readStore, cypher.P("key", storeKey))
	if err != nil || found.Len() == 0 {
		return err
	}
	return s.growFrom(ctx, graph, versionIn(found.Row(0)))
}

// join returns what is under way for a graph, which begins with do if nothing is;
// nil after stop.
func (g *growth) join(graph string, do func() error) *growing {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.over {
		return nil
	}
	if one := g.under[graph]; one != nil {
		return one
	}
	one := &growing{done: make(chan struct{})}
	if g.under == nil {
		g.under = make(map[string]*growing)
	}
	g.under[graph] = one
	g.all.Go(func() {
		one.err = do()
		g.mu.Lock()
		delete(g.under, graph)
		g.mu.Unlock()
		close(one.done)
	})
	return one
}

// stop lets nothing more begin.
func (g *growth) stop() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.over = true
}
