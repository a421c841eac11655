package embed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"zapomni/memory/embed/builtin"
)

// Open returns the embedder that c asks for, nil for None. Its cache is kept in
// file, unless that is empty. It reaches for nothing yet: the first text does.
func Open(c Config, file string, log *slog.Logger) (Embedder, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("open an embedder: %w", err)
	}
	s := &service{provider: c.Chosen(), size: &dimension{}}
	switch s.provider {
	case None:
		return nil, nil
	case Ollama:
		s.remote(newOllama(c.Ollama), c.BatchSize, log)
	case OpenAI:
		s.remote(newOpenAI(c.OpenAI, c.Dimensions), c.BatchSize, log)
	default:
		e := builtin.New()
		s.size.settle(e.Dimensions())
		s.top = e
	}
	if c.Cache {
		s.cache = newCache(s.top, c.keeper(file, log), int64(c.CacheMB)<<20, s.size)
		s.top = s.cache
	}
	return s, nil
}

// keeper is where vectors outlive the process, nil for nowhere.
func (c Config) keeper(file string, log *slog.Logger) Keeper {
	switch {
	case c.Redis.Enabled:
		return newRedisKeeper(c.Redis, log)
	case file != "" && c.DiskCacheMB > 0:
		return newDiskKeeper(file, int64(c.DiskCacheMB)<<20, log)
	default:
		return nil
	}
}

// service is an embedder with all that stands around it.
type service struct {
	provider string
	size     *dimension
	top      Embedder // the outermost of the layers
	guard    *guard   // nil where there is no server
	cache    *cache   // nil if there is none
	closed   atomic.Bool
}

// remote puts around a server's embedder what it needs.
func (s *service) remote(e Embedder, batch int, log *slog.Logger) {
	s.guard = newGuard(e, guardPolicy(), s.size, log)
	s.top = newBatcher(s.guard, batch)
}

// Model names what makes the vectors.
func (s *service) Model() string { return s.top.Model() }

// Embed asks the layers, and says in their place what an end means that is not
// their doing.
func (s *service) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	var err error
	var vectors [][]float32
	if s.closed.Load() {
		err = errClosed()
	} else {
		vectors, err = s.top.Embed(ctx, texts)
	}
	switch {
	case err == nil:
		return vectors, nil
	case errors.Is(err, builtin.ErrClosed):
		err = errClosed()
	case errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, ErrUnavailable):
		err = &failure{class: timedOut, text: "no vectors in the time there was", cause: err}
	}
	return nil, fmt.Errorf("embed with %s: %w", s.Model(), err)
}

// Close closes all layers. A second call does nothing.
func (s *service) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	if err := s.top.Close(); err != nil {
		return fmt.Errorf("close the embedder: %w", err)
	}
	return nil
}
