package embed

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// gatherTime is how long texts wait for those of other callers, while requests
// are under way. Where none is, they do not wait; where no further one can be
// made, they do as long as that.
const gatherTime = 5 * time.Millisecond

// batcher asks for the texts of several callers in one request. A caller that
// goes takes along what was not sent yet, and leaves others alone. A long call
// is cut up, so that a short one does not wait for the whole of it.
type batcher struct {
	next Embedder
	most int // texts in a request

	ctx    context.Context // of requests, which outlive their callers
	cancel context.CancelFunc
	slots  chan struct{} // one for each request that may be under way
	wg     sync.WaitGroup

	mu     sync.Mutex
	open   *lot // still gathers; nil if there is none
	queued int  // lots that wait for their turn or are under way
	closed bool
}

// lot is what becomes one request.
type lot struct {
	parts []*part
	texts int
	timer *time.Timer
	// queued tells that it only gathers until its turn comes.
	queued bool
}

// part is what one caller has in a lot.
type part struct {
	ctx     context.Context
	texts   []string
	done    chan struct{} // closed when vectors or err are there
	vectors [][]float32
	err     error
}

func newBatcher(next Embedder, most int) *batcher {
	ctx, cancel := context.WithCancel(context.Background())
	return &batcher{next: next, most: most, ctx: ctx, cancel: cancel, slots: make(chan struct{}, connections)}
}

// Model names the model behind b.
func (b *batcher) Model() string { return b.next.Model() }

// Close ends all requests, and closes the embedder behind b.
func (b *batcher) Close() error {
	b.mu.Lock()
	b.closed = true
	if b.open != nil {
		b.queue(b.open)
	}
	b.mu.Unlock()
	b.cancel()
	err := b.next.Close()
	b.wg.Wait()
	return err
}

// Embed returns as soon as ctx ends, whatever becomes of the request.
func (b *batcher) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	if err := checkLengths(texts); err != nil {
		return nil, err
	}
	vectors := make([][]float32, 0, len(texts))
	for some := range slices.Chunk(texts, b.most) {
		p := &part{ctx: ctx, texts: some, done: make(chan struct{})}
		b.join(p)
		select {
		case <-p.done:
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for vectors: %w", ctx.Err())
		}
		if p.err != nil {
			return nil, at(len(vectors), p.err)
		}
		vectors = append(vectors, p.vectors...)
	}
	return vectors, nil
}

// join puts p into the lot that gathers, and has it wait for its turn if it is
// full, or nothing else is under way.
func (b *batcher) join(p *part) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		p.err = errClosed()
		close(p.done)
		return
	}
	if b.open != nil && b.open.texts+len(p.texts) > b.most {
		b.queue(b.open)
		b.open = nil
	}
	if b.open == nil {
		l := &lot{}
		l.timer = time.AfterFunc(gatherTime, func() { b.hurry(l) })
		b.open = l
	}
	l := b.open
	l.parts = append(l.parts, p)
	if l.texts += len(p.texts); l.texts == b.most {
		b.open = nil
	}
	if b.open == nil || b.queued == 0 {
		b.queue(l)
	}
}

// hurry has l wait for its turn if it still gathers.
func (b *batcher) hurry(l *lot) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open == l {
		b.queue(l)
	}
}

// queue has l asked for when its turn comes, and lets it gather until then. The
// caller holds the lock.
func (b *batcher) queue(l *lot) {
	if l.queued {
		return
	}
	l.queued = true
	l.timer.Stop()
	b.queued++
	b.wg.Go(func() {
		select {
		case b.slots <- struct{}{}:
			defer func() { <-b.slots }()
		case <-b.ctx.Done():
		}
		b.mu.Lock()
		if b.open == l {
			b.open = nil
		}
		b.mu.Unlock()
		b.request(l)
		b.mu.Lock()
		defer b.mu.Unlock()
		b.queued--
		if b.queued == 0 && b.open != nil {
			b.queue(b.open)
		}
	})
}

// request brings what the parts of l wait for.
func (b *batcher) request(l *lot) {
	defer func() {
		for _, p := range l.parts {
			close(p.done)
		}
	}()
	var waiting []*part
	var texts []string
	for _, p := range l.parts {
		if p.err = p.ctx.Err(); p.err == nil {
			waiting, texts = append(waiting, p), append(texts, p.texts...)
		}
	}
	if len(texts) == 0 {
		return
	}
	vectors, err := b.ask(texts)
	switch {
	case len(texts) == 1:
		vectors, err = b.judge(texts, vectors, err)
	case classOf(err).mayBeOfText():
		b.askEach(waiting)
		return
	}
	for _, p := range waiting {
		if err != nil {
			p.err = err
			continue
		}
		p.vectors, vectors = vectors[:len(p.texts):len(p.texts)], vectors[len(p.texts):]
	}
}

// askEach asks for each text alone, so that one which is refused spoils no
// more than its caller's call.
func (b *batcher) askEach(parts []*part) {
	for _, p := range parts {
		for i := range p.texts {
			if p.err = p.ctx.Err(); p.err != nil {
				break
			}
			text := p.texts[i : i+1]
			vectors, err := b.ask(text)
			if vectors, err = b.judge(text, vectors, err); err != nil {
				p.err = at(i, err)
				break
			}
			p.vectors = append(p.vectors, vectors...)
		}
	}
}

// harmless is a text that no embedder has anything against.
const harmless = "health check"

// judge finds out whether err is the fault of the text that was asked for, and
// says so: surely, or since the server takes a text that is harmless. What
// broke the server is asked for once more before.
func (b *batcher) judge(text []string, vectors [][]float32, err error) ([][]float32, error) {
	if classOf(err) == serverFault {
		vectors, err = b.ask(text)
	}
	c := classOf(err)
	if !c.mayBeOfText() {
		return vectors, err
	}
	if !c.isOfText() {
		if _, other := b.ask([]string{harmless}); other != nil {
			return nil, err
		}
	}
	if c == serverFault {
		err = &failure{class: badText, text: "it breaks the embedder: " + err.Error()}
	}
	return nil, &TextError{Err: err}
}

// ask passes texts on, for as long as b is open.
func (b *batcher) ask(texts []string) ([][]float32, error) {
	vectors, err := b.next.Embed(b.ctx, texts)
	if b.ctx.Err() != nil {
		return nil, errClosed()
	}
	return vectors, err
}
