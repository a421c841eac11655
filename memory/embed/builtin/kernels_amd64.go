package builtin

import "golang.org/x/sys/cpu"

// best returns the fastest kernels that this processor can run.
func best() *kernels {
	switch {
	case hasVNNI():
		return vnni()
	case cpu.X86.HasAVX2:
		return avx2()
	}
	return portable()
}

func hasVNNI() bool {
	return cpu.X86.HasAVX2 && cpu.X86.HasAVX512F && cpu.X86.HasAVX512VNNI
}

// vnni returns the kernels for processors that multiply bytes in 512 bits.
func vnni() *kernels {
	k := avx2()
	k.name, k.multiply = "avx512-vnni", multiplyVNNI
	return k
}

// avx2 returns the kernels for processors with 256 bits.
func avx2() *kernels {
	return &kernels{
		name:     "avx2",
		multiply: multiplyAVX2,
		rescale: func(row []int32, d *dense, scale float32, zero int32) {
			rescaleAVX2(&row[0], &d.sums[0], &d.scales[0], &d.bias[0], len(row), scale, zero)
		},
		gelu:   func(x []float32) { geluAVX2(&x[0], len(x)) },
		bounds: func(x []float32) (low, high float32) { return boundsAVX2(&x[0], len(x)) },
		narrow: func(dst []uint8, x []float32, factor float32, zero int32) {
			narrowAVX2(&dst[0], &x[0], len(x), factor, zero)
		},
		add:    func(x, y []float32) float32 { return addAVX2(&x[0], &y[0], len(x)) },
		spread: func(x []float32, mean float32) float32 { return spreadAVX2(&x[0], len(x), mean) },
		level: func(x []float32, mean, factor float32, n *layerNorm) {
			levelAVX2(&x[0], &n.weight[0], &n.bias[0], len(x), mean, factor)
		},
		scale:   func(x []float32, factor float32) { scaleAVX2(&x[0], len(x), factor) },
		highest: func(x []float32) float32 { return highestAVX2(&x[0], len(x)) },
		powers:  func(x []float32, top float32) float32 { return powersAVX2(&x[0], len(x), top) },
		scores:  func(dst, query, keys []float32) { scoresAVX2(&dst[0], &query[0], &keys[0], len(dst)) },
		blend: func(dst, shares, values []float32, stride int) {
			blendAVX2(&dst[0], &shares[0], len(shares), &values[0], stride)
		},
	}
}

// multiplyVNNI keeps four panels near while all rows pass by.
func multiplyVNNI(out []int32, in []uint8, rows int, d *dense) {
	const panels = 4 * panelRows
	for first := 0; first < d.out; first += panels {
		for r := 0; r < rows; r += rowGroup {
			tileVNNI(&out[r*d.out+first], &in[r*d.in], &d.codes[first*d.in], d.in, d.out)
		}
	}
}

// multiplyAVX2 widens the numbers of four rows to 16 bits, as sums of two
// products of bytes do not fit into fewer, and passes all panels by them.
func multiplyAVX2(out []int32, in []uint8, rows int, d *dense) {
	const half, halfBytes = panelRows / 2, panelRows / 2 * 4
	var wide [rowGroup * inner]int16
	for r := 0; r < rows; r += rowGroup {
		widenAVX2(&wide[0], &in[r*d.in], rowGroup*d.in)
		for first := 0; first < d.out; first += panelRows {
			codes := d.codes[first*d.in:][:panelRows*d.in]
			tileAVX2(&out[r*d.out+first], &wide[0], &codes[0], d.in, d.out)
			tileAVX2(&out[r*d.out+first+half], &wide[0], &codes[halfBytes], d.in, d.out)
		}
	}
}

//go:noescape
func tileVNNI(out *int32, in *uint8, codes *int8, depth, width int)

//go:noescape
func tileAVX2(out *int32, in *int16, codes *int8, depth, width int)

//go:noescape
func widenAVX2(dst *int16, src *uint8, n int)

//go:noescape
func rescaleAVX2(row *int32, sums *int32, scales, bias *float32, n int, scale float32, zero int32)

//go:noescape
func geluAVX2(x *float32, n int)

//go:noescape
func boundsAVX2(x *float32, n int) (low, high float32)

//go:noescape
func narrowAVX2(dst *uint8, x *float32, n int, factor float32, zero int32)

//go:noescape
func addAVX2(x, y *float32, n int) float32

//go:noescape
func spreadAVX2(x *float32, n int, mean float32) float32

//go:noescape
func levelAVX2(x, weight, bias *float32, n int, mean, factor float32)

//go:noescape
func scaleAVX2(x *float32, n int, factor float32)

//go:noescape
func highestAVX2(x *float32, n int) float32

//go:noescape
func powersAVX2(x *float32, n int, top float32) float32

//go:noescape
func scoresAVX2(dst, query, keys *float32, n int)

//go:noescape
func blendAVX2(dst, shares *float32, n int, values *float32, stride int)
