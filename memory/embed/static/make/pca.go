package main

import (
	"cmp"
	"math"
	"slices"
)

// The products below are converted, which keeps a processor from fusing them
// with the sums: it would round once where another rounds twice.

// principal returns the width directions in which vectors say most, each of
// wide numbers, the strongest first.
func principal(vectors [][]float32) [][]float32 {
	m := make([][]float64, wide)
	for i := range m {
		m[i] = make([]float64, wide)
	}
	for _, v := range vectors {
		for i, a := range v {
			row := m[i][:i+1]
			for j, b := range v[:i+1] {
				row[j] += float64(a) * float64(b) // exact
			}
		}
	}
	for i := range m {
		for j := range i {
			m[j][i] = m[i][j]
		}
	}
	values, axes := eigen(m)
	order := make([]int, wide)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(values[b], values[a]) })
	out := make([][]float32, width)
	for i := range out {
		out[i] = make([]float32, wide)
		for j, x := range axes[order[i]] {
			out[i][j] = float32(x)
		}
	}
	return out
}

// eigen returns the eigenvalues of the symmetric m, which it destroys, and an
// eigenvector for each: by turning one plane after another until nothing is
// left beside the diagonal, the method of Jacobi.
func eigen(m [][]float64) (values []float64, vectors [][]float64) {
	n := len(m)
	vectors = make([][]float64, n)
	var size float64
	for i := range vectors {
		vectors[i] = make([]float64, n)
		vectors[i][i] = 1
		size += math.Abs(m[i][i])
	}
	for {
		largest := 0.0
		for p := range n {
			for q := p + 1; q < n; q++ {
				if x := math.Abs(m[p][q]); x > 1e-12*size {
					largest = max(largest, x)
					turn(m, vectors, p, q)
				}
			}
		}
		if largest == 0 {
			break
		}
	}
	values = make([]float64, n)
	for i := range values {
		values[i] = m[i][i]
	}
	return values, vectors
}

// turn turns the plane of p and q so that m[p][q] becomes 0.
func turn(m, vectors [][]float64, p, q int) {
	theta := (m[q][q] - m[p][p]) / (2 * m[p][q])
	t := 1 / (math.Abs(theta) + math.Sqrt(float64(theta*theta)+1))
	if theta < 0 {
		t = -t
	}
	c := 1 / math.Sqrt(float64(t*t)+1)
	s := t * c
	for i := range m {
		m[i][p], m[i][q] = turned(m[i][p], m[i][q], c, s)
	}
	for i := range m {
		m[p][i], m[q][i] = turned(m[p][i], m[q][i], c, s)
	}
	for i := range m {
		vectors[p][i], vectors[q][i] = turned(vectors[p][i], vectors[q][i], c, s)
	}
}

func turned(a, b, c, s float64) (float64, float64) {
	return float64(c*a) - float64(s*b), float64(s*a) + float64(c*b)
}

// project returns v along each of axes.
func project(v []float32, axes [][]float32) []float32 {
	out := make([]float32, len(axes))
	for i, axis := range axes {
		out[i] = float32(dot(v, axis))
	}
	return out
}
