package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
)

// tensors are the arrays of a safetensors file: a length, a header in JSON,
// then the numbers.
type tensors struct {
	header map[string]entry
	data   []byte
}

type entry struct {
	Type    string `json:"dtype"`
	Shape   []int  `json:"shape"`
	Offsets [2]int `json:"data_offsets"`
}

func parseTensors(b []byte) (tensors, error) {
	if len(b) < 8 {
		return tensors{}, errors.New("parse weights: no header")
	}
	n := binary.LittleEndian.Uint64(b)
	if n > uint64(len(b)-8) {
		return tensors{}, errors.New("parse weights: header is cut off")
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(b[8:8+n], &raw); err != nil {
		return tensors{}, fmt.Errorf("parse weights: %w", err)
	}
	delete(raw, "__metadata__")
	header := make(map[string]entry, len(raw))
	for name, r := range raw {
		var e entry
		if err := json.Unmarshal(r, &e); err != nil {
			return tensors{}, fmt.Errorf("parse weights: %s: %w", name, err)
		}
		header[name] = e
	}
	return tensors{header: header, data: b[8+n:]}, nil
}

// floats returns the array called name, which must have the given shape.
func (t tensors) floats(name string, shape ...int) ([]float32, error) {
	e, ok := t.header[name]
	if !ok || e.Type != "F32" || !slices.Equal(e.Shape, shape) {
		return nil, fmt.Errorf("tensor %s: want F32 %v, got %s %v", name, shape, e.Type, e.Shape)
	}
	n := 1
	for _, d := range shape {
		n *= d
	}
	from, to := e.Offsets[0], e.Offsets[1]
	if from < 0 || to > len(t.data) || to-from != 4*n {
		return nil, fmt.Errorf("tensor %s: offsets %v do not hold %d numbers", name, e.Offsets, n)
	}
	fs := make([]float32, n)
	for i := range fs {
		fs[i] = math.Float32frombits(binary.LittleEndian.Uint32(t.data[from+4*i:]))
	}
	return fs, nil
}
