package main

import "math"

// quantized is a matrix in 8 bits: row r is about scales[r] times its codes.
type quantized struct {
	rows, cols int
	codes      []int8
	scales     []float32
}

// quantize rounds each row of m to 8 bits. A few large weights may be clipped
// where that brings the row as a whole nearer to what it was.
func quantize(m []float32, rows, cols int) quantized {
	q := quantized{rows: rows, cols: cols, codes: make([]int8, len(m)), scales: make([]float32, rows)}
	for r := range rows {
		row := m[r*cols : (r+1)*cols]
		q.scales[r] = bestScale(row)
		for i, w := range row {
			q.codes[r*cols+i] = code(w, q.scales[r])
		}
	}
	return q
}

func code(w, scale float32) int8 {
	c := math.RoundToEven(float64(w) / float64(scale))
	return int8(max(-127, min(127, c)))
}

func bestScale(row []float32) float32 {
	var largest float32
	for _, w := range row {
		largest = max(largest, w, -w)
	}
	if largest == 0 {
		return 1
	}
	best, least := float32(0), math.Inf(1)
	for percent := 80; percent <= 100; percent++ {
		scale := largest * float32(percent) / (100 * 127)
		var lost float64
		for _, w := range row {
			// The conversions keep a processor from fusing the products with the
			// sums, which would make another asset there.
			d := float64(float64(scale)*float64(code(w, scale))) - float64(w)
			lost += float64(d * d)
		}
		if lost < least {
			best, least = scale, lost
		}
	}
	return best
}

// sums returns the sum of the codes of each row: what an offset of the other
// factor has to be multiplied with.
func (q quantized) sums() []int32 {
	s := make([]int32, q.rows)
	for r := range s {
		for _, c := range q.codes[r*q.cols : (r+1)*q.cols] {
			s[r] += int32(c)
		}
	}
	return s
}

// packed lays the codes out in panels of 16 rows. A panel holds, for every
// four columns, those four codes of its first row, of its second, and so on:
// 64 bytes, each four of which meet the same four numbers of the other factor.
func (q quantized) packed() []int8 {
	p := make([]int8, 0, len(q.codes))
	for panel := 0; panel < q.rows; panel += 16 {
		for col := 0; col < q.cols; col += 4 {
			for r := panel; r < panel+16; r++ {
				p = append(p, q.codes[r*q.cols+col:r*q.cols+col+4]...)
			}
		}
	}
	return p
}
