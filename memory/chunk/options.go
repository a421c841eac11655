package chunk

import "errors"

// The bounds of Options.Size, and the Min that goes with a Size of 100 or more.
const (
	minSize    = 10
	maxSize    = 2048
	defaultMin = 100
)

// Options say how large the pieces are, in characters (Unicode code points;
// a byte that is not valid UTF-8 counts as one). The zero value means Defaults,
// but for an overlap of 0.
type Options struct {
	Size    int `mapstructure:"size"    env:"MAX_CHUNK_SIZE" usage:"most characters in a chunk"`
	Overlap int `mapstructure:"overlap" env:"CHUNK_OVERLAP"  usage:"most characters that a chunk repeats of the one before it"`
	// Min is the least that a piece brings. Zero means 100. Whatever is given,
	// a fifth of Size is the most that counts when Size is below 100.
	Min int `mapstructure:"min" usage:"a chunk with fewer characters is joined with its neighbor"`
}

// Defaults are the options that are used when nothing else is said.
func Defaults() Options { return Options{Size: 512, Overlap: 50, Min: defaultMin} }

// Validate says all that is wrong at once.
func (o Options) Validate() error {
	var errs []error
	if o.Size < minSize || o.Size > maxSize {
		errs = append(errs, errors.New("chunk_size must be between 10 and 2048"))
	}
	if o.Overlap < 0 || o.Overlap >= o.Size {
		errs = append(errs, errors.New("chunk_overlap must be >= 0 and < chunk_size"))
	}
	if o.Min < 0 {
		errs = append(errs, errors.New("chunk_min must be >= 0"))
	}
	return errors.Join(errs...)
}

// bounded returns options that Split can work with. An overlap of more than
// half of Size would let every piece repeat most of the one before it, and
// make splitting quadratic.
func (o Options) bounded() Options {
	if o.Size == 0 {
		o.Size = Defaults().Size
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
