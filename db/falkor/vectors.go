package falkor

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"zapomni/memory"
)

// vectorIndex is what is known of the vectors of a graph.
type vectorIndex struct {
	// ready is the space whose index is known to be there; nil if none is.
	ready atomic.Pointer[space]
	// seen is the space as searches last read it; nil if none has.
	seen atomic.Pointer[sight]
	// turn holds one while an index is made or searched: see selectNearest.
	// The rest belongs to who has the turn.
	turn  chan struct{}
	width float64 // how much more than wanted is asked for, at least narrowest
}

// sight is a space at a time.
type sight struct {
	space space
	at    time.Time
}

// enter waits for the turn. Without an error, leave gives it back.
func (x *vectorIndex) enter(ctx context.Context) error {
	select {
	case x.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (x *vectorIndex) leave() { <-x.turn }

// vectorsOf returns what is known of the vectors of a graph.
func (s *Store) vectorsOf(graph string) *vectorIndex {
	known, _ := s.vectors.LoadOrStore(graph, &vectorIndex{turn: make(chan struct{}, 1), width: narrowest})
	return known.(*vectorIndex) //nolint:forcetypeassert // nothing else is stored
}

// dropped tells that the vectors of a graph are gone, or all of it. Its turn
// stays, for those who have it or wait.
func (s *Store) dropped(graph string) {
	if known, ok := s.vectors.Load(graph); ok {
		known := known.(*vectorIndex) //nolint:forcetypeassert // nothing else is stored
		known.ready.Store(nil)
		known.seen.Store(nil)
	}
}

// checkVector refuses what FalkorDB would keep and never find, or what would
// harm its index.
func checkVector(v []float32) error {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	if len(v) == 0 || sum == 0 || math.IsNaN(sum) || math.IsInf(sum, 0) {
		return fmt.Errorf("%w: a vector must have numbers that are finite and not all zero", memory.ErrInvalid)
	}
	return nil
}

// checkVectors returns the length that all vectors have.
func checkVectors(vectors [][]float32) (dimension int, err error) {
	for _, v := range vectors {
		if err := checkVector(v); err != nil {
			return 0, err
		}
		if dimension != 0 && len(v) != dimension {
			return 0, wrongLength(len(v), dimension)
		}
		dimension = len(v)
	}
	return dimension, nil
}

func wrongLength(have, want int) error {
	return fmt.Errorf("%w: a vector of %d numbers, where those kept have %d", memory.ErrInvalid, have, want)
}
