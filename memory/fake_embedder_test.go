package memory_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"zapomni/memory"
)

// concepts is an embedder to which words of one concept mean the same. What
// has none of its words lies in a direction of its own.
type concepts struct {
	model   string
	refuses string // texts that hold it are refused, with all they came with
	longer  int    // zeros at the end of vectors
	forgot  int    // calls of Forget, where there is one

	mu    sync.Mutex
	err   error // what Embed answers, if anything
	after int   // calls of Embed before that
	asked int   // calls of Embed
}

// fail lets Embed answer err from now on.
func (c *concepts) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}

var errDown = errors.New("down")

// meanings lists the words of each concept.
func meanings() []string {
	return []string{"sister brother relative aunt", "nurse doctor job profession", "dog puppy pet", "boat ship vessel"}
}

func (c *concepts) Model() string { return c.model }

func (c *concepts) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	if c.err != nil && c.asked > c.after || ctx.Err() != nil {
		return nil, errors.Join(c.err, ctx.Err())
	}
	vectors := make([][]float32, len(texts))
	for i, text := range texts {
		if c.refuses != "" && strings.Contains(text, c.refuses) {
			return nil, fmt.Errorf("refused: %w", memory.ErrInvalid)
		}
		vectors[i] = append(vectorOf(text), make([]float32, c.longer)...)
	}
	return vectors, nil
}

func vectorOf(text string) []float32 {
	all := meanings()
	v := make([]float32, len(all)+1)
	for word := range strings.FieldsFuncSeq(strings.ToLower(text), func(r rune) bool { return r < 'a' || r > 'z' }) {
		for i, words := range all {
			if strings.Contains(" "+words+" ", " "+word+" ") {
				v[i]++
			}
		}
	}
	v[len(all)] = 0.01
	return v
}
