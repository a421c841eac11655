package builtin

import "math"

// attend sets joined, from row start to row end, to what the tokens of one
// text gather from one another. qkv holds queries, keys and values, side by
// side in each row.
func (e *encoder) attend(qkv []float32, start, end int) {
	const stride = 3 * width
	n := end - start
	padded := (n + lane - 1) / lane * lane
	shares := e.shares[:padded]
	keys := e.keys[:headWidth*padded]
	for r := start; r < end; r++ {
		e.scale(qkv[r*stride:][:width], attenuation)
	}
	for h := range heads {
		turn(keys, qkv[start*stride+width+h*headWidth:], n, padded, stride)
		values := qkv[start*stride+2*width+h*headWidth:]
		for r := start; r < end; r++ {
			e.scores(shares, qkv[r*stride+h*headWidth:][:headWidth], keys)
			e.softmax(shares, n)
			e.blend(e.joined[r*width+h*headWidth:][:headWidth], shares[:n], values, stride)
		}
	}
}

// softmax turns the first n scores into shares that add up to 1. What fills
// them up to whole lanes gets next to nothing.
func (e *encoder) softmax(scores []float32, n int) {
	for i := n; i < len(scores); i++ {
		scores[i] = float32(math.Inf(-1))
	}
	e.scale(scores, 1/e.powers(scores, e.highest(scores)))
}

// turn sets keys to the first headWidth columns of n rows, as rows. Each is
// filled up with zeros.
func turn(keys, rows []float32, n, padded, stride int) {
	for j := range n {
		for d, v := range rows[j*stride:][:headWidth] {
			keys[d*padded+j] = v
		}
	}
	for d := range headWidth {
		clear(keys[d*padded+n : (d+1)*padded])
	}
}
