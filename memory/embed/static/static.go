// Package static makes vectors of texts by looking words up: each word, or
// piece of one, has a vector of its own, and that of a text is their sum. The
// table was fitted so that the sums point where the vectors of the built-in
// encoder point. That takes microseconds a text, and loses what order and
// company do to words.
//
// The same text gives the same vector, to the last bit, on every processor.
package static

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"zapomni/memory/embed/builtin"
)

// ErrClosed is returned by Embed after Close.
var ErrClosed = errors.New("static embedder is closed")

// Embedder makes vectors with the table that the program carries. It may be
// used by several goroutines at once; each works in the one that calls. Use
// New.
type Embedder struct {
	mu     sync.Mutex
	closed bool
	lookup *lookup // nil until the first text
}

// lookup is what the first text has to wait for.
type lookup struct {
	tokenizer *builtin.Tokenizer
	table     table
}

// New returns an embedder. It reads nothing yet: the first call of Embed does,
// which costs it some milliseconds.
func New() *Embedder { return &Embedder{} }

// Dimensions returns the length of a vector.
func (e *Embedder) Dimensions() int { return width }

// Model names what made the vectors. Only vectors of one name can be compared.
func (e *Embedder) Model() string { return "all-minilm-l6-v2-static-256" }

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
	l, err := e.started()
	if err != nil {
		return nil, fmt.Errorf("embed: %w", err)
	}
	vectors := make([][]float32, len(texts))
	for i, text := range texts {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("embed: %w", err)
		}
		vectors[i] = l.table.sum(l.tokenizer.Tokens(text))
	}
	return vectors, nil
}

// Close lets go of the memory. Calls that are running end as they would have.
func (e *Embedder) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed, e.lookup = true, nil
	return nil
}

func (e *Embedder) started() (*lookup, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, ErrClosed
	}
	if e.lookup == nil {
		t, err := parse(asset)
		if err != nil {
			return nil, err
		}
		tokenizer, err := builtin.NewTokenizer()
		if err != nil {
			return nil, err
		}
		e.lookup = &lookup{tokenizer: tokenizer, table: t}
	}
	return e.lookup, nil
}
