package builtin

import (
	_ "embed"
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"unsafe"
)

// asset is what make/ wrote. As a string it stays in the pages of the program
// file: the system reads in those that are used, and may drop them again.
//
//go:embed model.bin
var asset string

// The shape of the model.
const (
	vocabulary = 30522
	width      = 384
	inner      = 4 * width
	layers     = 6
	heads      = 12
	headWidth  = width / heads
	// maxTokens is where the reference cuts a text off, first and last token
	// included.
	maxTokens = 256
)

const (
	assetMagic     = "zminilm1"
	assetAlignment = 64
)

// model is the asset, taken apart. Codes are used where they lie.
type model struct {
	vocab      string
	wordScales []float32
	wordCodes  []int8
	positions  []float32
	embedNorm  layerNorm
	layers     [layers]layer
}

type layer struct {
	qkv, attention dense
	attentionNorm  layerNorm
	up, down       dense
	outNorm        layerNorm
}

// dense is a matrix in 8 bits with its bias, in panels of panelRows outputs.
// Output n is scales[n] times what its codes give.
type dense struct {
	in, out int
	scales  []float32
	bias    []float32
	sums    []int32
	codes   []int8
}

type layerNorm struct{ weight, bias []float32 }

// sections cuts the asset into what follows one another in it.
type sections struct {
	rest string
	err  error
}

// parse reads b without copying what is large. The order of the sections is
// the order in which the maker writes them.
func parse(b string) (*model, error) {
	s := &sections{rest: b}
	head := s.next(len(assetMagic) + 8)
	if s.err != nil || !strings.HasPrefix(head, assetMagic) {
		return nil, errors.New("read the built-in model: not a model")
	}
	size := binary.LittleEndian.Uint64([]byte(head[len(assetMagic):]))
	if size > uint64(len(b)) {
		return nil, errors.New("read the built-in model: no vocabulary")
	}
	m := &model{vocab: s.next(int(size))}
	m.wordScales = s.floats(vocabulary)
	m.wordCodes = s.codes(vocabulary * width)
	m.positions = s.floats(maxTokens * width)
	m.embedNorm = s.norm()
	for i := range m.layers {
		l := &m.layers[i]
		l.qkv = s.dense(3*width, width)
		l.attention = s.dense(width, width)
		l.attentionNorm = s.norm()
		l.up = s.dense(inner, width)
		l.down = s.dense(width, inner)
		l.outNorm = s.norm()
	}
	if s.err == nil && s.rest != "" {
		s.err = errors.New("read the built-in model: too long")
	}
	return m, s.err
}

func (s *sections) next(n int) string {
	padded := (n + assetAlignment - 1) &^ (assetAlignment - 1)
	if s.err != nil || padded > len(s.rest) {
		s.err = errors.New("read the built-in model: cut off")
		return ""
	}
	b := s.rest[:n]
	s.rest = s.rest[padded:]
	return b
}

func (s *sections) dense(out, in int) dense {
	return dense{
		in: in, out: out,
		scales: s.floats(out),
		bias:   s.floats(out),
		sums:   s.ints(out),
		codes:  s.codes(out * in),
	}
}

func (s *sections) norm() layerNorm {
	return layerNorm{weight: s.floats(width), bias: s.floats(width)}
}

func (s *sections) floats(n int) []float32 {
	b := s.next(4 * n)
	fs := make([]float32, len(b)/4)
	for i := range fs {
		fs[i] = math.Float32frombits(uint32At(b, 4*i))
	}
	return fs
}

func (s *sections) ints(n int) []int32 {
	b := s.next(4 * n)
	is := make([]int32, len(b)/4)
	for i := range is {
		is[i] = int32(uint32At(b, 4*i))
	}
	return is
}

func uint32At(b string, i int) uint32 {
	return uint32(b[i]) | uint32(b[i+1])<<8 | uint32(b[i+2])<<16 | uint32(b[i+3])<<24
}

// codes gives the bytes of the asset as they lie there. They cannot be written
// to: the pages are read-only.
func (s *sections) codes(n int) []int8 {
	b := s.next(n)
	return unsafe.Slice((*int8)(unsafe.Pointer(unsafe.StringData(b))), len(b))
}
