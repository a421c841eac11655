package builtin

import "golang.org/x/sys/cpu"

// best returns the fastest kernels that this processor can run.
func best() *kernels {
	if cpu.ARM64.HasASIMDDP {
		return dot()
	}
	return neon()
}

// dot returns the kernels for processors with products of bytes.
func dot() *kernels {
	k := neon()
	k.name, k.multiply = "neon-dot", multiplyDot
	return k
}

// neon returns the kernels for every processor of this kind. What takes little
// time is left as the compiler makes it.
func neon() *kernels {
	k := portable()
	k.name, k.multiply = "neon", multiplyNEON
	k.rescale = func(row []int32, d *dense, scale float32, zero int32) {
		rescaleNEON(&row[0], &d.sums[0], &d.scales[0], &d.bias[0], len(row), scale, zero)
	}
	k.gelu = func(x []float32) { geluNEON(&x[0], len(x)) }
	k.powers = func(x []float32, top float32) float32 {
		var sums [lane]float32
		powersNEON(&x[0], len(x), top, &sums)
		return total(&sums)
	}
	k.scores = func(dst, query, keys []float32) { scoresNEON(&dst[0], &query[0], &keys[0], len(dst)) }
	k.blend = func(dst, shares, values []float32, stride int) {
		blendNEON(&dst[0], &shares[0], len(shares), &values[0], stride)
	}
	return k
}

func multiplyDot(out []int32, in []uint8, rows int, d *dense) {
	eachTile(rows, 4, d, func(r, first int) {
		tileDot(&out[r*d.out+first], &in[r*d.in], &d.codes[first*d.in], &d.sums[first], d.in, d.out)
	})
}

func multiplyNEON(out []int32, in []uint8, rows int, d *dense) {
	eachTile(rows, 2, d, func(r, first int) {
		tileNEON(&out[r*d.out+first], &in[r*d.in], &d.codes[first*d.in], &d.sums[first], d.in, d.out)
	})
}

// eachTile keeps one panel near while all rows pass by.
func eachTile(rows, group int, d *dense, multiply func(r, first int)) {
	for first := 0; first < d.out; first += panelRows {
		for r := 0; r < rows; r += group {
			multiply(r, first)
		}
	}
}

//go:noescape
func tileDot(out *int32, in *uint8, codes *int8, sums *int32, depth, width int)

//go:noescape
func tileNEON(out *int32, in *uint8, codes *int8, sums *int32, depth, width int)

//go:noescape
func rescaleNEON(row *int32, sums *int32, scales, bias *float32, n int, scale float32, zero int32)

//go:noescape
func geluNEON(x *float32, n int)

//go:noescape
func powersNEON(x *float32, n int, top float32, sums *[lane]float32)

//go:noescape
func scoresNEON(dst, query, keys *float32, n int)

//go:noescape
func blendNEON(dst, shares *float32, n int, values *float32, stride int)
