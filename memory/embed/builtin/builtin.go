// Package builtin makes vectors of texts with all-MiniLM-L6-v2, a sentence
// model that the program carries: no server, no download, no C. Texts of one
// meaning have vectors of one direction, whatever their words.
//
// The weights have 8 bits each and are used where they lie in the program
// file. The same text gives the same vector, to the last bit, on every
// processor and in whatever company it is embedded; see kernels.
package builtin

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// ErrClosed is returned by Embed after Close.
var ErrClosed = errors.New("built-in embedder is closed")

// Embedder makes vectors with the built-in model. It may be used by several
// goroutines at once: no more of them work than there are processors, and a
// short call does not wait for the end of a long one. Use New.
type Embedder struct {
	kernels func() *kernels

	mu     sync.Mutex
	closed bool
	engine *engine // nil until the first text
}

// New returns an embedder. It reads nothing yet: the first call of Embed takes
// the model apart, which costs it some milliseconds.
func New() *Embedder {
	return &Embedder{kernels: best}
}

// Dimensions returns the length of a vector.
func (e *Embedder) Dimensions() int { return width }

// Model names what made the vectors. Only vectors of one name can be compared.
func (e *Embedder) Model() string { return "all-minilm-l6-v2-q8" }

// Embed returns a vector of length 1 for each of texts, in their order. Of a
// long text only the beginning counts: 254 words and pieces of words. It ends
// soon after ctx does.
func (e *Embedder) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("embed: %w", err)
	}
	if len(texts) == 0 {
		return nil, nil
	}
	g, err := e.started()
	if err != nil {
		return nil, fmt.Errorf("embed: %w", err)
	}
	vectors, err := g.embed(ctx, texts)
	if err != nil {
		return nil, fmt.Errorf("embed: %w", err)
	}
	return vectors, nil
}

// Close lets go of the memory, as soon as the calls that are running have ended
// as they would have. Those after it return ErrClosed.
func (e *Embedder) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed, e.engine = true, nil
	return nil
}

func (e *Embedder) started() (*engine, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, ErrClosed
	}
	if e.engine == nil {
		g, err := newEngine(e.kernels())
		if err != nil {
			return nil, err
		}
		e.engine = g
	}
	return e.engine, nil
}
