package main

import (
	"math"
	"runtime"
	"slices"
	"sync"
)

const (
	// ridge holds each vector to where it began, as strongly as that many texts
	// of this one token would.
	ridge = 0.5
	// rounds is how often the sums are brought to length 1 and all is fitted
	// anew; steps is how far each goes.
	rounds = 2
	steps  = 10
	// block is how many columns are fitted together: few enough that a table
	// of them stays near the processor.
	block = 16
)

// examples are the texts to fit: which tokens each has, where its vector is to
// point, and how much it counts.
type examples struct {
	starts  []int // of each text in tokens and counts, and the end of the last
	tokens  []int32
	counts  []float32
	targets []float32 // width a text
	weights []float32
}

// add appends a text. It takes tokens as its own.
func (x *examples) add(tokens []int32, weight float32) {
	if len(x.starts) == 0 {
		x.starts = []int{0}
	}
	slices.Sort(tokens)
	for i, t := range tokens {
		if i > 0 && t == tokens[i-1] {
			x.counts[len(x.counts)-1]++
			continue
		}
		x.tokens = append(x.tokens, t)
		x.counts = append(x.counts, 1)
	}
	x.starts = append(x.starts, len(x.tokens))
	x.weights = append(x.weights, weight)
}

func (x *examples) len() int { return len(x.weights) }

// text returns the tokens of text i and how often it has each.
func (x *examples) text(i int) ([]int32, []float32) {
	from, to := x.starts[i], x.starts[i+1]
	return x.tokens[from:to], x.counts[from:to]
}

// fit returns a vector for each token, such that the sum of those of a text
// has the direction of its target. It goes from the vectors in start: by
// conjugate gradients over the squares of what is missing, with each sum made
// as long as its target is by what the round before found.
//
// Columns do not know of each other, so those who share the work do not change
// its result, and no product is fused with a sum: the result is the same
// everywhere.
func fit(x *examples, start []float32) []float32 {
	scales := make([]float32, x.len())
	for i := range scales {
		_, counts := x.text(i)
		var n float64
		for _, c := range counts {
			n += float64(c)
		}
		scales[i] = float32(1 / math.Sqrt(max(n, 1)))
	}
	var fitted []float32
	for range rounds {
		fitted = solve(x, scales, start)
		scales = lengths(x, fitted)
		least := 0.3 * median(scales)
		for i, s := range scales {
			scales[i] = 1 / max(s, least)
		}
	}
	return fitted
}

func median(fs []float32) float32 {
	sorted := slices.Sorted(slices.Values(fs))
	return sorted[len(sorted)/2]
}

// lengths returns how long the sum of each text is.
func lengths(x *examples, vectors []float32) []float32 {
	out := make([]float32, x.len())
	sum := make([]float32, width)
	for i := range out {
		clear(sum)
		tokens, counts := x.text(i)
		for j, t := range tokens {
			addTimes(sum, vectors[int(t)*width:][:width], counts[j])
		}
		out[i] = float32(math.Sqrt(dot(sum, sum)))
	}
	return out
}

// solve fits all columns, a block at a time.
func solve(x *examples, scales, start []float32) []float32 {
	out := make([]float32, len(start))
	diagonal := make([]float32, words)
	for i := range x.len() {
		tokens, counts := x.text(i)
		for j, t := range tokens {
			s := float32(counts[j] * float32(scales[i]*x.weights[i]))
			diagonal[t] += float32(s * s)
		}
	}
	firsts := make(chan int)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for first := range firsts {
				s := &solver{examples: x, scales: scales, diagonal: diagonal, first: first}
				s.run(start, out)
			}
		})
	}
	for first := 0; first < width; first += block {
		firsts <- first
	}
	close(firsts)
	wg.Wait()
	return out
}

func addTimes(to, from []float32, times float32) {
	for i, f := range from {
		to[i] += float32(f * times)
	}
}

// dot is exact but for its sums, which have one order.
func dot(a, b []float32) float64 {
	var sum float64
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}
