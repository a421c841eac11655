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
	// were left without a vector, and sweepEvery how often from then on: other
	// processes may leave some, or be at work on them. To tell these apart takes
	// a second look, nextSweep after the first.
	firstSweep = time.Second
	nextSweep  = 5 * time.Second
	sweepEvery = time.Minute
	// firstPause and longestPause bound the wait after a failure, for the
	// workspace that it was in.
	firstPause   = time.Second
	longestPause = time.Minute
)

// errForeign means that a workspace has vectors that cannot be compared with
// those of the embedder.
var errForeign = errors.New("its vectors were made by another model; run: zapomni reembed")

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
	seen    map[Workspace]int      // vectors at the last sweep; only for run
}

// debt is what a workspace has to catch up with.
type debt struct {
	since time.Time
	grown time.Time     // when it first grew since the pass under way began
	pause time.Duration // after the last pass, if that failed
	again time.Time     // when that is over
}

func newBacklog(s Store, e Embedder, log *slog.Logger) *backlog {
	return &backlog{
		store: s, embedder: e, log: log, turn: make(chan struct{}, 1), wake: make(chan struct{}, 1),
		waiting: make(map[Workspace]debt), refused: make(map[Ref]struct{}), foreign: make(map[Workspace]struct{}),
		seen: make(map[Workspace]int),
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
	sweep := time.NewTimer(firstSweep)
	defer sweep.Stop()
	for interval := nextSweep; ctx.Err() == nil; {
		w, pause := b.oldest()
		if pause <= 0 {
			b.settle(ctx, w, b.drain(ctx, w, nil))
			continue
		}
		next := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-b.wake:
		case <-next.C:
		case <-sweep.C:
			b.sweep(ctx)
			sweep.Reset(interval)
			interval = sweepEvery
		}
		next.Stop()
	}
}

// oldest returns the workspace that waits longest, but for those in which a pass
// has just failed, or for how long there may be none.
func (b *backlog) oldest() (w Workspace, pause time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	pause = sweepEvery
	var since time.Time
	for each, d := range b.waiting {
		left := time.Until(d.again)
		if left > 0 {
			pause = min(pause, left)
		} else if since.IsZero() || d.since.Before(since) {
			w, since = each, d.since
		}
	}
	if !since.IsZero() {
		pause = 0
	}
	return w, pause
}

// settle ends a pass over w.
func (b *backlog) settle(ctx context.Context, w Workspace, err error) {
	if ctx.Err() != nil {
		return
	}
	if errors.Is(err, errForeign) {
		b.sayForeign(ctx, w)
		err = nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	before, d := b.failing(), b.waiting[w]
	switch {
	case err != nil:
		d.pause = min(max(2*d.pause, firstPause), longestPause)
		d.again = time.Now().Add(d.pause)
		b.waiting[w] = d
	case d.grown.IsZero():
		delete(b.waiting, w)
	default:
		b.waiting[w] = debt{since: d.grown}
	}
	switch after := b.failing(); {
	case after && !before:
		b.log.WarnContext(ctx, "embedding_failed", "workspace", w, "error", err)
	case before && !after:
		b.log.InfoContext(ctx, "embedding_recovered")
	}
}

// failing reports whether the last pass has failed in a workspace that waits.
// The caller holds the lock.
func (b *backlog) failing() bool {
	for _, d := range b.waiting {
		if d.pause > 0 {
			return true
		}
	}
	return false
}

// sweep looks for workspaces with chunks that nobody embeds: those that wait
// as they did at the sweep before.
func (b *backlog) sweep(ctx context.Context) {
	infos, err := b.store.Workspaces(ctx)
	seen := make(map[Workspace]int, len(infos))
	for i := 0; err == nil && i < len(infos); i++ {
		w := infos[i].ID
		var e Embedding
		if e, err = b.store.Embedding(ctx, w); err != nil || e.Embedded == e.Chunks {
			continue
		}
		if before, looked := b.seen[w]; looked && before == e.Embedded {
			b.grew(w)
		}
		seen[w] = e.Embedded
	}
	b.seen = seen
	if err != nil && ctx.Err() == nil {
		b.log.WarnContext(ctx, "embedding_sweep_failed", "error", err)
	}
}

// drain embeds what waits in w. It tells each, unless that is nil, how many
// chunks it has attached vectors to. It returns errForeign if w has vectors of
// another model, which are not to be mixed with those of this one.
func (b *backlog) drain(ctx context.Context, w Workspace, each func(n int)) error {
	e, err := b.store.Embedding(ctx, w)
	if err != nil {
		return fmt.Errorf("embedding: %w", err)
	}
	if e.Embedded > 0 && e.Model != b.embedder.Model() {
		return errForeign
	}
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
	if errors.Is(err, ErrConflict) || errors.Is(err, ErrInvalid) { // of another model, or one that took its name
		return 0, "", fmt.Errorf("%w: %w", errForeign, err)
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
		b.log.WarnContext(ctx, "embedding_model_changed", "workspace", w, "model", b.embedder.Model(), "detail", errForeign.Error())
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
