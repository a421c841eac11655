package memory

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"zapomni/memory/chunk"
	"zapomni/memory/words"
)

// Processor keeps memories and recalls them. It is safe for use by many
// goroutines. The store stays the caller's to close.
type Processor struct {
	store    Store
	config   Config
	analyzer *words.Analyzer
	docs     *docCache
	weights  weights
	embedder Embedder // nil: recall goes by words alone
	backlog  *backlog // nil without an embedder
	now      func() time.Time
}

// New returns a processor over store that recalls by words. The config must be
// valid.
func New(store Store, config Config) *Processor {
	analyzer := new(words.Analyzer)
	return &Processor{
		store: store, config: config, analyzer: analyzer,
		docs: newDocCache(analyzer, cachedText), weights: defaultWeights(), now: time.Now,
	}
}

// WithMeaning lets p recall by meaning too, once EmbedWaiting or Embed has made
// the vectors. It is called before anything else, and returns p. The embedder
// stays the caller's to close.
func (p *Processor) WithMeaning(e Embedder, log *slog.Logger) *Processor {
	p.embedder = e
	p.backlog = newBacklog(p.store, e, log)
	return p
}

// Add keeps a text as a new memory. When it returns nil, the memory is kept
// and found. A workspace that does not exist is an UnknownWorkspaceError.
func (p *Processor) Add(ctx context.Context, d Draft) (Memory, error) {
	m, err := p.memory(d)
	if err != nil {
		return Memory{}, err
	}
	m.ID = NewID()
	return m, p.put(ctx, m)
}

// Get returns a memory, or ErrNotFound.
func (p *Processor) Get(ctx context.Context, w Workspace, id ID) (Memory, error) {
	m, err := p.store.Get(ctx, w.orDefault(), id)
	if err != nil {
		return Memory{}, fmt.Errorf("get memory %s: %w", id, err)
	}
	return m, nil
}

// Update puts a new text and metadata in the place of a memory's, which keeps
// its ID and the time it was recorded. It returns ErrNotFound if there is none.
func (p *Processor) Update(ctx context.Context, id ID, d Draft) (Memory, error) {
	m, err := p.memory(d)
	if err != nil {
		return Memory{}, err
	}
	old, err := p.Get(ctx, m.Workspace, id)
	if err != nil {
		return Memory{}, err
	}
	if m.ValidFrom.Equal(m.CreatedAt) {
		m.ValidFrom = old.ValidFrom
	}
	m.ID, m.CreatedAt = old.ID, old.CreatedAt
	return m, p.put(ctx, m)
}

// Delete forgets a memory. It returns ErrNotFound if there is none.
func (p *Processor) Delete(ctx context.Context, w Workspace, id ID) error {
	if err := p.store.Delete(ctx, w.orDefault(), id); err != nil {
		return fmt.Errorf("delete memory %s: %w", id, err)
	}
	return nil
}

// Clear forgets everything: all memories, all workspaces but the default one,
// and the vectors in the embedder's cache.
func (p *Processor) Clear(ctx context.Context) error {
	if err := p.store.Clear(ctx); err != nil {
		return fmt.Errorf("clear: %w", err)
	}
	if cached, ok := p.embedder.(Cached); ok {
		if err := cached.Forget(); err != nil {
			return fmt.Errorf("clear the cache of vectors: %w", err)
		}
	}
	return nil
}

// Stats counts what a workspace holds.
func (p *Processor) Stats(ctx context.Context, w Workspace) (Stats, error) {
	counts, err := p.Counts(ctx, w)
	if err != nil {
		return Stats{}, err
	}
	size, err := p.store.Size(ctx)
	if err != nil {
		return Stats{}, fmt.Errorf("size of the store: %w", err)
	}
	vectors, err := p.Embedding(ctx, w)
	if err != nil {
		return Stats{}, err
	}
	stats := Stats{Counts: counts, Bytes: size, Embedding: vectors, Lag: p.Lag()}
	if pooled, ok := p.store.(Pooled); ok {
		pool := pooled.Pool()
		stats.Pool = &pool
	}
	if cached, ok := p.embedder.(Cached); ok {
		if cache, ok := cached.Cache(); ok {
			stats.Cache = &cache
		}
	}
	return stats, nil
}

// memory makes of a draft what will be kept, but for its ID.
func (p *Processor) memory(d Draft) (Memory, error) {
	if err := d.Workspace.checkReserved(); err != nil {
		return Memory{}, err
	}
	text, err := cleanText(d.Text, p.config.MaxTextLength)
	if err != nil {
		return Memory{}, err
	}
	about, err := readMetadata(d.Metadata)
	if err != nil {
		return Memory{}, err
	}
	now := p.now().UTC().Truncate(time.Microsecond)
	m := Memory{
		Workspace: d.Workspace.orDefault(), Text: text,
		Metadata: about.json, Tags: about.tags, Source: about.source,
		CreatedAt: now, ValidFrom: now, Chunks: p.split(text),
	}
	if !about.timestamp.IsZero() {
		m.ValidFrom = about.timestamp
	}
	return m, nil
}

func (p *Processor) split(text string) []Chunk {
	pieces := chunk.Split(text, chunk.Options{Size: p.config.ChunkSize, Overlap: p.config.ChunkOverlap})
	chunks := make([]Chunk, len(pieces))
	for i, piece := range pieces {
		chunks[i] = Chunk{Start: piece.Start, End: piece.End}
	}
	return chunks
}

func (p *Processor) put(ctx context.Context, m Memory) error {
	defer p.backlog.called()()
	if err := p.store.Put(ctx, m); err != nil {
		return fmt.Errorf("put memory %s: %w", m.ID, p.explain(ctx, m.Workspace, err))
	}
	p.backlog.grew(m.Workspace)
	return nil
}
