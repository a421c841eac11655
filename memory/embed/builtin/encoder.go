package builtin

import (
	"context"
	"math"
	"unsafe"
)

const (
	normEpsilon = 1e-12
	attenuation = 0.17677669529663687 // one by the root of headWidth
)

// lot is a few texts that go through the encoder together: their tokens one
// after another, and where each text ends.
type lot struct {
	tokens []int32
	ends   []int
}

// encoder runs lots through the model. It is used by one goroutine at a time;
// its rooms are as large as the largest lot needed.
type encoder struct {
	*kernels
	model *model

	hidden  []float32 // width a token: what goes from layer to layer
	wide    []int32   // inner a token: products, then the numbers made of them
	joined  []float32 // width a token: what attention gathered
	codes   []uint8   // inner a token: the input of a matrix in 8 bits
	offsets []offset  // a token: what those codes mean
	keys    []float32 // keys of a head and a text, a row for each dimension
	shares  []float32 // how much a token looks at each
}

// offset says what codes mean: a number is scale times its code less zero.
type offset struct {
	scale float32
	zero  int32
}

func asFloats(is []int32) []float32 {
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(is))), len(is))
}

// room makes place for n tokens, up to a whole number of groups.
func (e *encoder) room(n int) {
	n = (n + rowGroup - 1) / rowGroup * rowGroup
	if len(e.hidden) >= n*width {
		return
	}
	e.hidden = make([]float32, n*width)
	e.wide = make([]int32, n*inner)
	e.joined = make([]float32, n*width)
	e.codes = make([]uint8, n*inner)
	e.offsets = make([]offset, n)
	longest := min(n+lane, maxTokens)
	e.keys = make([]float32, headWidth*longest)
	e.shares = make([]float32, longest)
}

// encode returns a vector of length 1 for each text of l.
func (e *encoder) encode(ctx context.Context, l lot) ([][]float32, error) {
	n := len(l.tokens)
	e.room(n)
	e.lookUp(l)
	for i := range e.model.layers {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		layer := &e.model.layers[i]
		qkv := e.apply(&layer.qkv, e.hidden, n)
		start := 0
		for _, end := range l.ends {
			e.attend(qkv, start, end)
			start = end
		}
		e.addNorm(e.apply(&layer.attention, e.joined, n), n, &layer.attentionNorm)
		up := e.apply(&layer.up, e.hidden, n)
		e.gelu(up)
		e.addNorm(e.apply(&layer.down, up, n), n, &layer.outNorm)
	}
	return e.pool(l), nil
}

// lookUp sets hidden to the vectors of the tokens and of their places.
func (e *encoder) lookUp(l lot) {
	start := 0
	for _, end := range l.ends {
		for i, token := range l.tokens[start:end] {
			row := e.hidden[(start+i)*width:][:width]
			place := e.model.positions[i*width:][:width]
			scale := e.model.wordScales[token]
			for j, c := range e.model.wordCodes[int(token)*width:][:width] {
				row[j] = float32(scale * float32(c))
			}
			e.norm(row, e.add(row, place), &e.model.embedNorm)
		}
		start = end
	}
}

// apply returns what d makes of the n rows of in. The answer is good until
// the next call; in may be the answer of the one before.
func (e *encoder) apply(d *dense, in []float32, n int) []float32 {
	for r := range n {
		row := in[r*d.in:][:d.in]
		low, high := e.bounds(row)
		o, factor := span(low, high)
		e.offsets[r] = o
		e.narrow(e.codes[r*d.in:][:d.in], row, factor, o.zero)
	}
	rows := (n + rowGroup - 1) / rowGroup * rowGroup
	e.multiply(e.wide[:rows*d.out], e.codes[:rows*d.in], rows, d)
	for r := range n {
		e.rescale(e.wide[r*d.out:][:d.out], d, e.offsets[r].scale, e.offsets[r].zero)
	}
	return asFloats(e.wide[:n*d.out])
}

// span spreads 256 codes from low to high, 0 exactly on one of them.
func span(low, high float32) (o offset, factor float32) {
	if low == high {
		return offset{}, 0
	}
	factor = 255 / (high - low)
	zero := float32(float32(-low*factor)+roundBig) - roundBig
	return offset{scale: (high - low) / 255, zero: int32(zero)}, factor
}

// addNorm adds delta to hidden and brings each row to its layer's norm.
func (e *encoder) addNorm(delta []float32, n int, ln *layerNorm) {
	for r := range n {
		row := e.hidden[r*width:][:width]
		e.norm(row, e.add(row, delta[r*width:][:width]), ln)
	}
}

func (e *encoder) norm(row []float32, sum float32, ln *layerNorm) {
	mean := sum / width
	variance := e.spread(row, mean) / width
	e.level(row, mean, 1/float32(math.Sqrt(float64(variance+normEpsilon))), ln)
}

// pool returns the mean of the rows of each text, brought to length 1.
func (e *encoder) pool(l lot) [][]float32 {
	vectors := make([][]float32, 0, len(l.ends))
	start := 0
	for _, end := range l.ends {
		v := make([]float32, width)
		for r := start; r < end; r++ {
			e.add(v, e.hidden[r*width:][:width])
		}
		e.scale(v, 1/float32(math.Sqrt(float64(e.spread(v, 0)))))
		vectors = append(vectors, v)
		start = end
	}
	return vectors
}
