package main

import (
	"encoding/binary"
	"math"
)

const (
	magic = "zstatic1"
	// alignment is what each section of the asset begins at a multiple of.
	alignment = 64
)

// build rounds the vectors to 8 bits with a scale for each, and returns the
// asset. The reader, table.go in the package above, takes its sections in the
// same order.
func build(vectors []float32) []byte {
	scales := make([]byte, 0, 4*words)
	codes := make([]byte, 0, len(vectors))
	for t := range words {
		row := vectors[t*width:][:width]
		var largest float32
		for _, x := range row {
			largest = max(largest, x, -x)
		}
		scale := largest / 127
		scales = binary.LittleEndian.AppendUint32(scales, math.Float32bits(scale))
		for _, x := range row {
			var code int8
			if scale > 0 {
				code = int8(math.RoundToEven(float64(x / scale)))
			}
			codes = append(codes, byte(code))
		}
	}
	var asset []byte
	for _, section := range [][]byte{[]byte(magic), scales, codes} {
		asset = append(asset, section...)
		asset = append(asset, make([]byte, -len(asset)&(alignment-1))...)
	}
	return asset
}
