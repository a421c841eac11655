package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// The shape of the model.
const (
	words     = 30522
	width     = 384
	inner     = 1536
	layers    = 6
	positions = 512
	// kept is how many positions the asset holds: the model was trained on
	// texts of no more, and its own code cuts them off there.
	kept = 256

	magic = "zminilm1"
	// alignment is what each section of the asset begins at a multiple of.
	alignment = 64
)

// writer collects the sections of the asset and the first error.
type writer struct {
	tensors
	buf bytes.Buffer
	err error
}

// build returns the asset. The reader, asset.go in the package above, takes
// the sections in the same order.
func build(ts tensors, vocab []byte) ([]byte, error) {
	w := &writer{tensors: ts}
	w.section(slices.Concat([]byte(magic), binary.LittleEndian.AppendUint64(nil, uint64(len(vocab)))))
	w.section(vocab)
	w.embeddings()
	for i := range layers {
		w.layer(fmt.Sprintf("encoder.layer.%d.", i))
	}
	if w.err != nil {
		return nil, fmt.Errorf("build the asset: %w", w.err)
	}
	return w.buf.Bytes(), nil
}

func (w *writer) embeddings() {
	q := quantize(w.get("embeddings.word_embeddings.weight", words, width), words, width)
	w.floats(q.scales)
	w.codes(q.codes)

	// A text is always the first of its pair, so the vector for that goes into
	// those of the positions.
	places := w.get("embeddings.position_embeddings.weight", positions, width)
	first := w.get("embeddings.token_type_embeddings.weight", 2, width)
	sum := make([]float32, kept*width)
	for i := range sum {
		sum[i] = places[i] + first[i%width]
	}
	w.floats(sum)
	w.norm("embeddings.LayerNorm")
}

func (w *writer) layer(name string) {
	w.dense(width, width,
		name+"attention.self.query", name+"attention.self.key", name+"attention.self.value")
	w.dense(width, width, name+"attention.output.dense")
	w.norm(name + "attention.output.LayerNorm")
	w.dense(inner, width, name+"intermediate.dense")
	w.dense(width, inner, name+"output.dense")
	w.norm(name + "output.LayerNorm")
}

// dense writes matrices of the same input as one.
func (w *writer) dense(rows, cols int, names ...string) {
	var weights, bias []float32
	for _, name := range names {
		weights = append(weights, w.get(name+".weight", rows, cols)...)
		bias = append(bias, w.get(name+".bias", rows)...)
	}
	q := quantize(weights, rows*len(names), cols)
	w.floats(q.scales)
	w.floats(bias)
	w.ints(q.sums())
	w.codes(q.packed())
}

func (w *writer) norm(name string) {
	w.floats(w.get(name+".weight", width))
	w.floats(w.get(name+".bias", width))
}

// get returns a tensor of the right size even when there is none, so that the
// first error is looked at once, at the end.
func (w *writer) get(name string, shape ...int) []float32 {
	fs, err := w.tensors.floats(name, shape...)
	if err != nil {
		if w.err == nil {
			w.err = err
		}
		n := 1
		for _, d := range shape {
			n *= d
		}
		return make([]float32, n)
	}
	return fs
}

func (w *writer) section(b []byte) {
	w.buf.Write(b)
	w.buf.Write(make([]byte, -w.buf.Len()&(alignment-1)))
}

func (w *writer) floats(fs []float32) {
	b := make([]byte, 0, 4*len(fs))
	for _, f := range fs {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
	}
	w.section(b)
}

func (w *writer) ints(is []int32) {
	b := make([]byte, 0, 4*len(is))
	for _, i := range is {
		b = binary.LittleEndian.AppendUint32(b, uint32(i))
	}
	w.section(b)
}

func (w *writer) codes(cs []int8) {
	b := make([]byte, len(cs))
	for i, c := range cs {
		b[i] = byte(c)
	}
	w.section(b)
}
