package static

import (
	_ "embed"
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"unsafe"
)

// asset is what make/ wrote. As a string it stays in the pages of the program
// file: the system reads in those of words that occur, and may drop them again.
//
//go:embed table.bin
var asset string

const (
	vocabulary = 30522
	width      = 256
	// unknown is the token of a word that is in no vocabulary.
	unknown = 100

	assetMagic     = "zstatic1"
	assetAlignment = 64
)

// table has a vector for each token: its scale times its codes.
type table struct {
	scales []float32
	codes  []int8 // width a token, used where they lie
}

// parse reads b without copying what is large: the magic, the scales and the
// codes, each at a multiple of assetAlignment.
func parse(b string) (table, error) {
	const (
		scalesAt = assetAlignment
		codesAt  = scalesAt + (4*vocabulary+assetAlignment-1)&^(assetAlignment-1)
	)
	if len(b) != codesAt+vocabulary*width || !strings.HasPrefix(b, assetMagic) {
		return table{}, errors.New("read the static table: not a table")
	}
	scales := make([]float32, vocabulary)
	raw := []byte(b[scalesAt:codesAt])
	for i := range scales {
		scales[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return table{scales: scales, codes: codesOf(b[codesAt:])}, nil
}

// codesOf gives the bytes of b as they lie there. They cannot be written to:
// the pages are read-only.
func codesOf(b string) []int8 {
	return unsafe.Slice((*int8)(unsafe.Pointer(unsafe.StringData(b))), len(b))
}

// sum returns the sum of the vectors of tokens, brought to length 1. Where
// there is none, as in a text without words, it is that of an unknown word.
func (t table) sum(tokens []int32) []float32 {
	v := make([]float32, width)
	for _, token := range tokens {
		t.add(v, token)
	}
	if !unit(v) {
		clear(v)
		t.add(v, unknown)
		unit(v)
	}
	return v
}

// add adds the vector of token to v.
func (t table) add(v []float32, token int32) {
	scale := t.scales[token]
	codes := t.codes[int(token)*width:][:width]
	for i, c := range codes {
		// The conversion keeps a processor from fusing the product with the sum,
		// which would make another vector there.
		v[i] += float32(scale * float32(c))
	}
}

// unit brings v to length 1, unless it has none.
func unit(v []float32) bool {
	var square float64
	for _, x := range v {
		square += float64(x) * float64(x) // exact, so that fusing changes nothing
	}
	if square == 0 {
		return false
	}
	by := float32(1 / math.Sqrt(square))
	for i := range v {
		v[i] *= by
	}
	return true
}
