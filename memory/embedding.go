package memory

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// EmbedWaiting embeds what is kept and has no vector yet, and what comes,
// until ctx is done. Without an embedder, it just waits for that.
func (p *Processor) EmbedWaiting(ctx context.Context) error {
	if p.backlog != nil {
		p.backlog.run(ctx)
	}
	<-ctx.Done()
	return nil
}

// Embed embeds what waits in w, and returns once all that was kept before has
// its vectors, but for what the embedder refuses. It tells each, unless that is
// nil, how many chunks got theirs. Without an embedder, it does nothing.
func (p *Processor) Embed(ctx context.Context, w Workspace, each func(n int)) error {
	if p.backlog == nil {
		return nil
	}
	if err := p.backlog.drain(ctx, w.orDefault(), each); err != nil {
		return fmt.Errorf("embed: %w", err)
	}
	return nil
}

// Reembed forgets the vectors of w that another model than the embedder's has
// made, or one that had its name, and embeds what has none. Interrupted, it goes
// on where it was. Recall goes by words, and by the vectors made so far.
func (p *Processor) Reembed(ctx context.Context, w Workspace, each func(n int)) error {
	if p.backlog == nil {
		return errors.New("reembed: there is no embedder")
	}
	foreign, err := p.isForeign(ctx, w)
	if err == nil && foreign {
		err = p.store.Detach(ctx, w.orDefault())
	}
	if err != nil {
		return fmt.Errorf("reembed: %w", err)
	}
	err = p.Embed(ctx, w, each)
	if errors.Is(err, errForeign) {
		return fmt.Errorf("reembed: another process makes vectors at the same time, of another model: "+
			"stop it or give it the same settings, then start again: %w", err)
	}
	return err
}

// isForeign tells whether the vectors of w cannot be compared with those of the
// embedder. It asks for one of a text never embedded before: servers may give
// the name of a model to another one, found out by the length of its vectors,
// and nothing is to be forgotten for an embedder that makes none.
func (p *Processor) isForeign(ctx context.Context, w Workspace) (bool, error) {
	e, err := p.store.Embedding(ctx, w.orDefault())
	if err != nil || e.Embedded == 0 {
		return false, err
	}
	vectors, err := p.embedder.Embed(ctx, []string{string(NewID())})
	if err != nil || len(vectors) != 1 {
		return false, err
	}
	return e.Model != p.embedder.Model() || len(vectors[0]) != e.Dimensions, nil
}

// Embedding says what vectors w has.
func (p *Processor) Embedding(ctx context.Context, w Workspace) (Embedding, error) {
	e, err := p.store.Embedding(ctx, w.orDefault())
	if err != nil {
		return Embedding{}, fmt.Errorf("embedding: %w", err)
	}
	return e, nil
}

// Lag is how far vectors are behind what is kept.
type Lag struct {
	// Model makes the vectors; empty without an embedder.
	Model string
	// Since is when the oldest chunk came that waits for its vector; zero if
	// none is known to wait.
	Since time.Time
	// Failing is true if the last try failed in a workspace that waits.
	Failing bool
}

// longLag is how far behind vectors may be without a word about it.
const longLag = 5 * time.Second

func (l Lag) isLong() bool {
	return l.Failing || !l.Since.IsZero() && time.Since(l.Since) > longLag
}

// Lag returns how far the vectors that this process makes are behind.
func (p *Processor) Lag() Lag {
	if p.backlog == nil {
		return Lag{}
	}
	b := p.backlog
	b.mu.Lock()
	defer b.mu.Unlock()
	lag := Lag{Model: p.embedder.Model(), Failing: b.failing()}
	for _, d := range b.waiting {
		if lag.Since.IsZero() || d.since.Before(lag.Since) {
			lag.Since = d.since
		}
	}
	return lag
}
