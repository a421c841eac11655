package chunk

// The bounds of Options.Size, and what zeros stand for. The default Min goes
// with a Size of 100 or more.
const (
	minSize     = 10
	maxSize     = 2048
	defaultSize = 512
	defaultMin  = 100
)

// Options say how large the pieces are, in characters (Unicode code points;
// a byte that is not valid UTF-8 counts as one). What is out of bounds is
// brought into them.
type Options struct {
	// Size is the most that a piece holds, 10 to 2048. Zero means 512.
	Size int
	// Overlap is the most that a piece repeats of the one before it. Half of
	// Size is the most that counts.
	Overlap int
	// Min is the least that a piece brings; what is smaller is joined with its
	// neighbor. Zero means 100. Half of Size is the most that counts, a fifth
	// of it when Size is below 100.
	Min int
}

// bounded returns options that Split can work with. An overlap of more than
// half of Size would let every piece repeat most of the one before it, and
// make splitting quadratic.
func (o Options) bounded() Options {
	if o.Size == 0 {
		o.Size = defaultSize
	}
	o.Size = min(max(o.Size, minSize), maxSize)
	o.Overlap = min(max(o.Overlap, 0), o.Size/2)
	if o.Min <= 0 {
		o.Min = defaultMin
	}
	o.Min = min(o.Min, o.Size/2)
	if o.Size < defaultMin {
		o.Min = min(o.Min, o.Size/5)
	}
	return o
}
