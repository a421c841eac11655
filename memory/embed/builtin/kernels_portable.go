package builtin

import "math"

// portable returns the kernels in plain Go. They say what the others compute.
func portable() *kernels {
	return &kernels{
		name:     "portable",
		multiply: multiplyPortable,
		rescale:  rescalePortable,
		gelu:     geluPortable,
		bounds:   boundsPortable,
		narrow:   narrowPortable,
		add:      addPortable,
		spread:   spreadPortable,
		level:    levelPortable,
		scale:    scalePortable,
		highest:  highestPortable,
		powers:   powersPortable,
		scores:   scoresPortable,
		blend:    blendPortable,
	}
}

func multiplyPortable(out []int32, in []uint8, rows int, d *dense) {
	size := panelRows * d.in
	for first := 0; first < d.out; first += panelRows {
		panel := d.codes[first*d.in:][:size]
		for r := range rows {
			var sums [panelRows]int32
			multiplyPanel(&sums, in[r*d.in:][:d.in], panel)
			copy(out[r*d.out+first:], sums[:])
		}
	}
}

func multiplyPanel(sums *[panelRows]int32, in []uint8, panel []int8) {
	for len(in) >= 4 && len(panel) >= 4*panelRows {
		a, b, c, d := int32(in[0]), int32(in[1]), int32(in[2]), int32(in[3])
		codes := panel[: 4*panelRows : 4*panelRows]
		for i := range sums {
			q := codes[4*i : 4*i+4 : 4*i+4]
			sums[i] += a*int32(q[0]) + b*int32(q[1]) + c*int32(q[2]) + d*int32(q[3])
		}
		in, panel = in[4:], panel[4*panelRows:]
	}
}

// The conversions of products below keep a processor that could fuse them with
// sums, even of later statements, from doing so: it would round once where
// another rounds twice.

func rescalePortable(row []int32, d *dense, scale float32, zero int32) {
	floats := asFloats(row)
	for i, n := range row {
		f := float32(n - zero*d.sums[i])
		floats[i] = float32(f*float32(scale*d.scales[i])) + d.bias[i]
	}
}

// The error function of Abramowitz and Stegun, 7.1.26, is within 1.5e-7.
const (
	erfShare = 0.3275911
	erf1     = 0.254829592
	erf2     = -0.284496736
	erf3     = 1.421413741
	erf4     = -1.453152027
	erf5     = 1.061405429
)

func geluPortable(x []float32) {
	for i, v := range x {
		z := float32(abs(v) * float32(math.Sqrt2/2))
		t := 1 / (1 + float32(erfShare*z))
		p := float32(erf5*t) + erf4
		p = float32(p*t) + erf3
		p = float32(p*t) + erf2
		p = float32(p*t) + erf1
		p = float32(p * t)
		p = float32(p * power(-float32(z*z)))
		half := float32(v * 0.5)
		x[i] = half + float32(abs(half)*(1-p))
	}
}

func abs(x float32) float32 {
	return math.Float32frombits(math.Float32bits(x) &^ (1 << 31))
}

const (
	// leastPower is near the smallest power of e that is a normal float32.
	leastPower = -87
	log2e      = 1.44269504088896341
	// ln2High has few enough digits that its product with a whole number of
	// those in use is exact.
	ln2High = 0.693359375
	ln2Low  = -2.12194440e-4
	// roundBig is where the last binary place of a float32 is 1: adding it and
	// taking it off again rounds to the nearest, half to even.
	roundBig = 1.5 * (1 << 23)
	exp2     = 5.0000001201e-1
	exp3     = 1.6666665459e-1
	exp4     = 4.1665795894e-2
	exp5     = 8.3334519073e-3
	exp6     = 1.3981999507e-3
	exp7     = 1.9875691500e-4
)

// power returns e to the power of x, for x of at most 80, as Cephes does.
func power(x float32) float32 {
	x = max(x, leastPower)
	n := float32(float32(x*log2e)+roundBig) - roundBig
	r := x - float32(n*ln2High)
	r -= float32(n * ln2Low)
	p := float32(exp7*r) + exp6
	p = float32(p*r) + exp5
	p = float32(p*r) + exp4
	p = float32(p*r) + exp3
	p = float32(p*r) + exp2
	p = float32(p * float32(r*r))
	p = float32(p+r) + 1
	return float32(p * math.Float32frombits(uint32(int32(n)+127)<<23))
}

func boundsPortable(x []float32) (low, high float32) {
	for _, v := range x {
		low, high = min(low, v), max(high, v)
	}
	return low, high
}

func narrowPortable(dst []uint8, x []float32, factor float32, zero int32) {
	for i, v := range x {
		n := int32(float32(float32(v*factor)+roundBig)-roundBig) + zero
		dst[i] = uint8(max(0, min(255, n)))
	}
}

// total adds up lanes in the order in which halves of a register are folded.
func total(s *[lane]float32) float32 {
	return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
}

func addPortable(x, y []float32) float32 {
	var s [lane]float32
	for i := range x {
		x[i] += y[i]
		s[i%lane] += x[i]
	}
	return total(&s)
}

func spreadPortable(x []float32, mean float32) float32 {
	var s [lane]float32
	for i, v := range x {
		v -= mean
		s[i%lane] += float32(v * v)
	}
	return total(&s)
}

func levelPortable(x []float32, mean, factor float32, n *layerNorm) {
	for i, v := range x {
		v = float32((v - mean) * factor)
		x[i] = float32(v*n.weight[i]) + n.bias[i]
	}
}

func scalePortable(x []float32, factor float32) {
	for i := range x {
		x[i] = float32(x[i] * factor)
	}
}

func highestPortable(x []float32) float32 {
	top := x[0]
	for _, v := range x[1:] {
		top = max(top, v)
	}
	return top
}

func powersPortable(x []float32, top float32) float32 {
	var s [lane]float32
	for i, v := range x {
		x[i] = power(v - top)
		s[i%lane] += x[i]
	}
	return total(&s)
}

func scoresPortable(dst, query, keys []float32) {
	clear(dst)
	for d, q := range query {
		row := keys[d*len(dst):][:len(dst)]
		for j, k := range row {
			dst[j] += float32(q * k)
		}
	}
}

func blendPortable(dst, shares, values []float32, stride int) {
	clear(dst)
	for j, s := range shares {
		row := values[j*stride:][:len(dst)]
		for d, v := range row {
			dst[d] += float32(s * v)
		}
	}
}
