package embedded

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
)

// The code of a vector has a bit for each of its numbers: whether it is greater
// than that of the mean, once both are of length 1. bitsPerWord numbers share a
// word, and blockSize chunks with consecutive numbers a block.
const (
	bitsPerWord  = 64
	bytesPerWord = 8
	blockSize    = 64
)

var errCodes = fmt.Errorf("%w: a block of codes is cut short", errDamaged)

// wordsFor is how many words the code of a vector takes.
func wordsFor(dimensions int) int { return (dimensions + bitsPerWord - 1) / bitsPerWord }

// codeOf makes the code of a vector as the file holds it. No mean is one of
// zeros.
func codeOf(vector []byte, mean []float32) []uint64 {
	n := len(vector) / bytesPerNumber
	square := 0.0
	for i := range n {
		x := numberAt(vector[i*bytesPerNumber:])
		square += x * x
	}
	length := math.Sqrt(square)
	code := make([]uint64, wordsFor(n))
	for i := range n {
		x := numberAt(vector[i*bytesPerNumber:])
		if mean != nil {
			x -= length * float64(mean[i])
		}
		if x > 0 {
			code[i/bitsPerWord] |= 1 << (i % bitsPerWord)
		}
	}
	return code
}

// block holds the codes of those chunks of one workspace that are numbered from
// blockSize*num on. Once it is part of a codeSet, nobody changes it.
type block struct {
	num     int64
	present uint64   // bit i: the i-th of them has a code
	codes   []uint64 // of those, in order
}

func blockOf(chunk int64) (num int64, bit int) { return chunk / blockSize, int(chunk % blockSize) }

func (b *block) len() int { return bits.OnesCount64(b.present) }

// has says whether the chunk at bit has a code, and in which place.
func (b *block) has(bit int) (place int, ok bool) {
	below := b.present & (1<<bit - 1)
	return bits.OnesCount64(below), b.present>>bit&1 == 1
}

// chunk is the number of the chunk whose code stands in a place.
func (b *block) chunk(place int) int64 {
	rest := b.present
	for range place {
		rest &= rest - 1
	}
	return b.num*blockSize + int64(bits.TrailingZeros64(rest))
}

// add gives the chunk at bit, which has none, a code.
func (b *block) add(bit int, code []uint64) {
	place, _ := b.has(bit)
	at := place * len(code)
	codes := make([]uint64, 0, len(b.codes)+len(code))
	codes = append(append(append(codes, b.codes[:at]...), code...), b.codes[at:]...)
	b.codes, b.present = codes, b.present|1<<bit
}

// drop takes the codes, of so many words each, of the chunks from first up to
// end away.
func (b *block) drop(first, end int64, words int) {
	left := make([]uint64, 0, len(b.codes))
	place := 0
	for rest := b.present; rest != 0; rest &= rest - 1 {
		bit := bits.TrailingZeros64(rest)
		if chunk := b.num*blockSize + int64(bit); chunk >= first && chunk < end {
			b.present &^= 1 << bit
		} else {
			left = append(left, b.codes[place*words:(place+1)*words]...)
		}
		place++
	}
	b.codes = left
}

// newBlock makes a block of what the file holds of it: present, and the codes, of
// so many words each.
func newBlock(num, present int64, blob []byte, words int) (*block, error) {
	b := &block{num: num, present: uint64(present)}
	if len(blob) != b.len()*words*bytesPerWord {
		return b, errCodes
	}
	b.codes = make([]uint64, len(blob)/bytesPerWord)
	for i := range b.codes {
		b.codes[i] = binary.LittleEndian.Uint64(blob[i*bytesPerWord:])
	}
	return b, nil
}

// blob is what the file holds of the codes.
func (b *block) blob() []byte {
	blob := make([]byte, 0, bytesPerWord*len(b.codes))
	for _, word := range b.codes {
		blob = binary.LittleEndian.AppendUint64(blob, word)
	}
	return blob
}
