package memory

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"zapomni/memory/pace"
)

const (
	// batch is how many chunks are embedded and attached together.
	batch = 32
	// calm is how long after the last call the backlog takes the whole machine.
	calm = 250 * time.Millisecond
	// firstSweep is when all workspaces are first looked through for chunks that
	// were left without a vector, sweepEvery how often from then on: other
	// processes may leave some.
	firstSweep = time.Second
	sweepEvery = time.Minute
	// firstPause and longestPause bound the wait after a failure.
	firstPause   = time.Second
	longestPause = time.Minute
)

// backlog embeds the chunks that wait for their vectors, the workspace that
// waits longest first. A nil backlog does nothing.
type backlog struct {
	store    Store
	embedder Embedder
	log      *slog.Logger
	turn     chan struct{} // holds one while a batch is under way
	wake     chan struct{} // holds one when there may be something to do

	calls atomic.Int64 // under way
	last  atomic.Int64 // when one ended last, in Unix nanoseconds

	mu      sync.Mutex
	waiting map[Workspace]debt
	refused map[Ref]struct{}       // chunks that the embedder does not take
	foreign map[Workspace]struct{} // those with vectors of another model
	failing error                  // of the last batch; nil after a success
}

// debt is what a workspace has to catch up with.
type debt struct {
	since time.Time
	grown time.Time // when it first grew since the pass under way began
}

func newBacklog(s Store, e Embedder, log *slog.Logger) *backlog {
	return &backlog{
		store: s, embedder: e, log: log, turn: make(chan struct{}, 1), wake: make(chan struct{}, 1),
		waiting: make(map[Workspace]debt), refused: make(map[Ref]struct{}), foreign: make(map[Workspace]struct{}),
	}
}

// called says that a call is under way until the function returned is called:
// the backlog makes room for it.
func (b *backlog) called() (ended func()) {
	if b == nil {
		return func() {}
	}
	b.calls.Add(1)
	return func() {
		b.last.Store(time.Now().UnixNano())
		b.calls.Add(-1)
	}
}

