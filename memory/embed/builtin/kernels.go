package builtin

// panelRows is how many outputs of a matrix lie together in the asset. A
// panel holds, for every four inputs, those four codes of its first output, of
// its second, and so on.
const panelRows = 16

// rowGroup is how many rows multiply takes at a time.
const rowGroup = 4

// lane is what the lengths of rows of numbers are multiples of.
const lane = 8

// kernels are the inner loops of the encoder. Every set gives the same numbers
// to the last bit: sums of integers are exact, and each sum of floats has one
// order, which kernels_portable.go shows. Products are never fused with sums.
// Slices of floats have lengths that are multiples of lane.
type kernels struct {
	name string
	// multiply sets out, of rows times d.out, to the products of the rows of
	// in with the codes of d. rows is a multiple of rowGroup.
	multiply func(out []int32, in []uint8, rows int, d *dense)
	// rescale turns one row of such products into numbers in place: less what
	// the zero of the row adds, times the scales, plus the bias.
	rescale func(row []int32, d *dense, scale float32, zero int32)
	// gelu sets each x to x times the share of a normal distribution below it.
	gelu func(x []float32)
	// bounds returns the smallest and the largest of x and 0.
	bounds func(x []float32) (low, high float32)
	// narrow sets dst to x times factor, rounded, plus zero, kept in a byte.
	// The length is a multiple of four lanes.
	narrow func(dst []uint8, x []float32, factor float32, zero int32)
	// add adds y to x and returns the sum of x.
	add func(x, y []float32) float32
	// spread returns the sum of the squares of x less mean.
	spread func(x []float32, mean float32) float32
	// level sets x to x less mean, times factor, in the weights and bias of n.
	level func(x []float32, mean, factor float32, n *layerNorm)
	// scale multiplies x with factor.
	scale func(x []float32, factor float32)
	// highest returns the largest of x.
	highest func(x []float32) float32
	// powers sets x to e to the power of x less top, and returns their sum.
	powers func(x []float32, top float32) float32
	// scores sets dst to the products of query with the columns of keys, which
	// is headWidth rows as long as dst.
	scores func(dst, query, keys []float32)
	// blend sets dst, headWidth long, to the sum of rows of values, stride
	// apart, each times its share.
	blend func(dst, shares, values []float32, stride int)
}
