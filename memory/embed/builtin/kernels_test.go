package builtin

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// numbers returns n numbers of both signs and many sizes.
func numbers(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64() * math.Exp(2*r.NormFloat64()))
	}
	return x
}

func matrix(r *rand.Rand, in, out int) *dense {
	d := &dense{in: in, out: out, scales: numbers(r, out), bias: numbers(r, out), sums: make([]int32, out), codes: make([]int8, in*out)}
	for i := range d.codes {
		d.codes[i] = int8(r.IntN(255) - 127)
	}
	d.addUp()
	return d
}

// addUp sets sums to what they are of codes.
func (d *dense) addUp() {
	clear(d.sums)
	for i, c := range d.codes {
		panel, within := i/(panelRows*d.in), i/4%panelRows
		d.sums[panel*panelRows+within] += int32(c)
	}
}

// eachKernels runs check for every set but the portable one, with a fixed seed.
func eachKernels(t *testing.T, check func(t *testing.T, r *rand.Rand, p, k *kernels)) {
	t.Helper()
	for _, k := range available()[1:] {
		t.Run(k.name, func(t *testing.T) { check(t, rand.New(rand.NewPCG(1, 2)), portable(), k) })
	}
}

func TestKernelsMultiplyAlike(t *testing.T) {
	eachKernels(t, func(t *testing.T, r *rand.Rand, p, k *kernels) {
		for _, shape := range [][2]int{{width, 3 * width}, {width, width}, {width, inner}, {inner, width}} {
			d := matrix(r, shape[0], shape[1])
			const rows = 2 * rowGroup
			in := make([]uint8, rows*d.in)
			for i := range in {
				in[i] = uint8(r.IntN(256))
			}
			want, got := make([]int32, rows*d.out), make([]int32, rows*d.out)
			p.multiply(want, in, rows, d)
			k.multiply(got, in, rows, d)
			require.Equal(t, want, got, "%v", shape)
		}
	})
}

// TestKernelsMultiplyTheLargest uses the largest codes, whose sums no
// intermediate place may cut off.
func TestKernelsMultiplyTheLargest(t *testing.T) {
	for _, k := range available() {
		for _, code := range []int8{127, -127} {
			d := matrix(rand.New(rand.NewPCG(1, 2)), inner, width)
			for i := range d.codes {
				d.codes[i] = code
			}
			d.addUp()
			in := make([]uint8, rowGroup*inner)
			for i := range in {
				in[i] = 255
			}
			out := make([]int32, rowGroup*width)
			k.multiply(out, in, rowGroup, d)
			for _, sum := range out {
				require.Equal(t, inner*255*int32(code), sum, k.name)
			}
		}
	}
}

func TestKernelsRescaleAlike(t *testing.T) {
	eachKernels(t, func(t *testing.T, r *rand.Rand, p, k *kernels) {
		d := matrix(r, lane, inner)
		want := make([]int32, inner)
		for i := range want {
			want[i] = r.Int32N(1<<26) - 1<<25
		}
		got := append([]int32(nil), want...)
		p.rescale(want, d, 0.0123, 117)
		k.rescale(got, d, 0.0123, 117)
		require.Equal(t, want, got)
	})
}

func TestKernelsChangeRowsAlike(t *testing.T) {
	tests := map[string]func(k *kernels, x, y []float32) float32{
		"gelu":   func(k *kernels, x, _ []float32) float32 { k.gelu(x); return 0 },
		"add":    func(k *kernels, x, y []float32) float32 { return k.add(x, y) },
		"spread": func(k *kernels, x, _ []float32) float32 { return k.spread(x, 0.3) },
		"level": func(k *kernels, x, y []float32) float32 {
			k.level(x, 0.3, 1.7, &layerNorm{weight: y, bias: y})
			return 0
		},
		"scale":   func(k *kernels, x, _ []float32) float32 { k.scale(x, 0.7); return 0 },
		"highest": func(k *kernels, x, _ []float32) float32 { return k.highest(x) },
		"powers":  func(k *kernels, x, _ []float32) float32 { return k.powers(x, k.highest(x)) },
		"low":     func(k *kernels, x, _ []float32) float32 { low, _ := k.bounds(x); return low },
		"high":    func(k *kernels, x, _ []float32) float32 { _, high := k.bounds(x); return high },
	}
	for name, apply := range tests {
		t.Run(name, func(t *testing.T) {
			eachKernels(t, func(t *testing.T, r *rand.Rand, p, k *kernels) {
				for _, n := range []int{lane, 5 * lane, width, inner} {
					want, y := numbers(r, n), numbers(r, n)
					got := append([]float32(nil), want...)
					require.Equal(t, apply(p, want, y), apply(k, got, y), "%d numbers", n) //nolint:testifylint // the same bits are the promise
					require.Equal(t, want, got, "%d numbers", n)
				}
			})
		})
	}
}

func TestKernelsNarrowAlike(t *testing.T) {
	eachKernels(t, func(t *testing.T, r *rand.Rand, p, k *kernels) {
		x := numbers(r, inner)
		x[0], x[1], x[2] = 0.5, 1.5, -2.5 // halves go to the even one
		want, got := make([]uint8, inner), make([]uint8, inner)
		for _, factor := range []float32{0, 1, 37.7} {
			p.narrow(want, x, factor, 100)
			k.narrow(got, x, factor, 100)
			require.Equal(t, want, got, "factor %v", factor)
		}
	})
}

func TestKernelsAttendAlike(t *testing.T) {
	eachKernels(t, func(t *testing.T, r *rand.Rand, p, k *kernels) {
		for _, n := range []int{lane, 3 * lane, 4 * lane, 13 * lane, maxTokens} {
			query, keys := numbers(r, headWidth), numbers(r, headWidth*n)
			want, got := make([]float32, n), make([]float32, n)
			p.scores(want, query, keys)
			k.scores(got, query, keys)
			require.Equal(t, want, got, "scores of %d", n)

			const stride = headWidth + lane
			shares, values := numbers(r, n-3), numbers(r, stride*n)
			want, got = make([]float32, headWidth), make([]float32, headWidth)
			p.blend(want, shares, values, stride)
			k.blend(got, shares, values, stride)
			require.Equal(t, want, got, "blend of %d", n)
		}
	})
}

func TestPowerIsNearE(t *testing.T) {
	for x := -86.0; x <= 20; x += 0.0137 {
		require.InEpsilon(t, math.Exp(float64(float32(x))), power(float32(x)), 2e-7, "e to the power of %v", x)
	}
	require.InDelta(t, 0, power(float32(math.Inf(-1))), 1e-30)
}

func TestGeluIsNearTheErrorFunction(t *testing.T) {
	for x := -12.0; x <= 12; x += 0.0137 {
		got := []float32{float32(x), 0, 0, 0, 0, 0, 0, 0}
		geluPortable(got)
		want := x / 2 * (1 + math.Erf(x/math.Sqrt2))
		require.InDelta(t, want, got[0], 2e-6, "gelu of %v", x)
	}
}