// grew says that chunks without vectors came to w.
func (b *backlog) grew(w Workspace) {
	if b == nil {
		return
	}
	b.mu.Lock()
	now := time.Now()
	d, ok := b.waiting[w]
	switch {
	case !ok:
		b.waiting[w] = debt{since: now}
	case d.grown.IsZero():
		d.grown = now
		b.waiting[w] = d
	}
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// run embeds what waits and what comes until ctx is done.
func (b *backlog) run(ctx context.Context) {
	pause := firstPause
	next := time.NewTimer(firstSweep)
	defer next.Stop()
	for ctx.Err() == nil {
		w, ok := b.oldest()
		if !ok {
			select {
			case <-ctx.Done():
			case <-b.wake:
			case <-next.C:
				b.sweep(ctx)
				next.Reset(sweepEvery)
			}
			continue
		}
		err := b.drain(ctx, w, nil)
		if b.settle(ctx, w, err); err == nil {
			pause = firstPause
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
			pause = min(2*pause, longestPause)
		}
	}
}

// oldest returns the workspace that waits longest.
func (b *backlog) oldest() (w Workspace, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var since time.Time
	for each, d := range b.waiting {
		if !ok || d.since.Before(since) {
			w, since, ok = each, d.since, true
		}
	}
	return w, ok
}

// settle ends a pass over w.
func (b *backlog) settle(ctx context.Context, w Workspace, err error) {
	if ctx.Err() != nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	before := b.failing
	b.failing = err
	switch {
	case err != nil && before == nil:
		b.log.WarnContext(ctx, "embedding_failed", "error", err)
	case err == nil && before != nil:
		b.log.InfoContext(ctx, "embedding_recovered")
	}
	if err != nil {
		return
	}
	if d := b.waiting[w]; !d.grown.IsZero() {
		b.waiting[w] = debt{since: d.grown}
		return
	}
	delete(b.waiting, w)
}

// sweep looks for workspaces with chunks that nobody embeds.
func (b *backlog) sweep(ctx context.Context) {
	infos, err := b.store.Workspaces(ctx)
	for i := 0; err == nil && i < len(infos); i++ {
		var e Embedding
		if e, err = b.store.Embedding(ctx, infos[i].ID); err == nil && e.Embedded < e.Chunks {
			b.grew(infos[i].ID)
		}
	}
	if err != nil && ctx.Err() == nil {
		b.log.WarnContext(ctx, "embedding_sweep_failed", "error", err)
	}
}

// drain embeds what waits in w. It tells each, unless that is nil, how many
// chunks it has attached vectors to.
func (b *backlog) drain(ctx context.Context, w Workspace, each func(n int)) error {
	for after := Cursor(""); ; {
		n, next, err := b.step(ctx, w, after)
		if err != nil {
			return err
		}
		if each != nil {
			each(n)
		}
		if after = next; after == "" {
			return nil
		}
	}
}

// step embeds the next few chunks of w.
func (b *backlog) step(ctx context.Context, w Workspace, after Cursor) (n int, next Cursor, err error) {
	select {
	case b.turn <- struct{}{}:
		defer func() { <-b.turn }()
	case <-ctx.Done():
		return 0, "", ctx.Err()
	}
	chunks, next, err := b.store.Unembedded(ctx, w, after, batch)
	if err != nil {
		return 0, "", fmt.Errorf("chunks without a vector: %w", err)
	}
	chunks = b.taken(chunks)
	texts, err := overheard(ctx, b.store, w, chunks)
	if err != nil {
		return 0, "", fmt.Errorf("what was said before: %w", err)
	}
	for i := range chunks {
		chunks[i].Text = texts[i]
	}
	made, err := b.embed(ctx, chunks)
	if err != nil || len(made) == 0 {
		return 0, next, err
	}
	err = b.store.Attach(ctx, w, b.embedder.Model(), made)
	if errors.Is(err, ErrConflict) {
		b.sayForeign(ctx, w)
		return 0, "", nil
	}
	if err != nil {
		return 0, "", fmt.Errorf("attach vectors: %w", err)
	}
	return len(made), next, nil
}

// sayForeign says once for each workspace that it has vectors of another model.
func (b *backlog) sayForeign(ctx context.Context, w Workspace) {
	b.mu.Lock()
	_, said := b.foreign[w]
	b.foreign[w] = struct{}{}
	b.mu.Unlock()
	if !said {
		b.log.WarnContext(ctx, "embedding_model_changed", "workspace", w, "model", b.embedder.Model(),
			"detail", "its vectors were made by another model; run: zapomni reembed")
	}
}

// taken leaves out what the embedder does not take.
func (b *backlog) taken(chunks []Unembedded) []Unembedded {
	b.mu.Lock()
	defer b.mu.Unlock()
	left := chunks[:0]
	for _, c := range chunks {
		if _, refused := b.refused[c.Ref]; !refused {
			left = append(left, c)
		}
	}
	return left
}

// embed makes the vectors of chunks, but for those whose texts the embedder does
// not take: they are left out from then on.
func (b *backlog) embed(ctx context.Context, chunks []Unembedded) ([]Attachment, error) {
	if b.calls.Load() > 0 || time.Since(time.Unix(0, b.last.Load())) < calm {
		ctx = pace.Gently(ctx)
	}
	made, err := b.ask(ctx, chunks)
	if !errors.Is(err, ErrInvalid) {
		return made, err
	}
	var refused []Ref
	for _, c := range chunks {
		one, err := b.ask(ctx, []Unembedded{c})
		switch {
		case errors.Is(err, ErrInvalid):
			refused = append(refused, c.Ref)
		case err != nil:
			return nil, err
		}
		made = append(made, one...)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, ref := range refused {
		b.refused[ref] = struct{}{}
	}
	return made, nil
}

func (b *backlog) ask(ctx context.Context, chunks []Unembedded) ([]Attachment, error) {
	texts := make([]string, len(chunks))
	for i, c := range chunks {
		texts[i] = c.Text
	}
	vectors, err := b.embedder.Embed(ctx, texts)
	if err == nil && len(vectors) != len(chunks) {
		err = fmt.Errorf("%d vectors for %d texts", len(vectors), len(chunks))
	}
	if err != nil {
		return nil, err
	}
	made := make([]Attachment, len(chunks))
	for i, c := range chunks {
		made[i] = Attachment{Ref: c.Ref, Vector: vectors[i]}
	}
	return made, nil
}
