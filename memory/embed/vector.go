package embed

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
)

// vector is an embedding as servers write it: as a list of numbers, or as the
// base64 of numbers of 32 bits, lowest byte first.
type vector []float32

// UnmarshalJSON reads either form. A null in the list is what some servers
// make of a number that is not finite, and is read as one.
func (v *vector) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		var packed []byte // encoding/json reads base64 into it
		if err := json.Unmarshal(raw, &packed); err != nil {
			return err
		}
		numbers, err := unpack(packed)
		*v = numbers
		return err
	}
	if bytes.Contains(raw, []byte("null")) {
		*v = vector{float32(math.NaN())}
		return nil
	}
	var numbers []float32
	err := json.Unmarshal(raw, &numbers)
	*v = numbers
	return err
}

// pack is the opposite of unpack.
func pack(v []float32) []byte {
	b := make([]byte, 0, 4*len(v))
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

func unpack(b []byte) ([]float32, error) {
	if len(b)%4 != 0 {
		return nil, base64.CorruptInputError(len(b))
	}
	v := make([]float32, len(b)/4)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return v, nil
}

// finish checks that there is one vector for each of n texts, all equally long
// and of numbers, and gives each the length 1.
func finish(vectors []vector, n int) ([][]float32, error) {
	if len(vectors) != n {
		return nil, &failure{class: malformed, text: fmt.Sprintf("got %d vectors for %d texts", len(vectors), n)}
	}
	done := make([][]float32, n)
	for i, v := range vectors {
		if err := normalize(v); err != nil {
			return nil, &failure{class: badText, text: "no use as a vector", cause: err}
		}
		if len(v) != len(vectors[0]) {
			return nil, &failure{class: malformed, text: fmt.Sprintf("got vectors of %d and of %d numbers in one answer", len(vectors[0]), len(v))}
		}
		done[i] = v
	}
	return done, nil
}

// normalize gives v the length 1, where it has a direction.
func normalize(v []float32) error {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	switch {
	case len(v) == 0:
		return errors.New("it has no numbers")
	case math.IsNaN(sum) || math.IsInf(sum, 0): // finite ones of 32 bits do not get there
		return errors.New("it has numbers that are not finite")
	case sum == 0:
		return errors.New("it has zeros only")
	}
	scale := 1 / math.Sqrt(sum)
	for i, x := range v {
		v[i] = float32(float64(x) * scale)
	}
	return nil
}

// dimension is how many numbers the vectors of a model have: as many as in the
// first that it made. Until then, kept ones are taken at their word.
type dimension struct{ n, kept atomic.Int64 }

// settle takes n for the dimension if there is none yet, and tells whether it
// is n then.
func (d *dimension) settle(n int) bool {
	return d.n.CompareAndSwap(0, int64(n)) || d.n.Load() == int64(n)
}

// fits tells whether a kept vector of n numbers can be one of the model, or at
// least stands with the first such vector while the model has made none.
func (d *dimension) fits(n int) bool {
	if made := d.known(); made > 0 {
		return n == made
	}
	return d.kept.CompareAndSwap(0, int64(n)) || d.kept.Load() == int64(n)
}

// known returns the dimension, 0 until there is one.
func (d *dimension) known() int { return int(d.n.Load()) }
